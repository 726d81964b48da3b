# shellcheck shell=sh disable=SC2034,SC2154
# The service that is measured, with a private PostgreSQL of its own in a folder that is removed at the end.

password='a long walk to the moot'
server='' url='' data='' running='' others='' cache=''

start_service() { # folder's name
    running=$1 data=$work/$1/data
    mkdir -p "$work/$1"
    : >"$work/$1/out"
    env -u DATABASE_URL -u FOLKMOOT_DATABASE_URL FOLKMOOT_ADMIN_PASSWORD="$password" "$program" serve --data-dir "$data" \
        --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 --rate-limits off --workers "$workers" --drain 0 \
        ${cache:+--cache-size "$cache"} \
        >"$work/$1/out" 2>"$work/$1/log" &
    server=$!
    wait_for_url "$work/$1/out" "$work/$1/log"
}

stop_service() {
    # Its next start is to be logged, to know how its sessions are set.
    if [ "$running" = uniform ]; then log_statements all || true; fi
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" || true
    fi
    server='' running=''
}

# What is not the service: a server that only answers.
stop_others() {
    for other in $others; do
        kill "$other" 2>/dev/null || true
        wait "$other" || true
    done
    others=
}

sql() { psql -XAtq -v ON_ERROR_STOP=1 -h "$data/postgres" -U folkmoot "${2:-folkmoot}" -c "$1"; }

# A database of the private PostgreSQL, for programs that are told where it is.
database_url() { echo "postgresql://folkmoot@/$1?host=$data/postgres"; }

# One request; anything but success is an error.
request() { curl -sS --fail-with-body "$@"; }

# The same, with nothing kept in memory: for what is to be read from the database.
uncached() {
    if [ "$cache" != 0 ]; then stop_service; fi
    cache=0
    uniform_as_it_is
}

uniform() {
    if [ -n "$cache" ]; then stop_service; fi
    cache=
    uniform_as_it_is
}

# A forum in which ids follow from numbers (uniform.awk), made once: what most rows ask.
uniform_as_it_is() {
    if [ "$running" = uniform ]; then return 0; fi
    stop_service
    if [ ! -d "$work/uniform" ]; then
        start_service uniform
        uniform_archive "$threads" >"$work/uniform.ndjson"
        "$program" import --data-dir "$data" "$work/uniform.ndjson" 2>&1 | tail -n 1
        sql 'VACUUM (ANALYZE)'
        sql CHECKPOINT
        stop_service
    fi
    start_service uniform
    postgres_version=$(sql 'SHOW server_version' | cut -d ' ' -f 1)
    first_thread=$(sql "SELECT min(id) FROM threads")
    first_post=$(sql "SELECT min(id) FROM posts")
    first_member=$(sql "SELECT id FROM members WHERE username = 'member 0'")
    first_forum=$(sql "SELECT id FROM forums WHERE slug = 'bench-0'")
    watch_background
    warm_connections
    log_statements none
}

uniform_archive() { # threads
    awk -v THREADS="$1" -v POSTS="$posts" -v FORUMS="$forums" -v CIRCLES="$(($1 / 20))" -f "$here/uniform.awk"
}

# As many connections to the database as the load needs, and every statement prepared.
warm_connections() {
    awk -v n="$threads" -v first="$first_thread" \
        'BEGIN { for (i = 0; i < n; i++) printf "GET\t/api/v1/threads/%d/posts\n", first + i }' >"$work/pages"
    asked "$work/pages" random 1 >/dev/null
}

# Members who sign in: 64 of them, made once; their access tokens last as long as a row is measured.
sign_in() {
    if [ -z "${first_reader:-}" ]; then
        for reader in $(seq 0 $((readers - 1))); do
            request "$url/api/v1/members" -H 'Content-Type: application/json' \
                -d "{\"username\":\"reader $reader\",\"password\":\"$password\"}" >/dev/null
        done
        first_reader=$(sql "SELECT id FROM members WHERE username = 'reader 0'")
    fi
    for reader in $(seq 0 $((readers - 1))); do
        request "$url/api/v1/auth/login" -H 'Content-Type: application/json' \
            -d "{\"login\":\"reader $reader\",\"password\":\"$password\"}" | sed 's/.*"access_token":"\([^"]*\)".*/\1/'
        echo
    done | grep . >"$work/tokens"
}
token() { sed -n "$(($1 + 1))p" "$work/tokens"; } # of a reader

# What follows from a thread's number n: its posts, its circle of members, its forum, and who wrote the newest
# thread there.
of_a_thread() {
    follows p "n * $posts"
    follows circle "n % $circles * $posts"
    follows forum "n % $forums"
    follows newest "forum * $posts"
}
