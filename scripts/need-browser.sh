#!/bin/sh
# Installs what the browser tests need: Node.js, Chromium, and the driver between them.
set -eu
cd "$(dirname "$0")/.."

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    scripts/install.sh "Node.js" --deb "nodejs npm" --dnf "nodejs npm" --brew node
fi
if [ -z "$(scripts/chromium.sh)" ]; then
    scripts/install.sh Chromium --deb chromium --dnf chromium --brew "--cask chromium"
fi
if ! cmp -s tests/browser/package-lock.json tests/browser/node_modules/.installed; then
    (cd tests/browser && npm ci --no-progress >&2)
    cp tests/browser/package-lock.json tests/browser/node_modules/.installed
fi
