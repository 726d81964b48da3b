#!/bin/sh
# Installs what generates clients in TypeScript, Python and Rust, and a client that pipelines. The last of these generators is a
# Java program.
set -eu
cd "$(dirname "$0")/.."

scripts/need-node.sh tests/clients/typescript
scripts/need-node.sh tests/clients/pipelining
scripts/need-python.sh target/client-tools tests/clients/python/requirements.txt
# macOS has a program of this name that only says that there is none.
if ! java -version >/dev/null 2>&1; then
    scripts/install.sh "a Java runtime" --deb default-jre-headless --dnf java-latest-openjdk-headless --brew openjdk
fi
