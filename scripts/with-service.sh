#!/bin/sh
# Runs a command beside a fresh service with a database of its own, and ends both. The command finds the service at
# $FOLKMOOT_URL, and its administrator's password in $FOLKMOOT_ADMIN_PASSWORD.
#
#   [FOLKMOOT_RATE_LIMITS=on] scripts/with-service.sh COMMAND ...
set -eu
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
server='' command=''

# shellcheck disable=SC2317  # called by the trap
end() {
    status=$?
    trap - EXIT INT TERM
    for process in $command $server; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    [ "$status" -eq 0 ] || tail -n 20 "$folder/log" >&2
    rm -rf "$folder"
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export FOLKMOOT_ADMIN_PASSWORD="a long walk to the moot" FOLKMOOT_RATE_LIMITS="${FOLKMOOT_RATE_LIMITS:-off}"
unset DATABASE_URL FOLKMOOT_DATABASE_URL FOLKMOOT_PUBLIC_URL
: >"$folder/out"
"${FOLKMOOT_PROGRAM:-target/debug/folkmoot}" serve --data-dir "$folder/data" --listen 127.0.0.1:0 --drain 0 --log warn \
    >"$folder/out" 2>"$folder/log" &
server=$!
FOLKMOOT_URL=
while [ -z "$FOLKMOOT_URL" ]; do
    kill -0 "$server" || exit 1
    FOLKMOOT_URL=$(sed -n 's/^ *API *\(http:.*\)\/api\/v1$/\1/p' "$folder/out")
    sleep 0.1
done
export FOLKMOOT_URL

"$@" &
command=$!
status=0
wait "$command" || status=$?
command=
exit "$status"
