#!/bin/sh
# Measures the thread page against its limit, the same statements run by pgbench, in one run: the two in turn, on the same
# database, 16 clients each. Prints each round and the ratio of the medians.
#
#   benches/thread_page/run.sh [ROUNDS] [SECONDS] [THREADS]
set -eu
cd "$(dirname "$0")/../.."

rounds=${1:-5} seconds=${2:-10} threads=${3:-20000}
posts=20 members=1000 clients=16
program=target/release/folkmoot
here=benches/thread_page
folder=$(mktemp -d)
data=$folder/data
server=
: >"$folder/out"

# shellcheck disable=SC2317  # called by the trap
end() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" || true
    fi
    rm -rf "$folder"
}
trap end EXIT

sql() { psql -XAtq -h "$data/postgres" -U folkmoot folkmoot -c "$1"; }

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

env -u DATABASE_URL -u FOLKMOOT_DATABASE_URL FOLKMOOT_ADMIN_PASSWORD="a long walk to the moot" \
    "$program" serve --data-dir "$data" --listen 127.0.0.1:0 --rate-limits off >"$folder/out" 2>"$folder/log" &
server=$!
url=
while [ -z "$url" ]; do
    kill -0 "$server" || { cat "$folder/log" >&2; exit 1; }
    url=$(sed -n 's/^ *API *\(http:.*\)\/api\/v1$/\1/p' "$folder/out")
    sleep 0.1
done

awk -v THREADS="$threads" -v POSTS="$posts" -v MEMBERS="$members" -f "$here/archive.awk" >"$folder/archive.ndjson"
"$program" import --data-dir "$data" "$folder/archive.ndjson" 2>&1 | tail -n 1
rm "$folder/archive.ndjson"
sql 'VACUUM (ANALYZE)'

first_thread=$(sql "SELECT min(id) FROM threads")
ids="$first_thread $(sql "SELECT min(id) FROM posts") $(sql "SELECT id FROM members WHERE username = 'member 0'") $(sql "SELECT id FROM forums WHERE slug = 'bench'")"
# shellcheck disable=SC2086  # four words
sh "$here/statements.sh" "$threads" "$posts" "$members" $ids >"$folder/statements.sql"
curl -s "$url/api/v1/threads/$first_thread/posts" | wc -c | awk '{ print "A page is " $1 " bytes." }'

page() {
    wrk -t 1 -c "$clients" -d "$1" -s "$here/random_thread.lua" "$url" -- "$threads" "$first_thread" >"$folder/wrk"
    awk '$1 == "failed" && $2 > 0 { print "wrk: " $2 " requests failed" > "/dev/stderr"; exit 1 }' "$folder/wrk"
    awk '$1 == "requests_per_second" { print $2 }' "$folder/wrk"
}
limit() {
    pgbench -n -M prepared -c "$clients" -j 1 -T "$1" -f "$folder/statements.sql" -h "$data/postgres" -U folkmoot folkmoot \
        2>/dev/null | awk '$1 == "tps" { printf "%.0f\n", $3 }'
}

page 5 >/dev/null
limit 5 >/dev/null
round=1
while [ "$round" -le "$rounds" ]; do
    limit "$seconds" >>"$folder/limits"
    page "$seconds" >>"$folder/pages"
    printf 'round %s: %s pages/s, limit %s/s\n' "$round" "$(tail -n 1 "$folder/pages")" "$(tail -n 1 "$folder/limits")"
    round=$((round + 1))
done
awk -v page="$(median <"$folder/pages")" -v limit="$(median <"$folder/limits")" \
    'BEGIN { printf "thread page from the database: %d/s of %d/s, ratio %.2f (medians)\n", page, limit, page / limit }'
