# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# A hundred thread pages again and again, asked by members. The limit runs what a page takes that the same member has just asked for.
uniform
sign_in
varies n 100
varies k "$readers"
of_a_thread
ask() { request "$url/api/v1/threads/$((first_thread + n))/posts" -H "Authorization: Bearer $(token "$k")"; }
meet() { ask >/dev/null; }
record signed_in

awk -F '\t' -v first="$first_thread" '{ for (i = NR; i <= NR + 100; i += 10)
    printf "GET\t/api/v1/threads/%d/posts\tAuthorization: Bearer %s\n", first + i % 100, $1 }' "$work/tokens" >"$work/signed_in"
measured() { asked "$work/signed_in" random "$1"; }
limit() { pgbench_of signed_in "$1"; }
in_turn
result 'thread page, warm, signed in' more /s 0.7 '≥ 0.7 of pgbench'
