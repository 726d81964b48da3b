# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# The thread page, read from the database: random pages of more threads than any cache keeps.
uncached
varies n "$threads"
of_a_thread
ask() { request "$url/api/v1/threads/$((first_thread + n))/posts"; }
record thread_page

measured() { asked "$work/pages" random "$1"; }
limit() { pgbench_of thread_page "$1"; }
in_turn
result 'thread page, read from the database' more /s 0.65 '≥ 0.65 of pgbench'
