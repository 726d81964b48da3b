# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# From the start of a second node, on the database of the first, until it says that it is ready.
uniform
: >"$work/rounds"
for round in $(seq 1 "$rounds"); do
    took=$("$yardstick" start "$program" serve --database-url "$(database_url folkmoot)" --data-dir "$work/start" \
        --secret "$(cat "$data/secret")" --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 --drain 0 2>"$work/start.log") || {
        cat "$work/start.log" >&2
        exit 1
    }
    echo "$took 1000" >>"$work/rounds"
    echo "  round $round: $took ms"
done
result 'start on a migrated database' less ms 1 '≤ 1 s'
