DROP INDEX threads_of_forum_by_last_post, threads_of_forum_by_created, threads_of_author_by_created;
DROP INDEX threads_of_forum_by_posts, threads_of_forum_by_likes, threads_of_forum_by_views;
CREATE INDEX threads_of_forum_by_last_post ON threads (forum_id, last_post_at DESC, id DESC);
CREATE INDEX threads_of_forum_by_created ON threads (forum_id, created_at DESC, id DESC);
CREATE INDEX threads_of_forum_by_posts ON threads (forum_id, post_count DESC, id DESC);
CREATE INDEX threads_of_forum_by_likes ON threads (forum_id, like_count DESC, id DESC);
CREATE INDEX threads_of_forum_by_views ON threads (forum_id, view_count DESC, id DESC);
CREATE INDEX threads_of_author_by_created ON threads (author_id, created_at DESC, id DESC);
