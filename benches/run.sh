#!/bin/sh
# shellcheck disable=SC2034,SC2154,SC1090,SC1091  # the files that are read share what is set
# Measures what the service promises about speed, each row beside its limit in the same run, and writes the table into
# docs/performance.md. Without arguments all rows; with some, those alone, and nothing is written.
#
#   [ROUNDS=5] [ROUND_SECONDS=5] [THREADS=20000] [PROGRAM=target/release/folkmoot] benches/run.sh [--quick] [ROW ...]
#
# --quick is to notice a fall: less of everything in two minutes, nothing is written, and a ratio below half of its promise fails.
set -eu
cd "$(dirname "$0")/.."
here=benches
all='thread_page thread_list member post warm_page not_modified signed_in long_thread memory start import reply like'

quick=
if [ "${1:-}" = --quick ]; then quick=yes; shift; fi
# The folder of a comparison that this run is one side of (benches/compare.sh).
turns=${TURNS:-}
program=${PROGRAM:-target/release/folkmoot}
yardstick=${YARDSTICK:-$here/yardstick/target/release/yardstick}
rounds=${ROUNDS:-5} seconds=${ROUND_SECONDS:-5} threads=${THREADS:-20000} long_thread=${LONG_THREAD:-1000000}
if [ -n "$quick" ]; then
    rounds=${ROUNDS:-1} seconds=${ROUND_SECONDS:-1} threads=${THREADS:-2000} long_thread=${LONG_THREAD:-100000}
fi
clients=16 readers=64 posts=20 forums=50
# Circles of members (uniform.awk): each writes in 20 threads.
circles=$((threads / 20))
workers=$(getconf _NPROCESSORS_ONLN)

for needed in "$program" "$yardstick"; do
    [ -x "$needed" ] || [ -n "$turns" ] || { echo "$needed is missing: \`make bench\` builds it." >&2; exit 1; }
done

work=$(mktemp -d)
. "$here/lib/url.sh"
. "$here/lib/service.sh"
. "$here/lib/statements.sh"
. "$here/lib/measure.sh"
if [ -n "$turns" ]; then . "$here/lib/turns.sh"; fi

# shellcheck disable=SC2317  # called by the trap
end() {
    status=$?
    trap - EXIT INT TERM
    stop_others
    running=
    stop_service
    rm -rf "$work"
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for row in "$@"; do
    [ -f "$here/rows/$row.sh" ] || { echo "No row is called $row. There are: $all" >&2; exit 1; }
done
: >"$work/results"
for row in $all; do
    case " ${*:-$row} " in *" $row "*) ;; *) continue ;; esac
    echo "$row"
    nothing_varies
    . "$here/rows/$row.sh"
    stop_others
done
if [ -n "$turns" ]; then echo end >&4; exit 0; fi

echo
awk -f "$here/lib/table.awk" "$work/results"
if [ -n "$quick" ]; then
    awk -F '\t' '$7 < $6 / 2 { print "fell: " $1 ", ratio " $4 " where " $6 " is promised"; fell = 1 } END { exit fell }' \
        "$work/results" >&2
elif [ $# -eq 0 ]; then
    sh "$here/lib/publish.sh" "$work/results" "$rounds" "$seconds" "$threads" "$postgres_version"
fi
