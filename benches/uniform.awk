# Makes up a forum in which everything follows from a thread's number, as an archive: THREADS threads of POSTS posts in FORUMS
# forums. Thread t is in forum t % FORUMS; its place p is post t * POSTS + p, by member (t % CIRCLES) * POSTS + p: a circle of members
# writes in a thread, as many as it has posts. After them comes a last thread for each forum, by a circle of its own, so that who wrote last
# in a forum is not on the pages of the others. A page of 20 posts is about 29 kB of JSON.

BEGIN {
    print "{\"type\":\"archive\",\"version\":1,\"source\":\"bench\"}"
    for (f = 0; f < FORUMS; f++)
        printf "{\"type\":\"forum\",\"id\":\"f%d\",\"slug\":\"bench-%d\",\"title\":\"Bench %d\"}\n", f, f, f
    for (m = 0; m < (CIRCLES + FORUMS) * POSTS; m++)
        printf "{\"type\":\"member\",\"id\":\"m%d\",\"username\":\"member %d\",\"joined_at\":\"2020-01-01T00:00:00Z\"}\n", m, m
    words = "the moot sat long that day and each one who had a word to say said it in turn under the old tree by the ford "
    text = words words words
    for (t = 0; t < THREADS + FORUMS; t++) {
        at = sprintf("2021-%02d-%02dT%02d:%02d:%02dZ", 1 + t / 2419200, 1 + t / 86400 % 28, t / 3600 % 24, t / 60 % 60, t % 60)
        circle = (t < THREADS ? t % CIRCLES : CIRCLES + t - THREADS) * POSTS
        printf "{\"type\":\"thread\",\"id\":\"t%d\",\"forum\":\"f%d\",\"author\":\"m%d\",\"kind\":\"discussion\",\"title\":\"Thread number %d\",\"tags\":[],\"created_at\":\"%s\"}\n", t, t % FORUMS, circle, t, at
        for (p = 0; p < POSTS; p++) {
            # Every fourth post quotes the one before it.
            quote = p % 4 == 3 ? sprintf("[quote post=p%d]\\nsaid it in turn\\n[/quote]\\n\\n", t * POSTS + p - 1) : ""
            printf "{\"type\":\"post\",\"id\":\"p%d\",\"thread\":\"t%d\",\"author\":\"m%d\",\"body\":\"%s%s\",\"created_at\":\"%s\"}\n", t * POSTS + p, t, circle + p, quote, text, at
        }
    }
}
