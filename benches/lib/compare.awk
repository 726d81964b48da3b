# Judges one row of a comparison: lines `HEAD BASE`, rates of paired rounds. NAME is the row's name.
#
# The interval is distribution-free (order statistics): it lies between the k-th smallest and the k-th largest ratio, with the largest k
# at which the true median is outside with a probability of at most 5 %. Of 21 ratios these are the 6th and the 16th. Fewer than
# six have no such interval: the lowest and the highest are shown, with the probability that they do reach.
#
# Prints name, ratio with its interval, the medians of both versions and the verdict, separated by tabs. Exit code 1: the row does not hold.

# The probability that at most k of n fair coins fall on one side.
function at_most(k, n,    i, term, sum) {
    term = 0.5 ^ n
    for (i = 0; i <= k; i++) {
        sum += term
        term *= (n - i) / (i + 1)
    }
    return sum
}

$2 > 0 { n++; head[n] = $1; base[n] = $2; ratio[n] = $1 / $2 }

END {
    if (!n) { print "no round was measured" > "/dev/stderr"; exit 2 }
    sorted(head, n)
    sorted(base, n)
    sorted(ratio, n)
    k = 1
    while (2 * at_most(k, n) <= 0.05) k++
    low = ratio[k]
    high = ratio[n + 1 - k]
    level = 1 - 2 * at_most(k - 1, n)
    middle = median(ratio, n)
    holds = middle >= 0.95 || low <= 1 && high >= 1
    printf "%s\t%.3f\t%.3f..%.3f%s\t%.0f/s\t%.0f/s\t%s\n", NAME, middle, low, high,
        level < 0.95 ? sprintf(" (%.0f %%)", level * 100) : "", median(head, n), median(base, n), holds ? "holds" : "does not hold"
    exit !holds
}
