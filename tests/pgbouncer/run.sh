#!/bin/sh
# Runs two nodes through PgBouncer in transaction mode, as docs/scaling.md has it, and shows what holds: settings, locks, statements
# that are kept, load, a PgBouncer and a PostgreSQL that are restarted under it. Skipped where there is no PgBouncer 1.21 or later.
#
#   [FOLKMOOT_PROGRAM=...] [PGBOUNCER=...] tests/pgbouncer/run.sh [SECONDS]
set -eu
cd "$(dirname "$0")/../.."

bouncer=$(scripts/need-pgbouncer.sh) || { [ $? -eq 3 ] && echo "Skipped." >&2 && exit 0; exit 1; }
scripts/need-bench.sh
command -v python3 >/dev/null || scripts/install.sh Python --deb python3 --dnf python3 --brew python@3.13

seconds=${1:-60}
program=${FOLKMOOT_PROGRAM:-target/release/folkmoot}
here=tests/pgbouncer
threads=20 members=8 clients=6
folder=$(mktemp -d)
data=$folder/data
processes=''
# shellcheck source=tests/pgbouncer/parts.sh
. "$here/parts.sh"
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "Schema and settings, directly"
start_postgres
as_superuser 'CREATE ROLE forum LOGIN' 'CREATE DATABASE forum OWNER forum' \
    "ALTER ROLE forum SET statement_timeout = '5s'" "ALTER ROLE forum SET lock_timeout = '2s'" \
    "ALTER ROLE forum SET idle_in_transaction_session_timeout = '10s'" "ALTER ROLE forum SET lc_messages = 'C'"
"$program" migrate --database-url "$direct&options=-c%20statement_timeout%3D0"

say "Two nodes, the second one started under load"
start_bouncer
start_node 1
make_up_a_forum
traffic 1 5 warm &
load=$!
start_node 2
wait_for "$load"
show warm
expect "no request fails while a node starts" "$(sum warm refused) $(sum warm broken)" "0 0"
# The lock of migrations, "folkmoot" in ASCII; those of requests come and go.
lock="(classid, objid) = (x'666f6c6b'::integer::oid, x'6d6f6f74'::integer::oid)"
expect "no lock outlives the start of a node" "$(forum "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND $lock")" 0

say "Settings of the connections behind PgBouncer"
through_all_connections
expect "each has the limits of time" "$(forum 'SELECT DISTINCT said FROM seen')" "5s 2s 10s C"

say "Bursts on connections that are shared"
python3 "$here/pipelined.py" "$folder/.s.PGSQL.6432"

say "Load for $seconds s"
both "$seconds" load
show load
refusals
# A busy machine may have the service turn some away (503), with a pooler or without.
expect "nothing breaks, and not one in a hundred is turned away" "$(sum load broken) $(($(sum load refused) * 100 / $(sum load requests)))" "0 0"
expect "nothing was a fault" "$(faults)" ""
count_replies

say "PgBouncer is killed and started again under load"
both 10 restarted &
load=$!
until_served restarted
kill_bouncer
start_bouncer
wait_for "$load"
show restarted
both 3 after_restart
expect "no request fails afterwards" "$(sum after_restart refused) $(sum after_restart broken)" "0 0"

say "PostgreSQL is killed under load"
both 10 killed &
load=$!
until_served killed
kill -KILL "$(head -n 1 "$data/postgres/postmaster.pid")"
wait_for "$load"
until_ready
show killed
both 3 after_kill
expect "no request fails afterwards" "$(sum after_kill refused) $(sum after_kill broken)" "0 0"
expect "whoever was refused may try again: nothing was a fault" "$(faults)" ""
count_replies

say "Limits of time, locks and cancelling through PgBouncer"
hold "BEGIN; SELECT id FROM threads WHERE id = 1 FOR UPDATE;"
expect "whoever waits for a lock is told in time" "$(status_of_reply 4)" 503
let_go
psql -XAtq "$through" -c "SELECT pg_sleep(4)" 2>/dev/null &
sleeper=$!
until_true "EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid())"
kill -INT "$sleeper"
cancelled=0
wait "$sleeper" || cancelled=$?
expect "a statement is cancelled through PgBouncer" "$([ "$cancelled" -ne 0 ] && echo yes)" yes
hold_through "BEGIN; SELECT id FROM threads WHERE id = 1 FOR UPDATE;"
until_true "NOT EXISTS (SELECT FROM pg_stat_activity WHERE state LIKE 'idle in transaction%')"
expect "a transaction whose client stands still is ended" "$(status_of_reply 4)" 201

say "Counters against rows"
"$program" admin check --dry-run --secret "$FOLKMOOT_SECRET" --database-url "$direct"
"$program" admin check --dry-run --secret "$FOLKMOOT_SECRET" --database-url "$through"
echo "Statements that a connection keeps, at most: $(psql -XAtq "$console" -c 'SHOW SERVERS' | awk -F '|' '$(NF - 1) > most { most = $(NF - 1) } END { print most + 0 }')"
say "All of it held"
