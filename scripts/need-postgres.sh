#!/bin/sh
# Installs the server programs of PostgreSQL, 15 or later, where there are none. No cluster of the system is made or started:
# the program and its tests run private ones.
set -eu
cd "$(dirname "$0")/.."

oldest=15

# The newest major version whose programs are here, 0 if there are none.
newest() {
    best=0
    for folder in $(printf %s "$PATH" | tr : ' ') "$(pg_config --bindir 2>/dev/null || true)" \
        /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
        if [ ! -x "$folder/initdb" ] || [ ! -x "$folder/postgres" ]; then continue; fi
        version=$("$folder/postgres" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
        [ "${version:-0}" -gt "$best" ] && best=$version
    done
    echo "$best"
}

[ "$(newest)" -ge "$oldest" ] && exit 0
# Another database may be given.
[ -n "${FOLKMOOT_DATABASE_URL:-}${DATABASE_URL:-}${FOLKMOOT_TEST_DATABASE_URL:-}" ] && exit 0

# Debian starts a cluster with the package, unless it is told not to.
quiet=/etc/postgresql-common/createcluster.d/folkmoot.conf
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; elif [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
}
if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null; }; then
    as_root mkdir -p "${quiet%/*}"
    echo 'create_main_cluster = false' | as_root tee "$quiet" >/dev/null
    trap 'as_root rm -f "$quiet"' EXIT
fi

scripts/install.sh "PostgreSQL (server programs)" --deb postgresql --dnf postgresql-server --brew postgresql@17

found=$(newest)
if [ "$found" -lt "$oldest" ]; then
    echo "PostgreSQL $oldest or later is needed; this system's packages have ${found}." >&2
    echo "Newer ones: https://www.postgresql.org/download/ - or give a database: FOLKMOOT_DATABASE_URL" >&2
    exit 1
fi
