# The parts of the trial in run.sh.

export FOLKMOOT_SECRET="a secret for a trial, of forty characters" FOLKMOOT_ADMIN_PASSWORD="a long walk to the moot"
export PGOPTIONS='' FOLKMOOT_RATE_LIMITS=off FOLKMOOT_PUBLIC_URL=http://127.0.0.1
unset DATABASE_URL FOLKMOOT_DATABASE_URL
direct="postgres://forum@/forum?host=$data/postgres"
through="postgres://forum@/forum?host=$folder&port=6432"
console="postgres://forum@/pgbouncer?host=$folder&port=6432"
first_replies=0
bouncer_process=''

# shellcheck disable=SC2317  # called by the trap
end() {
    status=$?
    trap - EXIT INT TERM
    for process in $processes $bouncer_process; do
        kill -INT "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    [ "$status" -eq 0 ] || tail -n 5 "$folder"/*.log >&2
    [ -n "${KEEP:-}" ] || rm -rf "$folder"
    exit "$status"
}

say() { printf '\n--- %s\n' "$1"; }

expect() { # what it shows, what is, what has to be
    if [ "$2" != "$3" ]; then
        echo "Not so: $1 ($2, not $3)" >&2
        exit 1
    fi
    echo "So it is: $1"
}

as_superuser() {
    for statement in "$@"; do psql -XAtq -h "$data/postgres" -U folkmoot folkmoot -c "$statement"; done
}
forum() { psql -XAtq -h "$data/postgres" -U folkmoot forum -c "$1"; }

until_true() { # a condition in SQL
    tries=0
    while [ "$(forum "SELECT $1")" != t ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || { echo "Not within 30 s: $1" >&2; exit 1; }
        sleep 0.1
    done
}

wait_for() { wait "$1" || { echo "What ran beside has failed." >&2; exit 1; }; }

# The process that owns the private PostgreSQL; it serves nobody here.
start_postgres() {
    : >"$folder/postgres.out"
    "$program" serve --data-dir "$data" --listen 127.0.0.1:0 --database-connections 5 --workers 1 >"$folder/postgres.out" 2>"$folder/postgres.log" &
    processes=$!
    until grep -q '^ *API' "$folder/postgres.out"; do
        kill -0 "$processes"
        sleep 0.1
    done
}

# It does not run as root: there, as another id in a namespace of its own, which may use root's socket.
start_bouncer() {
    sed "s|\$FOLDER|$folder|" "$here/pgbouncer.ini" >"$folder/pgbouncer.ini"
    echo '"forum" ""' >"$folder/users.txt"
    as_other=''
    [ "$(id -u)" -ne 0 ] || as_other='unshare --user --map-user=1000 --map-group=1000'
    $as_other "$bouncer" "$folder/pgbouncer.ini" 2>>"$folder/pgbouncer.log" &
    bouncer_process=$!
    until psql -XAtq "$console" -c 'SHOW VERSION' >"$folder/version" 2>/dev/null; do
        kill -0 "$bouncer_process"
        sleep 0.1
    done
    cat "$folder/version"
}

kill_bouncer() {
    kill -KILL "$bouncer_process"
    wait "$bouncer_process" || true
}

start_node() { # its number
    : >"$folder/node$1.out"
    "$program" serve --database-url "$through" --data-dir "$folder/node$1" --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 \
        >"$folder/node$1.out" 2>"$folder/node$1.log" &
    node=$!
    processes="$node $processes"
    until grep -q '^ *API' "$folder/node$1.out"; do
        kill -0 "$node"
        sleep 0.1
    done
}

url_of() { sed -n 's/^ *API *\(http:.*\)\/api\/v1$/\1/p' "$folder/node$1.out"; }

post() { # node, path, token, body
    curl -sS --fail-with-body "$(url_of "$1")/api/v1$2" -H 'Content-Type: application/json' -H "Authorization: Bearer $3" -d "$4"
}
tell() { curl -sS --fail-with-body "$(url_of 1)/api/v1$1" -H 'Content-Type: application/json' -d "$2"; }

make_up_a_forum() {
    i=1
    while [ "$i" -le "$members" ]; do
        who="\"member $i\"" password='"a long walk to the moot"'
        tell /members "{\"username\":$who,\"password\":$password}" >/dev/null
        answer=$(tell /auth/login "{\"login\":$who,\"password\":$password}")
        echo "$answer" | sed 's/.*"access_token":"\([^"]*\)".*/\1/' >>"$folder/tokens"
        i=$((i + 1))
    done
    i=1
    while [ "$i" -le "$threads" ]; do
        post 1 /threads "$(head -n 1 "$folder/tokens")" "{\"forum_id\":1,\"title\":\"Thread $i\",\"body\":\"The first post.\"}" >/dev/null
        i=$((i + 1))
    done
}

traffic() { # node, seconds, name
    wrk -t 1 -c "$clients" -d "$2" --timeout 20 -s "$here/traffic.lua" "$(url_of "$1")" -- "$folder/tokens" "$threads" "$3-$1-" \
        >"$folder/$3.$1.wrk"
}

both() { # seconds, name
    traffic 1 "$1" "$2" &
    one=$!
    traffic 2 "$1" "$2"
    wait_for "$one"
}

sum() { awk -v what="$2" '$1 == what { sum += $2 } END { print sum + 0 }' "$folder/$1".*.wrk; }
show() { echo "$(sum "$1" requests) requests; $(sum "$1" refused) were refused and $(sum "$1" broken) broken."; }

# Why nodes refused requests so far.
refusals() { cat "$folder"/node?.log | sed -n 's/.*"level":"WARN".*"message":"\([^"]*\)","cause":"\([^"]*\)".*/\1: \2/p' | sort | uniq -c; }

# What nodes took for faults of their own, and answered by 500.
faults() { cat "$folder"/node?.log | sed -n 's/.*"message":"internal error","cause":"\(.*\)"},"target".*/\1/p' | sort | uniq -c; }

# Some of this run's replies are there, so it is under way.
until_served() { until_true "EXISTS (SELECT FROM idempotency_keys WHERE key LIKE '$1-%')"; }

until_ready() {
    for n in 1 2; do
        until curl -sf "$(url_of "$n")/health/ready" >/dev/null; do sleep 0.1; done
    done
}

# What was acknowledged is there; what is there beyond that is what no answer told of.
count_replies() {
    acknowledged=$(cat "$folder"/*.wrk | awk '$1 == "acknowledged" { sum += $2 } END { print sum + 0 }')
    doubtful=$(cat "$folder"/*.wrk | awk -v open="$((clients * 2))" '$1 == "refused" || $1 == "broken" { sum += $2 } $1 == "requests" { runs++ } END { print sum + runs * open / 2 }')
    there=$(forum 'SELECT count(*) FROM posts WHERE position > 1')
    echo "$acknowledged replies were acknowledged; $there are there."
    expect "what was acknowledged is there, once" \
        "$([ "$there" -ge "$acknowledged" ] && [ "$there" -le $((acknowledged + doubtful)) ] && echo yes)" yes
}

# Each of PgBouncer's connections says what it has: so many transactions are open at once that none is left out.
through_all_connections() {
    size=$(psql -XAtq "$console" -c 'SHOW CONFIG' | sed -n 's/^default_pool_size|\([0-9]*\).*/\1/p')
    forum 'CREATE UNLOGGED TABLE seen (pid integer, said text)'
    forum 'ALTER TABLE seen OWNER TO forum'
    cat >"$folder/settings.sql" <<-'SQL'
	BEGIN;
	INSERT INTO seen SELECT pg_backend_pid(), concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'), current_setting('lc_messages'));
	SELECT pg_sleep(0.5);
	COMMIT;
	SQL
    pgbench -n -c "$size" -j "$size" -t 1 -f "$folder/settings.sql" "$through" >/dev/null 2>"$folder/pgbench.log"
    expect "all of PgBouncer's $size connections were asked" "$(forum 'SELECT count(DISTINCT pid) FROM seen')" "$size"
}

# A transaction that stays open: directly, until it is let go of; or through PgBouncer.
hold() {
    mkfifo "$folder/held"
    psql -XAtq -h "$data/postgres" -U folkmoot forum <"$folder/held" >"$folder/held.out" &
    holder=$!
    exec 9>"$folder/held"
    echo "$1" >&9
    until [ -s "$folder/held.out" ]; do sleep 0.1; done
}
let_go() {
    exec 9>&-
    wait "$holder"
}
hold_through() {
    mkfifo "$folder/held_through"
    psql -XAtq "$through" <"$folder/held_through" >"$folder/held_through.out" 2>/dev/null &
    processes="$! $processes"
    exec 8>"$folder/held_through"
    echo "$1" >&8
    until [ -s "$folder/held_through.out" ]; do sleep 0.1; done
}

status_of_reply() { # seconds at most
    curl -s -m "$1" -o /dev/null -w '%{http_code}' "$(url_of 2)/api/v1/threads/1/posts" -H 'Content-Type: application/json' \
        -H "Authorization: Bearer $(head -n 1 "$folder/tokens")" -d '{"body":"Another reply."}' || true
}
