#!/bin/sh
# What two and four nodes give over one, against one database, where the nodes are the limit: each has one worker and only a share of
# a core, so that a small machine has room for four of them and for the database. Prints the medians of mixed reads as ratios to
# one node, and how much of the machine was idle, so that one sees whether it was the limit after all.
#
#   [FOLKMOOT_PROGRAM=...] benches/nodes.sh [ROUNDS] [SECONDS] [PERCENT OF A CORE]
set -eu
cd "$(dirname "$0")/.."

rounds=${1:-5} seconds=${2:-10} share=${3:-10}
threads=2000 posts=20 forums=10 clients=4
program=${FOLKMOOT_PROGRAM:-target/release/folkmoot}
here=benches
. benches/lib/url.sh
. benches/lib/service.sh
folder=$(mktemp -d)
data=$folder/data
processes=''

# shellcheck disable=SC2317  # called by the trap
end() {
    status=$?
    trap - EXIT INT TERM
    for process in $processes; do
        kill -CONT "$process" 2>/dev/null || true
        kill -INT "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    rm -rf "$folder"
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export FOLKMOOT_SECRET="a secret for a trial, of forty characters" FOLKMOOT_ADMIN_PASSWORD="a long walk to the moot"
export FOLKMOOT_PUBLIC_URL=http://127.0.0.1 FOLKMOOT_RATE_LIMITS=off FOLKMOOT_LOG=warn FOLKMOOT_DRAIN=0
unset DATABASE_URL FOLKMOOT_DATABASE_URL
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

serve() { # a name, more options
    name=$1
    shift
    : >"$folder/$name.out"
    "$program" serve --listen 127.0.0.1:0 --workers 1 --database-connections 8 "$@" >"$folder/$name.out" 2>"$folder/$name.log" &
    server=$!
    processes="$server $processes"
    wait_for_url "$folder/$name.out" "$folder/$name.log"
    echo "$url" >"$folder/$name.url"
}

# The process that owns the database serves nobody.
serve owner --data-dir "$data"
uniform_archive "$threads" >"$folder/archive.ndjson"
"$program" import --data-dir "$data" "$folder/archive.ndjson" 2>&1 | tail -n 1
sql 'VACUUM (ANALYZE)'
first=$(sql 'SELECT min(id) FROM threads')
for n in 1 2 3 4; do
    serve "node$n" --database-url "postgres://folkmoot@/folkmoot?host=$data/postgres" --data-dir "$folder/files$n" \
        --metrics-listen 127.0.0.1:0
    cpulimit -q -p "$server" -l "$share" >/dev/null 2>&1 &
    processes="$processes $!"
done

cpu() { awk '$1 == "cpu" { for (i = 2; i <= 9; i++) all += $i; print $5 + $6, all }' /proc/stat; }

measure() { # how many nodes, seconds
    before=$(cpu)
    pids=''
    n=1
    while [ "$n" -le "$1" ]; do
        wrk -t 1 -c "$clients" -d "$2" --timeout 20 -s benches/nodes.lua "$(cat "$folder/node$n.url")" -- "$threads" "$first" >"$folder/wrk$n" &
        pids="$pids $!"
        n=$((n + 1))
    done
    for pid in $pids; do wait "$pid"; done
    after=$(cpu)
    echo "$before $after" | awk '{ printf "%.0f\n", ($3 - $1) / ($4 - $2) * 100 }' >>"$folder/idle$1"
    n=1
    while [ "$n" -le "$1" ]; do cat "$folder/wrk$n"; n=$((n + 1)); done | awk '
        $1 == "failed" && $2 > 0 { print "wrk: " $2 " requests failed" > "/dev/stderr"; bad = 1 }
        $1 == "requests_per_second" { sum += $2 }
        END { print sum; exit bad }' >>"$folder/rate$1"
}

measure 4 3
rm "$folder"/rate* "$folder"/idle*
round=1
while [ "$round" -le "$rounds" ]; do
    for nodes in 1 2 4; do measure "$nodes" "$seconds"; done
    printf 'round %s: 1 node %s/s, 2 nodes %s/s, 4 nodes %s/s\n' "$round" "$(tail -n 1 "$folder/rate1")" "$(tail -n 1 "$folder/rate2")" \
        "$(tail -n 1 "$folder/rate4")"
    round=$((round + 1))
done
one=$(median <"$folder/rate1")
for nodes in 2 4; do
    awk -v n="$nodes" -v one="$one" -v all="$(median <"$folder/rate$nodes")" -v idle="$(median <"$folder/idle$nodes")" -v share="$share" \
        'BEGIN { printf "%d nodes of %d %% of a core each: %.2f times one node (medians); %d %% of the machine idle\n", n, share, all / one, idle }'
done
