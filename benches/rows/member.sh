# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# A random member.
uncached
varies member "$((circles * posts))"
ask() { request "$url/api/v1/members/$((first_member + member))"; }
record member

awk -v n="$((circles * posts))" -v first="$first_member" \
    'BEGIN { for (i = 0; i < n; i++) printf "GET\t/api/v1/members/%d\n", first + i }' >"$work/members"
measured() { asked "$work/members" random "$1"; }
limit() { pgbench_of member "$1"; }
in_turn
result 'one member' more /s 0.65 '≥ 0.65 of pgbench'
