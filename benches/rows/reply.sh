# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Replies, by many members: to many threads, then all to one. The limit is the transaction alone, fsync on.
uniform
sign_in
varies n "$threads"
varies k "$readers"
of_a_thread
body='{"body":"The moot sat **long** that day, and each one who had a word to say said it in turn under the old tree by the ford."}'
ask() {
    request "$url/api/v1/threads/$((first_thread + n))/posts" -H "Authorization: Bearer $(token "$k")" \
        -H 'Content-Type: application/json' -d "$body"
}
# So that positions differ.
meet() { for _ in $(seq "$sample"); do ask >/dev/null; done; }
returned() { sed 's/^{"id":\([0-9]*\),.*"position":\([0-9]*\),.*/id \1\nposition \2/'; }
record reply transaction 'id=last_post_id position=highest_position at=last_post_at'
with_fixed reply reply_hot n 5

replies() { # how many threads, from which on
    awk -F '\t' -v n="$1" -v first="$((first_thread + $2))" -v body="$body" 'BEGIN { srand(1) } {
        for (i = 0; i < 100; i++) printf "POST\t/api/v1/threads/%d/posts\tAuthorization: Bearer %s\tContent-Type: application/json\t%s\n",
            first + int(rand() * n), $1, body }' "$work/tokens" >"$work/replies"
}
measured() { asked "$work/replies" random "$1"; }
replies "$threads" 0
limit() { pgbench_of reply "$1"; }
in_turn
result 'reply, many threads' more /s 0.6 '≥ 0.6 of pgbench'

replies 1 5
limit() { pgbench_of reply_hot "$1"; }
in_turn
result 'reply, one thread' more /s 0.6 '≥ 0.6 of pgbench'
check_counters
