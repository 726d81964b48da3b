#!/bin/sh
# Installs the balancer that the rolling restart is tried behind.
set -eu
cd "$(dirname "$0")/.."

command -v haproxy >/dev/null && exit 0
scripts/install.sh HAProxy --deb haproxy --dnf haproxy --brew haproxy
# Debian starts it as a service of the system; the test runs one of its own.
if command -v systemctl >/dev/null && systemctl is-active --quiet haproxy; then
    if [ "$(id -u)" -eq 0 ]; then systemctl disable --now haproxy; else sudo -n systemctl disable --now haproxy; fi
fi
