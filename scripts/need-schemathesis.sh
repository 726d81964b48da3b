#!/bin/sh
# Installs Schemathesis under target/.
set -eu
cd "$(dirname "$0")/.."

scripts/need-python.sh target/schemathesis tests/schemathesis/requirements.txt
