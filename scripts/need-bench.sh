#!/bin/sh
# Installs what the benchmarks measure with; with the word "nodes", what holds processes to a share of a core too.
set -eu
cd "$(dirname "$0")/.."

if ! command -v wrk >/dev/null; then
    scripts/install.sh wrk --deb wrk --dnf wrk --brew wrk
fi
if ! command -v pgbench >/dev/null || ! command -v psql >/dev/null; then
    scripts/install.sh pgbench --deb "postgresql-client postgresql-contrib" --dnf "postgresql postgresql-contrib" --brew postgresql@17
fi
if [ "${1:-}" = nodes ] && ! command -v cpulimit >/dev/null; then
    scripts/install.sh cpulimit --deb cpulimit --dnf cpulimit --brew cpulimit
fi
