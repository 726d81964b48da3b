# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Likes given and taken back by many members: of many posts, then all of one. The limit is the transactions alone, fsync on.
uniform
sign_in
varies n "$threads"
each_client k
of_a_thread
change() { # PUT or DELETE
    request -X "$1" "$url/api/v1/posts/$((first_post + p + 4))/like" -H "Authorization: Bearer $(token "$k")"
}
meet() { change DELETE >/dev/null; }
ask() { change PUT; }
record like_given transaction
meet() { change PUT >/dev/null; }
ask() { change DELETE; }
record like_taken transaction
one_after_the_other like_given like_taken like
with_fixed like like_hot n 6

# Each is given by one pass and taken back by the next, a round's on posts of its own that the limit leaves alone. Thus every request
# changes something.
likes() { # round, likes of a pass, how many threads, the first one
    awk -F '\t' -v round="$1" -v n="$2" -v threads="$3" -v thread="$4" -v first="$first_post" -v posts="$posts" -v readers="$readers" '
        { token[NR - 1] = $1 }
        END { for (pass = 0; pass < 2; pass++) for (i = 0; i < n; i++)
            printf "%s\t/api/v1/posts/%d/like\tAuthorization: Bearer %s\n", pass ? "DELETE" : "PUT",
                first + (thread + i * 7919 % threads) * posts + 5 + round % 14, token[i % readers] }' "$work/tokens" >"$work/likes"
}
changes() { sql 'SELECT sum(page_version) FROM threads'; }
measured_on() { # seconds, round, posts, threads, the first thread
    likes "$2" "$3" "$4" "$5"
    before=$(changes)
    asked "$work/likes" in-turn "$1"
    changed=$(($(changes) - before))
    awk -v changed="$changed" '$1 == "requests" && changed < 0.95 * $2 {
        print "  only " changed " of " $2 " requests changed something" }' "$work/wrk" >&2
}
twice() { awk '{ print $1 * 2 }'; } # a like given and taken back is two requests

measured() { measured_on "$1" "$2" 200 "$threads" 0; }
limit() { pgbench_of like "$1" | twice; }
in_turn
result 'like, many posts' more /s 0.6 '≥ 0.6 of pgbench'

measured() { measured_on "$1" "$2" "$readers" 1 6; }
limit() { pgbench_of like_hot "$1" | twice; }
in_turn
result 'like, one post' more /s 0.6 '≥ 0.6 of pgbench'
check_counters
