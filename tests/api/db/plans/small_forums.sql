-- Fifty forums of 400 threads each, with titles as long as people make them, which nobody has liked or seen yet; all of
-- one member among many.
INSERT INTO forums (id, slug, title) SELECT i, 'forum-' || i, 'Forum ' || i FROM generate_series(1, 50) i;
INSERT INTO members (id, username, username_key, joined_at) SELECT i, 'anna ' || i, 'anna ' || i, now() FROM generate_series(1, 20000) i;
INSERT INTO threads (id, forum_id, kind, title, slug, author_id, post_count, highest_position, created_at, last_post_at)
SELECT i, 1 + i % 50, 'discussion', 'Who says first what has to be said of thread ' || i || ', and what was said of it before?',
       'who-says-first-what-has-to-be-said-of-thread-' || i || '-and-what-was-said-of-it-before', 1, 1, 1, at, at
FROM generate_series(1, 20000) i, LATERAL (SELECT '2020-01-01'::timestamptz + interval '1 hour' * i AS at) made;
ANALYZE;
