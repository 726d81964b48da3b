#!/bin/sh
# shellcheck disable=SC2154
# Measures the work tree's version against another commit's, in turn, by the rows of benches/run.sh: each version has a service of its
# own with a private PostgreSQL and the same data, and both do the same work. Each round measures both, one right after the other; which
# goes first alternates. Prints for each row the median of the rounds' ratios (HEAD / BASE) with its 95 % interval. A row holds where the
# median is 0.95 or more, or the interval includes 1. Exit code 1: a row does not hold.
#
#   [ROUNDS=21] [ROUND_SECONDS=1] [THREADS=5000] benches/compare.sh BASE [ROW ...]
#
# BASE is built in a work tree of its own under target/compare, where it stays for the next time. Both are driven by the scripts of this
# work tree. With PROGRAM and BASE_PROGRAM given, nothing is built.
set -eu
cd "$(dirname "$0")/.."
here=benches
comparable='thread_page thread_list member post warm_page not_modified signed_in long_thread reply like'

[ $# -gt 0 ] && [ -n "$1" ] || { echo 'Which commit is measured against? make bench-compare BASE=<commit>' >&2; exit 1; }
base=$(git rev-parse --verify --quiet "$1^{commit}") || { echo "There is no commit $1." >&2; exit 1; }
shift
[ $# -gt 0 ] || set -- thread_page warm_page signed_in thread_list reply like
for row in "$@"; do
    case " $comparable " in *" $row "*) ;; *) echo "No row to compare is called $row. There are: $comparable" >&2; exit 1 ;; esac
done
rounds=${ROUNDS:-21}

build() {
    cargo build --release --locked
    tree=target/compare/base
    git worktree prune
    if [ -d "$tree" ]; then git -C "$tree" checkout --quiet --detach "$base"; else git worktree add --quiet --detach "$tree" "$base"; fi
    cargo build --release --locked --manifest-path "$tree/Cargo.toml" --target-dir target/compare/target
    PROGRAM=target/release/folkmoot BASE_PROGRAM=target/compare/target/release/folkmoot
}
[ -n "${PROGRAM:-}" ] && [ -n "${BASE_PROGRAM:-}" ] || build
for program in "$PROGRAM" "$BASE_PROGRAM"; do
    [ -x "$program" ] || { echo "$program is no program." >&2; exit 1; }
done

work=$(mktemp -d)
sides=
# shellcheck disable=SC2317  # called by the trap
end() {
    status=$?
    trap - EXIT INT TERM
    for side in $sides; do kill "$side" 2>/dev/null || true; done
    for side in $sides; do wait "$side" || true; done
    rm -rf "$work"
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() { # side, program, rows
    side=$1 side_program=$2
    shift 2
    PROGRAM=$side_program TURNS=$work/$side ROUNDS=$rounds ROUND_SECONDS=${ROUND_SECONDS:-1} THREADS=${THREADS:-5000} \
        "$here/run.sh" "$@" >"$work/$side/log" 2>&1 &
    sides="$sides $!"
}
for side in head base; do
    mkdir "$work/$side"
    mkfifo "$work/$side/go" "$work/$side/said"
done
start head "$PROGRAM" "$@"
start base "$BASE_PROGRAM" "$@"
exec 3>"$work/head/go" 4<"$work/head/said" 5>"$work/base/go" 6<"$work/base/said"

# Waits for the next line of a side, and leaves it in $said.
hear() {
    said=
    case $1 in head) read -r said <&4 || true ;; base) read -r said <&6 || true ;; esac
    if [ -z "$said" ]; then
        echo "The run of $1 broke off:" >&2
        tail -n 20 "$work/$1/log" >&2
        exit 2
    fi
}
go() { case $1 in head) echo go >&3 ;; base) echo go >&5 ;; esac; }
measure() { # side: leaves the rate in $said
    go "$1"
    hear "$1"
}

in_pairs() {
    # What warms up does not count.
    measure head
    measure base
    : >"$work/rounds"
    round=1
    while [ "$round" -le "$rounds" ]; do
        if [ $((round % 2)) -eq 1 ]; then
            measure head; of_head=$said
            measure base; of_base=$said
        else
            measure base; of_base=$said
            measure head; of_head=$said
        fi
        echo "$of_head $of_base" >>"$work/rounds"
        round=$((round + 1))
    done
    go head
    go base
}

echo "HEAD $(git rev-parse --short HEAD)$(git diff --quiet HEAD || echo ' with changes'), BASE $(git rev-parse --short "$base"); $rounds paired rounds of ${ROUND_SECONDS:-1} s"
worst=0
while hear head && [ "$said" != end ]; do
    of_head=$said
    hear base
    [ "$of_head" = "$said" ] || { echo "The sides do not do the same: $of_head, $said" >&2; exit 2; }
    case $said in
        ready) in_pairs ;;
        "row "*)
            status=0
            awk -v NAME="${said#row }" -f "$here/lib/median.awk" -f "$here/lib/compare.awk" "$work/rounds" >"$work/row" || status=$?
            [ "$status" -le 1 ] || exit "$status"
            awk -F '\t' '{ printf "%-34s %s  (%s)  HEAD %s, BASE %s: %s\n", $1, $2, $3, $4, $5, $6 }' "$work/row"
            [ "$status" -eq 0 ] || worst=1
            ;;
    esac
done
exit "$worst"
