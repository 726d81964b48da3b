# Turns what PostgreSQL logged of the same request, made several times with other values, into a script of pgbench.
#
# Arguments: pairs of files, what was logged and the values of the variables (`name value`) then. Variables of awk:
#   NAME         goes before the names of constants
#   VARIABLES    a file with a line of pgbench for each variable: `name \set name ...`
#   CONSTANTS    the file to write parameters to that were always the same, as `-D name=value`, a word of the shell each
#   TRANSACTION  1 to take the longest transaction of each alone, else everything
#   BACKGROUND   a file of what was logged while nobody asked: no part of a request
#   RETURNED     `variable=column`s: what an earlier statement gives back by RETURNING
#
# A parameter that was always the same stays a parameter. One that was not has to be a variable and a fixed number more or less; an
# array, a set of such. A time that differs becomes now(), or what a statement before gave back as `at`. Anything else is an error
# (exit 1); other statements each time are exit 3: something of the background came between.

function fail(status, message) {
    print "statements: " message > "/dev/stderr"
    failed = status
    exit status
}

# The values of one line `parameters: $1 = 'x', $2 = NULL`, into value[sample, statement, number].
function parse(text, s, i,    number, from, to) {
    while (match(text, /^\$[0-9]+ = /)) {
        number = substr(text, 2, RLENGTH - 4) + 0
        text = substr(text, RLENGTH + 1)
        if (substr(text, 1, 4) == "NULL") {
            value[s, i, number] = "NULL"
            text = substr(text, 7)
        } else {
            to = 2
            while (substr(text, to, 1) != "'" || substr(text, to + 1, 1) == "'") to += substr(text, to, 1) == "'" ? 2 : 1
            value[s, i, number] = substr(text, 1, to)
            text = substr(text, to + 3)
        }
        parameters[s, i] = number
    }
}

function end_message() {
    if (detail != "" && count[sample] > 0) parse(detail, sample, count[sample])
    detail = ""
}

function begin_statement(text) {
    count[sample]++
    statement[sample, count[sample]] = text
    process[sample, count[sample]] = $2
}

BEGIN {
    while ((getline line < VARIABLES) > 0) {
        name = line
        sub(/ .*/, "", name)
        definition[name] = substr(line, length(name) + 2)
        order[++variables] = name
    }
    while ((getline line < BACKGROUND) > 0)
        if (sub(/^bench [0-9]+ LOG:  (execute [^:]*|statement): /, "", line)) background[line] = 1
    n = split(RETURNED, pairs, " ")
    for (i = 1; i <= n; i++) {
        split(pairs[i], pair, "=")
        column[pair[1]] = pair[2]
        order[++variables] = pair[1]
    }
}

FNR == 1 { end_message(); file++; sample = int((file + 1) / 2) }
file % 2 == 0 { now[sample, $1] = $2; next }
/^bench [0-9]+ LOG:  (execute [^:]*|statement): / {
    end_message()
    text = $0
    sub(/^bench [0-9]+ LOG:  (execute [^:]*|statement): /, "", text)
    begin_statement(text)
    inside = "statement"
    next
}
/^bench [0-9]+ DETAIL:  parameters: / {
    detail = $0
    sub(/^bench [0-9]+ DETAIL:  parameters: /, "", detail)
    inside = "detail"
    next
}
/^\t/ && inside == "statement" { statement[sample, count[sample]] = statement[sample, count[sample]] "\n" substr($0, 2); next }
/^\t/ && inside == "detail" { detail = detail "\n" substr($0, 2); next }
{ end_message(); inside = "" }

# Leaves of each sample the longest transaction: the statements of one process from BEGIN to COMMIT.
function keep_transaction(s,    i, p, from, length_of, best, start, kept) {
    for (i = 1; i <= count[s]; i++) {
        p = process[s, i]
        if (statement[s, i] == "BEGIN") { from[p] = i; length_of[p] = 0 }
        length_of[p]++
        if (statement[s, i] == "COMMIT" && (p in from) && length_of[p] > best) { best = length_of[p]; start = from[p]; kept = p }
    }
    if (!best) fail(3, "no transaction")
    for (i = 1; i <= count[s]; i++) {
        if (i >= start && process[s, i] == kept && best-- > 0) chosen[s, ++chosen_count[s]] = i
    }
}

function choose(s,    i) {
    if (TRANSACTION) { keep_transaction(s); return }
    for (i = 1; i <= count[s]; i++) if (!(statement[s, i] in background)) chosen[s, ++chosen_count[s]] = i
}

# Which statement of sample s is the one that is the i-th of the first: connections may take turns otherwise.
function counterpart(i, s,    j) {
    for (j = 1; j <= chosen_count[s]; j++)
        if (!used[s, j] && statement[s, chosen[s, j]] == statement[1, chosen[1, i]]) { used[s, j] = 1; return chosen[s, j] }
    fail(3, "not the same statements each time")
}

function is_number(x) { return x ~ /^-?[0-9]+$/ }

# The variable of pgbench for a number that was x[1] in the first sample, if each other sample's elements have its counterpart.
function as_variable(first, elements, element_count,    v, name, by, s, k, found) {
    for (v = 1; v <= variables; v++) {
        name = order[v]
        if (!((1, name) in now)) continue
        by = first - now[1, name]
        for (s = 2; s <= sample; s++) {
            found = 0
            for (k = 1; k <= element_count[s]; k++) if (elements[s, k] - now[s, name] == by) { found = 1; break }
            if (!found) break
        }
        if (!found) continue
        if (name in column) { if (by) continue; wanted[column[name]] = 1; return ":r_" column[name] }
        if (!((name, by) in made)) {
            made[name, by] = "v" (++made_count)
            sets = sets sprintf("\\set v%d :%s %s %d\n", made_count, name, by < 0 ? "-" : "+", by < 0 ? -by : by)
        }
        return ":" made[name, by]
    }
    for (s = 2; s <= sample; s++) {
        found = 0
        for (k = 1; k <= element_count[s]; k++) if (elements[s, k] == first) { found = 1; break }
        if (!found) return ""
    }
    return first
}

# What stands for a parameter in the script; ids[s] is the statement in sample s.
function stand_in(ids, number,    s, x, same, inner, element_count, elements, parts, k, list, one, q) {
    same = 1
    for (s = 1; s <= sample; s++) {
        x = value[s, ids[s], number]
        if (x != value[1, ids[1], number]) same = 0
        inner = substr(x, 2, length(x) - 2)
        q = x
        if (inner ~ /^\{.*\}$/) inner = substr(inner, 2, length(inner) - 2)
        element_count[s] = split(inner, parts, ",")
        for (k = 1; k <= element_count[s]; k++) elements[s, k] = parts[k]
    }
    x = value[1, ids[1], number]
    if (x == "NULL") { if (same) return "NULL"; return "" }
    if (same) {
        constants[++constant_count] = "-D " NAME "_c" constant_count "=" x_of_shell(x)
        return ":" NAME "_c" constant_count
    }
    if (x ~ /^'[0-9]+-[0-9]+-[0-9]+ [0-9:.]+[+-][0-9:]+'$/) {
        # The first statement with a time gives back the one that counts: whoever waited for a row is later than whom it waited for.
        if (!("at" in column) || !timed || timed == ids[1]) { timed = ids[1]; return "now()" }
        wanted[column["at"]] = 1
        return ":r_" column["at"]
    }
    for (s = 2; s <= sample; s++) if (element_count[s] != element_count[1]) return ""
    for (k = 1; k <= element_count[1]; k++) {
        if (!is_number(elements[1, k])) return ""
        one = as_variable(elements[1, k], elements, element_count)
        if (one == "") return ""
        list = list (k > 1 ? ", " : "") one
    }
    return x ~ /^'\{/ ? "ARRAY[" list "]::bigint[]" : list
}

# A value as PostgreSQL quotes it ('it''s') as a word of the shell.
function x_of_shell(x) {
    x = substr(x, 2, length(x) - 2)
    gsub(/''/, "'", x)
    gsub(/'/, "'\\''", x)
    return "'" x "'"
}

END {
    end_message()
    if (failed) exit failed
    for (s = 1; s <= sample; s++) choose(s)
    for (s = 2; s <= sample; s++) if (chosen_count[s] != chosen_count[1]) fail(3, "not as many statements each time")
    if (!chosen_count[1]) fail(1, "no statement at all")
    for (i = 1; i <= chosen_count[1]; i++) {
        ids[1] = chosen[1, i]
        for (s = 2; s <= sample; s++) ids[s] = counterpart(i, s)
        text = statement[1, ids[1]]
        # From the last, as $1 is the beginning of $10.
        for (number = parameters[1, ids[1]]; number >= 1; number--) {
            replacement = stand_in(ids, number)
            if (replacement == "") {
                shown = ""
                for (s = 1; s <= sample; s++) shown = shown " " value[s, ids[s], number]
                fail(1, "what is parameter $" number " of " text " made from? It was" shown)
            }
            gsub(/&/, "\\\\&", replacement)
            gsub("\\$" number, replacement, text)
        }
        script[i] = text
    }
    for (v = 1; v <= variables; v++) if (order[v] in definition) print definition[order[v]]
    printf "%s", sets
    for (i = 1; i <= chosen_count[1]; i++) {
        end = ";"
        returning = script[i]
        if (sub(/.* RETURNING /, "", returning))
            for (name in wanted) if (index(returning, "\"" name "\"")) end = " \\gset r_"
        print script[i] end
    }
    for (i = 1; i <= constant_count; i++) print constants[i] > CONSTANTS
    for (i = 1; i <= chosen_count[1]; i++) print process[1, chosen[1, i]] > (CONSTANTS ".processes")
}
