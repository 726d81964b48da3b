# The results as a chart (SVG): a bar for each row, as long as its ratio is of what is promised. Readable on light and on dark paper.

function escaped(text) { gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); return text }

BEGIN { FS = "\t" }
{
    what[NR] = $1
    share[NR] = $7 / $6
    ratio[NR] = sprintf("%.2f", $7)
}
END {
    step = 26; left = 380; one = 300; most = 1.5; top = 34
    width = left + one * most + 60
    height = top + NR * step + 10
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n", width, height, width, height
    print "<title>Each ratio against what is promised</title>"
    print "<style>text { font: 13px sans-serif; fill: #1f2328 } .met { fill: #2da44e } .not { fill: #d4582a } line { stroke: #1f2328; stroke-width: 1.5 }"
    print "@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } line { stroke: #e6edf3 } }</style>"
    printf "<text x=\"%d\" y=\"18\" text-anchor=\"middle\">promised</text>\n", left + one
    for (i = 1; i <= NR; i++) {
        y = top + (i - 1) * step
        long = one * (share[i] > most ? most : share[i])
        printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", left - 10, y + 15, escaped(what[i])
        printf "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"18\"/>", (share[i] >= 1 ? "met" : "not"), left, y, (long < 1 ? 1 : long)
        printf "<text x=\"%.1f\" y=\"%d\">%s%s</text>\n", left + long + 6, y + 14, ratio[i], (share[i] > most ? " ›" : "")
    }
    printf "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n</svg>\n", left + one, top - 8, left + one, height - 6
}
