#!/bin/sh
# Makes a virtual environment with what a requirements file pins, and installs Python where there is none.
#
#   scripts/need-python.sh FOLDER REQUIREMENTS
set -eu
cd "$(dirname "$0")/.."

if cmp -s "$2" "$1/.installed"; then exit 0; fi
# Debian has the part that makes environments in a package of its own.
if ! command -v python3 >/dev/null || ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    scripts/install.sh Python --deb "python3 python3-venv" --dnf python3 --brew python@3.13
fi
rm -rf "$1"
python3 -m venv "$1"
"$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$2" >&2
cp "$2" "$1/.installed"
