#!/bin/sh
# Installs what the browser tests need: Node.js, Chromium, and the driver between them.
set -eu
cd "$(dirname "$0")/.."

scripts/need-node.sh tests/browser
if [ -z "$(scripts/chromium.sh)" ]; then
    scripts/install.sh Chromium --deb chromium --dnf chromium --brew "--cask chromium"
fi
