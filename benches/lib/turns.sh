# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Makes a run of rows one side of a comparison (benches/compare.sh): rounds are measured when the other end says so. Only the service is
# measured, so that what finds or runs the limit does nothing. $turns is the folder of two FIFOs: `go` has a line for each permission,
# `said` takes what this side has to say.

exec 3<"$turns/go" 4>"$turns/said"

record() { :; }
with_fixed() { :; }
one_after_the_other() { :; }
bare_like() { recorded=; }

in_turn() {
    echo ready >&4
    # Round 0 warms up.
    round=0
    while [ "$round" -le "$rounds" ]; do
        read -r _ <&3
        measured_now=$(measured "$seconds" "$round")
        echo "$measured_now" >&4
        round=$((round + 1))
    done
    # Nothing goes on while the other side is measured.
    read -r _ <&3
}

result() { echo "row $1" >&4; }
