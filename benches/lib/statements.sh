# shellcheck shell=sh disable=SC2154,SC2317,SC2329
# Finds out which statements the service runs for a request, and makes a script of pgbench of them. Nothing is written down by
# hand: PostgreSQL's own log of four such requests says it, so that what is measured is always what the service does.
#
# A row says what varies, in the words of the shell's arithmetic (`varies`, `fixed`, `each_client`, `follows`), and defines
#   ask       makes the request once, with the variables as they are
#   meet      what has to be before, and is not recorded (optional)
#   returned  reads the answer, and prints `name value` of what later statements were given by earlier ones (optional)

# Begins a row: nothing varies yet.
nothing_varies() {
    : >"$work/variables"
    meet() { :; }
    returned() { cat >/dev/null; }
}

# name, size: a random number from 0, below the size.
varies() { echo "$1 random $2" >>"$work/variables"; }
# name, number
fixed() { echo "$1 fixed $2" >>"$work/variables"; }
# name: the number of the client, from 0.
each_client() { echo "$1 client $clients" >>"$work/variables"; }
# name, expression of earlier ones
follows() { echo "$1 follows $2" >>"$work/variables"; }

# The same for pgbench: a line each, the variable's name in front.
for_pgbench() {
    while read -r name kind rest; do
        case $kind in
            random) echo "$name \\set $name random(0, $((rest - 1)))" ;;
            fixed) echo "$name \\set $name $rest" ;;
            client) echo "$name \\set $name :client_id" ;;
            follows) echo "$name \\set $name $(printf %s "$rest" | sed 's/[a-z_][a-z_0-9]*/:&/g')" ;;
        esac
    done <"$work/variables"
}

# Sets the variables of the shell for one of the samples: far apart, and without a pattern.
take_sample() { # number
    while read -r name kind rest; do
        case $kind in
            random | client) eval "$name=$(((rest * 19 * $1 / 97 + 13 * $1 * $1) % rest))" ;;
            fixed) eval "$name=$rest" ;;
            follows) eval "$name=\$(($rest))" ;;
        esac
    done <"$work/variables"
}
show_sample() {
    while read -r name _; do eval "echo \"$name \$$name\""; done <"$work/variables"
}

log_statements() { # all or none
    sql "ALTER SYSTEM SET log_statement = '$1'"
    sql "ALTER SYSTEM SET log_line_prefix = 'bench %p '"
    sql 'SELECT pg_reload_conf()' >/dev/null
    until shown=$(sql 'SHOW log_statement') && [ "$shown" = "$1" ]; do
        [ -n "$shown" ] || return 1
    done
}

# What the service does when nobody asks for anything, for two seconds: no part of a request.
watch_background() {
    from=$(wc -c <"$data/postgres.log")
    sleep 2
    tail -c "+$((from + 1))" "$data/postgres.log" >"$work/background"
}

# Writes $work/NAME.sql and $work/NAME.constants. Name; `transaction` to take that alone; what is returned, as `name=column`s.
record() {
    record_name=$1 record_transaction=0 record_returned=${3:-}
    [ "${2:-}" = transaction ] && record_transaction=1
    for_pgbench >"$work/definitions"
    log_statements all
    tries=0 status=3
    while [ "$status" -eq 3 ] && [ "$tries" -lt 20 ]; do
        tries=$((tries + 1)) status=0
        record_once || status=$?
    done
    log_statements none
    if [ "$status" -ne 0 ]; then
        echo "The statements of $record_name can not be told." >&2
        return 1
    fi
    echo "  $(grep -c ';$\|\\gset' "$work/$record_name.sql") statements, recorded from the service$(plan_told "$record_name")"
}

record_once() {
    set --
    for sample in 1 2 3 4; do
        take_sample "$sample"
        meet
        from=$(wc -c <"$data/postgres.log")
        ask >"$work/answer" || { cat "$work/answer" >&2; return 1; }
        { echo begin; tail -c "+$((from + 1))" "$data/postgres.log"; } >"$work/logged.$sample"
        { show_sample; returned <"$work/answer"; } >"$work/values.$sample"
        set -- "$@" "$work/logged.$sample" "$work/values.$sample"
    done
    rm -f "$work/$record_name.constants" "$work/$record_name.constants.processes"
    : >"$work/$record_name.constants"
    LC_ALL=C awk -v NAME="$record_name" -v VARIABLES="$work/definitions" -v CONSTANTS="$work/$record_name.constants" -v TRANSACTION="$record_transaction" \
        -v RETURNED="$record_returned" -v BACKGROUND="$work/background" -f "$here/lib/statements.awk" "$@" >"$work/$record_name.sql"
}

# Makes a script of another one, in which a variable is always the same. Name, new name, variable, number.
with_fixed() {
    sed "s/^\\\\set $3 .*/\\\\set $3 $4/" "$work/$1.sql" >"$work/$2.sql"
    cp "$work/$1.constants" "$work/$2.constants"
    cp "$work/$1.constants.processes" "$work/$2.constants.processes"
}

# Makes a script of two with the same variables, the second after the first. Names, new name.
one_after_the_other() {
    sed 's/^[^ ]* //' "$work/definitions" >"$work/defined"
    { cat "$work/$1.sql"; grep -vxF -f "$work/defined" "$work/$2.sql"; } >"$work/$3.sql"
    for what in constants constants.processes; do cat "$work/$1.$what" "$work/$2.$what" >"$work/$3.$what"; done
}

# Whether the service's sessions that ran them plan once for all values.
plans_once() {
    sort -u "$work/$1.constants.processes" | while read -r process; do
        if grep -q "^bench $process LOG:.*force_generic_plan" "$data/postgres.log"; then echo yes; fi
    done | grep -q yes
}
plan_told() { if plans_once "$1"; then echo ', planned once for all values'; fi; }

# What the service's sessions tell the planner when they connect, which is before anything is recorded.
sessions_set() {
    sed -n '/BY_KEY: &str/,/";$/p' "$here/../src/db/planner.rs" | grep -o 'SET [a-z_]* = [a-z0-9.]*' | sed 's/SET \(.*\) = \(.*\)/-c \1=\2/' | grep .
}

# Runs such a script with as many clients as the service has, planned as the service's are. Name, seconds. Prints transactions per
# second.
pgbench_of() {
    options=$(sessions_set | tr '\n' ' ')
    [ -n "$options" ] || { echo 'What sessions tell the planner is not in src/db/planner.rs any more.' >&2; return 1; }
    if plans_once "$1"; then options="$options -c plan_cache_mode=force_generic_plan"; fi
    eval "set -- $1 $2 $(tr '\n' ' ' <"$work/$1.constants")"
    pgbench_name=$1 pgbench_seconds=$2
    shift 2
    PGOPTIONS=$options pgbench -n -M prepared -c "$clients" -j 1 -T "$pgbench_seconds" -f "$work/$pgbench_name.sql" "$@" \
        -h "$data/postgres" -U folkmoot folkmoot >"$work/pgbench" 2>&1 || { cat "$work/pgbench" >&2; return 1; }
    awk '$1 == "tps" { printf "%.1f\n", $3 }' "$work/pgbench"
}
