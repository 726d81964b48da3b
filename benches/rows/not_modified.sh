# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# A hundred thread pages that the guest has already: If-None-Match matches, the answer is empty.
uniform
head -n 100 "$work/pages" | while IFS='	' read -r method path; do
    tag=$(request --output /dev/null --dump-header - "$url$path" | tr -d '\r' | sed -n 's/^etag: //p')
    printf '%s\t%s\tIf-None-Match: %s\n' "$method" "$path" "$tag"
done >"$work/known"
bare_like "$work/known"
[ ! -s "$recorded.body" ] || { echo 'A tag that matches is answered with a body.' >&2; exit 1; }

measured() { asked "$work/known" random "$1"; }
limit() { bare_asked "$work/known" "$1"; }
in_turn
result 'If-None-Match that matches, guests' more /s 0.8 '≥ 0.8 of a bare server'
