-- GET /threads?forum= by posts, likes and views. Without these a list of a small forum is looked for among all threads. They cost a
-- reply, a like and a batch of views three entries more: what those change is in an index already, so no update of a thread is
-- spared its indexes in any case, and a column more in an index makes none of them heap-only that was not.
CREATE INDEX threads_of_forum_by_posts ON threads (forum_id, post_count DESC, id DESC);
CREATE INDEX threads_of_forum_by_likes ON threads (forum_id, like_count DESC, id DESC);
CREATE INDEX threads_of_forum_by_views ON threads (forum_id, view_count DESC, id DESC);
-- ?kind=article in the same orders: a discussion has no entry in these.
CREATE INDEX threads_articles_by_posts ON threads (post_count DESC, id DESC) WHERE kind = 'article';
CREATE INDEX threads_articles_by_likes ON threads (like_count DESC, id DESC) WHERE kind = 'article';
CREATE INDEX threads_articles_by_views ON threads (view_count DESC, id DESC) WHERE kind = 'article';
