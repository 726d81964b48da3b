#!/bin/sh
# Installs packages of the system, asking nothing.
#
#   scripts/install.sh WHAT --deb "PACKAGES" --dnf "PACKAGES" --brew "PACKAGES"
#
# WHAT is what a person is told when there is no package manager that is known here.
set -eu

what=$1
shift
deb='' dnf='' brew=''
while [ $# -gt 1 ]; do
    case $1 in
        --deb) deb=$2 ;;
        --dnf) dnf=$2 ;;
        --brew) brew=$2 ;;
        *) echo "install.sh: unknown option $1" >&2; exit 2 ;;
    esac
    shift 2
done

fail() {
    echo "$what is missing, and $1. Please install it, then try again." >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif ! command -v sudo >/dev/null; then
        fail "installing it needs root or sudo"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@" || fail "sudo asks for a password"
    fi
}

echo "Installing $what ..." >&2
# The lists below are words, so they stand without quotes.
# shellcheck disable=SC2086
if command -v apt-get >/dev/null && [ -n "$deb" ]; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $deb >&2
elif command -v dnf >/dev/null && [ -n "$dnf" ]; then
    as_root dnf -q -y install $dnf >&2
elif command -v brew >/dev/null && [ -n "$brew" ]; then
    brew install -q $brew >&2
else
    fail "no package manager known here has it"
fi
