#!/bin/sh
# Installs Node.js, and the packages that a folder's lock file pins.
#
#   scripts/need-node.sh FOLDER
set -eu
cd "$(dirname "$0")/.."

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    scripts/install.sh "Node.js" --deb "nodejs npm" --dnf "nodejs npm" --brew node
fi
if ! cmp -s "$1/package-lock.json" "$1/node_modules/.installed"; then
    # No package's own script is needed, so none is run.
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --no-progress >&2)
    cp "$1/package-lock.json" "$1/node_modules/.installed"
fi
