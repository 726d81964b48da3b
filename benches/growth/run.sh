#!/bin/sh
# Measures what a forum's size does to the time of pages, lists and look-ups: one service for each number of posts, asked in turn
# for the same by one client. No answer is kept: of a small forum all would soon come from memory. Prints the ratios of times to those
# of the smallest, as a table, and writes it into docs/performance.md. Data is made once for a size, and stays. On a machine that
# others use at the same time the median of times is mostly theirs: PERCENTILE=10 is what a request takes that nobody is in the way of.
#
# Indexes and tables are read into memory first, and PostgreSQL has SHARED_BUFFERS of it: what is measured is what a page costs while
# they fit there, not the disk.
#
#   [PROGRAM=target/release/folkmoot] [DATA=target/growth] [ROUNDS=9] [SECONDS_EACH=2] [PERCENTILE=50] [SHARED_BUFFERS=1GB]
#   benches/growth/run.sh [POSTS ...]
set -eu
cd "$(dirname "$0")/../.."

[ $# -gt 0 ] || set -- 10000 1000000
program=${PROGRAM:-target/release/folkmoot} data=${DATA:-target/growth} rounds=${ROUNDS:-9} seconds=${SECONDS_EACH:-2}
export PERCENTILE="${PERCENTILE:-50}"
shared_buffers=${SHARED_BUFFERS:-1GB}
sizes=$* smallest=$1 largest=''
here=benches/growth
. benches/lib/url.sh
folder=$(mktemp -d)
servers=

# shellcheck disable=SC2317  # called by the trap
end() {
    for server in $servers; do
        kill "$server" 2>/dev/null || true
    done
    for server in $servers; do
        wait "$server" || true
    done
    rm -rf "$folder"
}
trap end EXIT
unset DATABASE_URL FOLKMOOT_DATABASE_URL

grouped() { echo "$1" | sed -e ':a' -e 's/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/' -e 'ta'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
sql() { psql -XAtq -h "$data/$1/postgres" -U folkmoot folkmoot -c "$2"; }

mkdir -p "$data"
for size in $sizes; do
    largest=$size
    if [ ! -e "$data/$size.made" ]; then
        started=$(date +%s)
        "$program" demo-data --data-dir "$data/$size" --posts "$size" --longest-thread $((size / 10)) --seed 1 >&2
        echo "$(grouped "$size") posts took $(($(date +%s) - started)) s to make." >&2
        : >"$data/$size.made"
    fi
done

for size in $sizes; do
    # In place of what an earlier run wrote there.
    settings=$data/$size/postgres/postgresql.conf
    grep -v '^shared_buffers' "$settings" >"$folder/settings"
    echo "shared_buffers = $shared_buffers" | cat "$folder/settings" - >"$settings"
    : >"$folder/$size.out"
    FOLKMOOT_ADMIN_PASSWORD="a long walk to the moot" "$program" serve --data-dir "$data/$size" --listen 127.0.0.1:0 \
        --rate-limits off --log warn --cache-size 0 >"$folder/$size.out" 2>"$folder/$size.log" &
    server=$!
    servers="$servers $server"
    wait_for_url "$folder/$size.out" "$folder/$size.log"
    echo "$url" >"$folder/$size.url"
    # Ids go from 1 on without a gap, and thread 1 is the longest.
    for table in threads members posts; do
        sql "$size" "SELECT max(id) FROM $table" >"$folder/$size.$table"
    done
    sql "$size" "SELECT highest_position FROM threads WHERE id = 1" >"$folder/$size.longest"
    sql "$size" "SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS pg_prewarm;
        SELECT sum(pg_prewarm(oid, CASE relkind WHEN 'i' THEN 'buffer' ELSE 'read' END)) FROM pg_class
        WHERE relkind IN ('r', 't', 'i') AND relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace)" >/dev/null
done

# What is asked for: its name, what numbers it, and its path. P is the middle page of the longest thread, L its last.
cat >"$folder/asked" <<END
A thread's first page, one of 1,000 threads|threads|/api/v1/threads/{hot}/posts
A thread's first page, any thread|threads|/api/v1/threads/{n}/posts
One post, one of 1,000|posts|/api/v1/posts/{hot}
One post, any|posts|/api/v1/posts/{n}
One member|members|/api/v1/members/{n}
Members by the beginning of their names|members|/api/v1/members?q={name}
Members, newest|members|/api/v1/members
Members, most posts|members|/api/v1/members?sort=posts
A member's posts, one of 1,000 members|members|/api/v1/members/{hot}/posts
A member's posts, any member|members|/api/v1/members/{n}/posts
Threads by latest reply|threads|/api/v1/threads
Threads, newest|threads|/api/v1/threads?sort=newest
Threads, most replies|threads|/api/v1/threads?sort=most_replies
Threads, most likes|threads|/api/v1/threads?sort=most_likes
Threads, most views|threads|/api/v1/threads?sort=most_views
A forum's threads by latest reply|threads|/api/v1/threads?forum=3
The longest thread, page 1|threads|/api/v1/threads/1/posts
The longest thread, the middle|threads|/api/v1/threads/1/posts?page=P
The longest thread, the last page|threads|/api/v1/threads/1/posts?page=L
END

ask() { # size, number of the line, path, what numbers it, seconds
    longest=$(cat "$folder/$1.longest")
    last=$(((longest + 19) / 20))
    path=$(echo "$3" | sed "s/page=P/page=$(((last + 1) / 2))/; s/page=L/page=$last/")
    wrk -t 1 -c 1 -d "$5" -s "$here/ask.lua" "$(cat "$folder/$1.url")" -- "$path" "$(cat "$folder/$1.$4")" >"$folder/wrk"
    awk -v path="$path" '$1 == "failed" && $2 > 0 { print path ": " $2 " requests failed" > "/dev/stderr"; exit 1 }' "$folder/wrk"
    awk '$1 == "time" { print $2 }' "$folder/wrk" >>"$folder/$1.times.$2"
    awk '$1 == "bytes" { print $2 }' "$folder/wrk" >>"$folder/$1.bytes.$2"
}

round=0
while [ "$round" -le "$rounds" ]; do
    number=0
    while IFS='|' read -r _ numbered path; do
        number=$((number + 1))
        for size in $sizes; do
            ask "$size" "$number" "$path" "$numbered" "$seconds"
        done
    done <"$folder/asked"
    # The first round warms up.
    [ "$round" -gt 0 ] || rm -f "$folder"/*.times.* "$folder"/*.bytes.*
    echo "round $round of $rounds" >&2
    round=$((round + 1))
done

of() { median <"$folder/$1.$2.$3"; }
{
    printf '| time of a request, percentile %s' "$PERCENTILE"
    for size in $sizes; do printf ' | %s posts' "$(grouped "$size")"; done
    printf ' |\n|---'
    for size in $sizes; do printf '|---'; done
    printf '|\n'
    number=0
    while IFS='|' read -r name _; do
        number=$((number + 1))
        printf '| %s' "$name"
        for size in $sizes; do
            echo "$(of "$size" times "$number") $(of "$smallest" times "$number") $(of "$size" bytes "$number") $(of "$smallest" bytes "$number")" |
                awk '{ printf " | %.2f", $1 / $2; if ($3 < $4 * 0.95 || $3 > $4 * 1.05) printf " (%.2f of the bytes)", $3 / $4 }'
        done
        printf ' |\n'
    done <"$folder/asked"
    printf '\nThreads: '
    for size in $sizes; do
        [ "$size" = "$smallest" ] || printf '; '
        printf '%s, the longest of %s posts' "$(grouped "$(cat "$folder/$size.threads")")" "$(grouped "$(cat "$folder/$size.longest")")"
    done
    printf '.\nIn the longest of %s posts, to page 1: ' "$(grouped "$(cat "$folder/$largest.longest")")"
    echo "$(of "$largest" times 18) $(of "$largest" times 19) $(of "$largest" times 17)" |
        awk '{ printf "the middle %.2f, the last page %.2f.\n", $1 / $3, $2 / $3 }'
} >"$folder/table"
cat "$folder/table"

awk -v table="$folder/table" '
    /<!-- growth: end -->/ { inside = 0 }
    !inside { print }
    /<!-- growth: begin -->/ { inside = 1; while ((getline line < table) > 0) print line }' docs/performance.md >"$folder/performance.md"
cat "$folder/performance.md" >docs/performance.md
