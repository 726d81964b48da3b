# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# A hundred thread pages again and again, asked by guests: plain, and packed as browsers want it.
uniform
measured() { asked "$work/warm" random "$1"; }
limit() { bare_asked "$work/warm" "$1"; }
for coding in identity gzip br; do
    head -n 100 "$work/pages" | sed "s/\$/	Accept-Encoding: $coding/" >"$work/warm"
    measured 1 >/dev/null
    bare_like "$work/warm"
    in_turn
    case $coding in identity) packed= ;; br) packed=', brotli' ;; *) packed=", $coding" ;; esac
    result "thread page, warm, guests$packed" more /s 0.8 '≥ 0.8 of a bare server'
done
