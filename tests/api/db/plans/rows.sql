-- A forum with many of everything, as skewed as forums are: N = 20,000 threads and as many members, a thread of 20,000 posts, a post
-- that 5,000 like, a member who wrote, liked and began a great part of all. Ids are known: from 1 on.

-- Any number below 19,999, the same for the same two.
CREATE FUNCTION any_number(i int, what int) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    'SELECT abs(hashint4(i + 100000 * what)::bigint) % 19999';

INSERT INTO forums (id, slug, title, thread_count, post_count) SELECT i, 'forum-' || i, 'Forum ' || i, 1, 1 FROM generate_series(1, 8) i;

INSERT INTO members (id, username, username_key, joined_at, posts_elsewhere, likes_elsewhere)
SELECT i, (ARRAY['anna', 'boris'])[1 + i % 2] || ' ' || i, (ARRAY['anna', 'boris'])[1 + i % 2] || ' ' || i,
       now() - interval '1 minute' * any_number(i, 1), any_number(i, 2), any_number(i, 3)
FROM generate_series(1, 20000) i;

-- Every other thread is in forum 1, forum 8 has one in sixty. One in a hundred is an article. Half of all have the tag `often`, one in two
-- hundred `seldom`, three `rare`. Every tenth is member 1's.
INSERT INTO threads (id, forum_id, kind, title, slug, author_id, tags, post_count, like_count, view_count, highest_position,
                     created_at, last_post_at, deleted_at, deleted_by)
SELECT i, CASE WHEN i % 2 = 0 THEN 1 WHEN i % 31 = 0 THEN 8 ELSE 2 + i % 6 END,
       CASE WHEN i % 100 = 0 THEN 'article' ELSE 'discussion' END, 'Thread ' || i, 'thread-' || i,
       CASE WHEN i % 10 = 0 THEN 1 ELSE 2 + any_number(i, 4) END,
       CASE WHEN i <= 3 THEN '{rare}'::text[] WHEN i % 200 = 0 THEN '{seldom,often}' WHEN i % 2 = 0 THEN '{often}' ELSE '{}' END,
       CASE WHEN i = 1 THEN 20000 ELSE 1 + i % 3 END, any_number(i, 1), any_number(i, 2), CASE WHEN i = 1 THEN 20000 ELSE 1 + i % 3 END,
       '2020-01-01'::timestamptz + interval '1 hour' * i,
       '2020-01-01'::timestamptz + interval '1 hour' * i + interval '1 minute' * any_number(i, 3),
       CASE WHEN i % 97 = 0 THEN now() END, CASE WHEN i % 97 = 0 THEN 1 END
FROM generate_series(1, 20000) i;

-- Posts 1 to 20,000 are those of thread 1.
INSERT INTO posts (thread_id, id, position, author_id, body, html, text, renderer, mentions, like_count, created_at, version, last_edit_at, edit_count)
SELECT 1, i, i, CASE WHEN i % 4 = 0 THEN 1 ELSE 2 + any_number(i, 4) END, 'Words.',
       CASE WHEN i % 2 = 0 THEN '<blockquote data-post="' || i - 1 || '"><p>Words.</p></blockquote>' ELSE '<p>Words.</p>' END, 'Words.', 1, '{2}', 0,
       '2020-01-01'::timestamptz + interval '1 minute' * i, CASE WHEN i = 1 THEN 2001 ELSE 1 END, CASE WHEN i = 1 THEN now() END,
       CASE WHEN i = 1 THEN 2000 ELSE 0 END
FROM generate_series(1, 20000) i;
INSERT INTO posts (thread_id, id, position, author_id, body, html, text, renderer, created_at)
SELECT t.id, 20000 + t.id * 3 + p, p, CASE WHEN t.id % 4 = 0 THEN 1 ELSE 2 + any_number(t.id::int, 4) END, 'Words.', '<p>Words.</p>', 'Words.', 1,
       t.created_at + interval '1 minute' * p
FROM threads t, generate_series(1, t.post_count) p WHERE t.id > 1;
UPDATE threads SET last_post_id = p.id, last_post_position = p.position, last_post_author_id = p.author_id
FROM posts p WHERE p.thread_id = threads.id AND p.position = threads.highest_position;
UPDATE forums SET last_thread_id = (SELECT id FROM threads WHERE forum_id = forums.id ORDER BY last_post_at DESC LIMIT 1);

INSERT INTO quotes (thread_id, post_id, ordinal, quoted_post_id, excerpt)
SELECT 1, i, 1, i - 1, 'Words.' FROM generate_series(2, 20000) i WHERE i % 2 = 0;
INSERT INTO likes (thread_id, post_id, member_id, created_at)
SELECT 1, 1, i, now() - interval '1 minute' * i FROM generate_series(1, 5000) i;
INSERT INTO likes (thread_id, post_id, member_id, created_at)
SELECT 1, i, CASE WHEN i % 3 = 0 THEN 1 ELSE 2 + any_number(i, 4) END, now() - interval '1 second' * i FROM generate_series(2, 20000) i;
UPDATE posts SET like_count = 1 WHERE thread_id = 1 AND id > 1;
INSERT INTO revisions (thread_id, post_id, number, body, edited_by, edited_at)
SELECT 1, 1, i, 'Words.', 1, now() - interval '1 hour' FROM generate_series(1, 2000) i;
INSERT INTO revisions (thread_id, post_id, number, body, edited_at)
SELECT 1, i, 1, 'Words.', now() - interval '1 hour' FROM generate_series(2, 5000) i;

INSERT INTO sessions (member_id, scopes, created_at, last_used_at, expires_at)
SELECT 1 + i % 5000, '{read}', now(), now(), now() + interval '30 days' FROM generate_series(1, 10000) i;
INSERT INTO tokens (member_id, name, token_hash, scopes, created_at)
SELECT 1 + i % 5000, 'A program', sha256(i::text::bytea), '{read}', now() FROM generate_series(1, 10000) i;

SELECT setval(pg_get_serial_sequence(name, 'id'), 1000000)
FROM unnest('{forums,members,threads,posts,sessions,tokens}'::text[]) name;
ANALYZE;
