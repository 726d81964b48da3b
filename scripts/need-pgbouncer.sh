#!/bin/sh
# Prints the path of a PgBouncer that keeps prepared statements in transaction mode, 1.21 or later: $PGBOUNCER, or one of this
# system, which is installed if its packages have it. Exits 3, with the reason, where there is none to be had.
set -eu
cd "$(dirname "$0")/.."

oldest=1.21

version_of() { "$1" --version 2>/dev/null | sed -n 's/^PgBouncer \([0-9.]*\).*/\1/p'; }
is_enough() { [ "$(printf '%s\n%s\n' "$oldest" "$1" | sort -V | head -n 1)" = "$oldest" ]; }
use() {
    program=$(command -v "$1") || return 0
    if is_enough "$(version_of "$program")"; then
        echo "$program"
        exit 0
    fi
}
none() {
    echo "There is no PgBouncer $oldest or later: $1. PGBOUNCER=/path/to/pgbouncer names one." >&2
    exit 3
}

if [ -n "${PGBOUNCER:-}" ]; then
    use "$PGBOUNCER"
    none "$PGBOUNCER is version $(version_of "$PGBOUNCER")"
fi
use pgbouncer

if command -v apt-get >/dev/null; then
    offered=$(apt-cache policy pgbouncer | sed -n 's/^ *Candidate: \([0-9.]*\).*/\1/p')
    is_enough "${offered:-0}" || none "this system's packages have ${offered:-none}"
fi
scripts/install.sh PgBouncer --deb pgbouncer --dnf pgbouncer --brew pgbouncer
# Debian starts it as a service of the system; the test runs one of its own.
if command -v systemctl >/dev/null && systemctl is-active --quiet pgbouncer; then
    if [ "$(id -u)" -eq 0 ]; then systemctl disable --now pgbouncer >&2; else sudo -n systemctl disable --now pgbouncer >&2; fi
fi
use pgbouncer
none "what was installed is version $(version_of pgbouncer)"
