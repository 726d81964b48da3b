# The results as a table in Markdown.

BEGIN {
    FS = "\t"
    print "| work | figure | limit | ratio | promise | |"
    print "|---|---|---|---|---|---|"
}
{ printf "| %s | %s | %s | **%s** | %s | %s |\n", $1, $2, $3, $4, $5, ($7 >= $6 ? "met" : "not met") }
