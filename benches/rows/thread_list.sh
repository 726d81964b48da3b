# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# The threads of a forum by their last reply, of a random forum.
uncached
varies forum "$forums"
follows circle "forum * $posts"
ask() { request "$url/api/v1/threads?forum=$((first_forum + forum))"; }
record thread_list

awk -v n="$forums" -v first="$first_forum" \
    'BEGIN { for (i = 0; i < n; i++) printf "GET\t/api/v1/threads?forum=%d\n", first + i }' >"$work/lists"
measured() { asked "$work/lists" random "$1"; }
limit() { pgbench_of thread_list "$1"; }
in_turn
result 'list of threads' more /s 0.65 '≥ 0.65 of pgbench'
