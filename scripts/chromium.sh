#!/bin/sh
# Prints where Chromium is, nothing if it is nowhere.
set -eu

for program in "${CHROMIUM:-}" chromium chromium-browser google-chrome /Applications/Chromium.app/Contents/MacOS/Chromium; do
    if [ -n "$program" ] && command -v "$program" 2>/dev/null; then
        exit 0
    fi
done
