# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# The most that a fresh server has resident when many different pages have been asked for in all codings, while 1,000 connections are open and one after the
# other asks for a page.
stop_service
uniform
awk '{ split("identity gzip br zstd", codings, " "); print $0 "\tAccept-Encoding: " codings[NR % 4 + 1] }' "$work/pages" >"$work/coded"
asked "$work/coded" random "$((seconds * 2))" >/dev/null
# shellcheck disable=SC3045  # every sh that systems come with has it
ulimit -n 4096
"$yardstick" hold "${url#http://}" "$work/pages" --connections 1000 --rounds 3 &
load=$!
most=0
while kill -0 "$load" 2>/dev/null; do
    resident=$(ps -o rss= -p "$server")
    if [ "$resident" -gt "$most" ]; then most=$resident; fi
    sleep 0.1
done
wait "$load"
echo "$most" | awk '{ print $1 / 1024, 100 }' >"$work/rounds"
result 'memory at 1,000 connections' less MiB 1 '≤ 100 MiB'
