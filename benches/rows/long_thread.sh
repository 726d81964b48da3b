# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# The pages of a very long thread: a twentieth of them at its beginning, in its middle and at its end, more than any cache keeps, in
# turn. Only the place differs.
stop_service
cache=0
start_service long_thread
"$program" demo-data --data-dir "$data" --posts "$((long_thread * 101 / 100))" --longest-thread "$long_thread" 2>&1 | tail -n 1
longest=$(sql 'SELECT id FROM threads ORDER BY highest_position DESC LIMIT 1')
pages=$(sql "SELECT (highest_position + 19) / 20 FROM threads WHERE id = $longest")

sql CHECKPOINT

asked_for() { # name, first page
    awk -v first="$2" -v n="$((pages / 20))" -v thread="$longest" \
        'BEGIN { for (i = 0; i < n; i++) printf "GET\t/api/v1/threads/%d/posts?page=%d\n", thread, first + i }' >"$work/$1"
}
asked_for first 1
asked_for middle "$((pages / 2))"
asked_for last "$((pages - pages / 20 + 1))"
limit() { asked "$work/first" random "$1"; }
for place in middle last; do
    measured() { asked "$work/$place" random "$1"; }
    in_turn
    result "$place pages of a thread of $long_thread posts, against its first" more /s 0.83 'within 20 %'
done
