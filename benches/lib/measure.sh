# shellcheck shell=sh disable=SC2154
# Measures a thing and its limit in turn, and writes down what came out.

# Requests per second of wrk. File of requests, `random` or `in-turn`, seconds, clients.
asked() {
    wrk -t 1 -c "${4:-$clients}" -d "$3" --timeout 20 -s "$here/lib/ask.lua" "${asked_url:-$url}" -- "$1" "$2" >"$work/wrk" 2>&1 || {
        cat "$work/wrk" >&2
        return 1
    }
    # One in a thousand at most, and told: a crowded machine is not to end a long run.
    awk '$1 ~ /^(requests|failed)$/ { n[$1] = $2 }
        n["failed"] > 0 { print "  " n["failed"] " of " n["requests"] " requests failed" }
        END { exit !n["requests"] || n["failed"] > n["requests"] / 1000 }' "$work/wrk" >&2 || {
        cat "$work/wrk" >&2
        echo 'The last refusals in the log of the service:' >&2
        grep '"status":[45]' "$work/$running/log" | tail -n 5 >&2
        return 1
    }
    awk '$1 == "requests_per_second" { print $2 }' "$work/wrk"
}

# A server that answers what the service answers to the requests of a file (method, path, a field), at $bare_url.
bare_like() {
    rm -rf "$work/bare"
    mkdir "$work/bare"
    while IFS='	' read -r _ path field; do
        recorded=$work/bare/$(echo "$path" | tr / _)
        : >"$recorded.body"
        request --output "$recorded.body" --dump-header "$recorded.head" ${field:+-H "$field"} "$url$path"
        printf '%s\t%s\t%s\n' "$path" "$recorded.head" "$recorded.body" >>"$work/bare/recorded"
    done <"$1"
    : >"$work/bare.out"
    "$yardstick" answer --workers "$workers" "$work/bare/recorded" >"$work/bare.out" &
    others="$others $!"
    bare_url=
    while [ -z "$bare_url" ]; do
        kill -0 "$!" || exit 1
        bare_url=$(head -n 1 "$work/bare.out")
        sleep 0.1
    done
    echo "  $(wc -l <"$work/bare/recorded") answers, the last of $(wc -c <"$recorded.body") bytes, $(awk 'NR == 1 { print $2 }' "$recorded.head")"
}

# The same requests to that server. File, seconds.
bare_asked() {
    asked_url=$bare_url
    asked "$1" random "$2"
    asked_url=
}

# Runs the functions `measured` and `limit` in turn, each after a second that does not count; both are told for how long and which
# round it is. Leaves a line `figure limit` a round in $work/rounds.
in_turn() {
    : >"$work/rounds"
    limit 1 0 >/dev/null
    measured 1 0 >/dev/null
    round=1
    while [ "$round" -le "$rounds" ]; do
        limit_now=$(limit "$seconds" "$round")
        measured_now=$(measured "$seconds" "$round")
        echo "$measured_now $limit_now" >>"$work/rounds"
        echo "  round $round: $measured_now, limit $limit_now"
        round=$((round + 1))
    done
}

# Writes down what $work/rounds has. What, `more` or `less` (which is better), unit, promise (a ratio), promise in words.
result() {
    awk -v what="$1" -v better="$2" -v unit="$3" -v promise="$4" -v words="$5" \
        -f "$here/lib/median.awk" -f "$here/lib/result.awk" "$work/rounds" \
        >>"$work/results"
    tail -n 1 "$work/results" | awk -F '\t' '{ printf "  %s: %s\n", $1, $4 }'
}

# Every counter equals its rows.
check_counters() {
    "$program" admin check --dry-run --data-dir "$data" >"$work/check" 2>&1 || { cat "$work/check" >&2; return 1; }
    echo "  every counter equals its rows"
}
