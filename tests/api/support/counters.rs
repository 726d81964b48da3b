//! Holds every counter against the rows that it counts.

use super::App;

/// Each statement lists what is wrong, so it gives nothing where all is well.
const FAULTS: [&str; 4] = [
    // A thread counts its posts that are not deleted, and their likes; the last of them is its last post.
    "SELECT format('thread %s: posts %s of %s, likes %s of %s, positions %s of %s, last %s of %s', t.id, t.post_count, c.posts,
                   t.like_count, c.likes, t.highest_position, c.highest,
                   (t.last_post_id, t.last_post_position, t.last_post_author_id, t.last_post_at),
                   (l.id, l.position, l.author_id, l.created_at))
     FROM threads t
     CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE deleted_at IS NULL) AS posts, coalesce(max(position), 0) AS highest,
                coalesce(sum(like_count) FILTER (WHERE deleted_at IS NULL), 0) AS likes
         FROM posts WHERE thread_id = t.id
     ) c
     LEFT JOIN LATERAL (
         SELECT id, position, author_id, created_at FROM posts
         WHERE thread_id = t.id AND deleted_at IS NULL ORDER BY position DESC LIMIT 1
     ) l ON true
     WHERE (t.post_count, t.like_count, t.highest_position) IS DISTINCT FROM (c.posts, c.likes, c.highest)
        OR (t.last_post_id, t.last_post_position, t.last_post_author_id, t.last_post_at)
           IS DISTINCT FROM (l.id, l.position, l.author_id, coalesce(l.created_at, t.created_at))",
    // A forum counts its threads that are not deleted; the last one is any of those with the latest post.
    "SELECT format('forum %s: threads %s of %s, posts %s of %s, last %s at %s of %s', f.id, f.thread_count, c.threads,
                   f.post_count, c.posts, f.last_thread_id, f.last_post_at, c.last_at)
     FROM forums f
     CROSS JOIN LATERAL (
         SELECT count(*) AS threads, coalesce(sum(post_count), 0) AS posts, max(last_post_at) AS last_at
         FROM threads WHERE forum_id = f.id AND deleted_at IS NULL
     ) c
     WHERE (f.thread_count, f.post_count) IS DISTINCT FROM (c.threads, c.posts)
        OR f.last_post_at IS DISTINCT FROM c.last_at
        OR (f.last_thread_id IS NULL) <> (c.last_at IS NULL)
        OR f.last_thread_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM threads t
            WHERE t.id = f.last_thread_id AND t.forum_id = f.id AND t.deleted_at IS NULL AND t.last_post_at = c.last_at
        )",
    // A member counts its posts that are not deleted, in deleted threads too, and their likes.
    "SELECT format('member %s: posts %s of %s, likes %s of %s', m.id, m.post_count, c.posts, m.likes_received, c.likes)
     FROM members m
     CROSS JOIN LATERAL (
         SELECT count(*) AS posts, coalesce(sum(like_count), 0) AS likes
         FROM posts WHERE author_id = m.id AND deleted_at IS NULL
     ) c
     WHERE (m.post_count, m.likes_received) IS DISTINCT FROM (c.posts, c.likes)",
    // A post counts its likes, deleted or not.
    "SELECT format('post %s: likes %s of %s', p.id, p.like_count, c.likes)
     FROM posts p
     CROSS JOIN LATERAL (
         SELECT count(*) AS likes FROM likes l WHERE l.thread_id = p.thread_id AND l.post_id = p.id
     ) c
     WHERE p.like_count <> c.likes",
];

impl App {
    /// Panics where a counter is not what its rows say.
    pub async fn counters_are_exact(&self) {
        let client = self.sql().await;
        for sql in FAULTS {
            let rows = client.query(sql, &[]).await.unwrap();
            let faults: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            assert!(faults.is_empty(), "{faults:#?}");
        }
    }
}
