#!/bin/sh
# Says so where Rust is missing or older than Cargo.toml asks for, and installs what it links with.
set -eu
cd "$(dirname "$0")/.."

needed=$(sed -n 's/^rust-version = "\([0-9.]*\)"$/\1/p' Cargo.toml)

if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
    echo "Rust $needed or later is needed, and there is none: see https://rustup.rs" >&2
    exit 1
fi

found=$(rustc --version | sed 's/^rustc \([0-9]*\.[0-9]*\).*/\1/')
if [ "${found%%.*}" -lt "${needed%%.*}" ] ||
    { [ "${found%%.*}" -eq "${needed%%.*}" ] && [ "${found#*.}" -lt "${needed#*.}" ]; }; then
    echo "Rust $needed or later is needed, and this is $found: try 'rustup update', or see https://rustup.rs" >&2
    exit 1
fi

# The cryptography has parts in C, and rustc links with the C compiler.
if ! command -v cc >/dev/null; then
    scripts/install.sh "a C compiler" --deb "gcc libc6-dev" --dnf "gcc glibc-devel" --brew "gcc"
fi
