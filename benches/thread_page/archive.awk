# Makes up a forum as an archive: THREADS threads of POSTS posts, by MEMBERS members. A page of 20 posts is about 29 kB of JSON.

BEGIN {
    print "{\"type\":\"archive\",\"version\":1,\"source\":\"bench\"}"
    print "{\"type\":\"forum\",\"id\":\"f\",\"slug\":\"bench\",\"title\":\"Bench\"}"
    for (m = 0; m < MEMBERS; m++)
        printf "{\"type\":\"member\",\"id\":\"m%d\",\"username\":\"member %d\",\"joined_at\":\"2020-01-01T00:00:00Z\"}\n", m, m
    words = "the moot sat long that day and each one who had a word to say said it in turn under the old tree by the ford "
    text = words words words
    for (t = 0; t < THREADS; t++) {
        at = sprintf("2021-01-01T%02d:%02d:%02dZ", t / 3600 % 24, t / 60 % 60, t % 60)
        printf "{\"type\":\"thread\",\"id\":\"t%d\",\"forum\":\"f\",\"author\":\"m%d\",\"kind\":\"discussion\",\"title\":\"Thread number %d\",\"tags\":[],\"created_at\":\"%s\"}\n", t, t % MEMBERS, t, at
        for (p = 0; p < POSTS; p++) {
            # Every fourth post quotes the one before it.
            quote = p % 4 == 3 ? sprintf("[quote post=p%d]\\nsaid it in turn\\n[/quote]\\n\\n", t * POSTS + p - 1) : ""
            printf "{\"type\":\"post\",\"id\":\"p%d\",\"thread\":\"t%d\",\"author\":\"m%d\",\"body\":\"%s%s\",\"created_at\":\"%s\"}\n", t * POSTS + p, t, (t * 7 + p) % MEMBERS, quote, text, at
        }
    }
}
