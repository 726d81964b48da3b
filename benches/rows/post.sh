# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# One post, which quotes another: the eighth of a random thread.
uncached
varies n "$threads"
of_a_thread
ask() { request "$url/api/v1/posts/$((first_post + p + 7))"; }
record post

awk -v n="$threads" -v first="$((first_post + 7))" -v posts="$posts" \
    'BEGIN { for (i = 0; i < n; i++) printf "GET\t/api/v1/posts/%d\n", first + i * posts }' >"$work/single"
measured() { asked "$work/single" random "$1"; }
limit() { pgbench_of post "$1"; }
in_turn
result 'one post' more /s 0.65 '≥ 0.65 of pgbench'
