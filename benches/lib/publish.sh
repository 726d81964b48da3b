#!/bin/sh
# Writes the results into docs: the table and the machine between the marks of performance.md, and the chart. Results, rounds,
# seconds of one, threads, PostgreSQL's version.
set -eu
results=$1 rounds=$2 seconds=$3 threads=$4 postgres=$5
lib=$(dirname "$0")
page=docs/performance.md

processor=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)
written=$(mktemp)
trap 'rm -f "$written"' EXIT
{
    echo "$(getconf _NPROCESSORS_ONLN) cores (${processor:-$(uname -m)}), shared by the service, PostgreSQL and the load; $(uname -sr);"
    echo "PostgreSQL $postgres. $threads threads of 20 posts, $rounds rounds of $seconds s, 16 clients; $(date -u +%Y-%m-%d)."
    echo
    awk -f "$lib/table.awk" "$results"
    echo
    echo '![Each ratio against what is promised](performance.svg)'
} >"$written"
awk -f "$lib/chart.awk" "$results" >docs/performance.svg
awk -v written="$written" '
    /^<!-- bench: / { print; print ""; while ((getline line < written) > 0) print line; print ""; inside = 1 }
    /^<!-- bench ends/ { inside = 0 }
    !inside { print }' "$page" >"$page.new"
mv "$page.new" "$page"
echo "Written to $page and docs/performance.svg"
