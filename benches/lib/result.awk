# A row of the table of rounds: what, figure, limit, ratio (each the median, with the lowest and the highest), promise in words,
# the ratio promised and the median of the ratios, separated by tabs.

function shown(x,    text, at) {
    x += 0
    if (x < 100) return sprintf("%.3g", x)
    text = sprintf("%.0f", x)
    for (at = length(text) - 3; at > 0; at -= 3) text = substr(text, 1, at) "," substr(text, at + 1)
    return text
}

function spread(a, n, unit) {
    sorted(a, n)
    if (a[1] == a[n]) return shown(a[1]) unit
    return shown(median(a, n)) unit " (" shown(a[1]) ".." shown(a[n]) ")"
}

{
    figure[NR] = $1
    limit[NR] = $2
    ratio[NR] = better == "more" ? $1 / $2 : $2 / $1
}

END {
    if (!NR) exit 1
    while (match(what, /[0-9][0-9][0-9][0-9]+/))
        what = substr(what, 1, RSTART - 1) shown(substr(what, RSTART, RLENGTH)) substr(what, RSTART + RLENGTH)
    unit = unit == "" ? "" : unit ~ /^\// ? unit : " " unit
    sorted(ratio, NR)
    middle = median(ratio, NR)
    text = sprintf("%.2f", middle)
    if (NR > 1) text = text sprintf(" (%.2f..%.2f)", ratio[1], ratio[NR])
    printf "%s\t%s\t%s\t%s\t%s\t%s\t%.4f\n", what, spread(figure, NR, unit), spread(limit, NR, unit), text, words, promise, middle
}
