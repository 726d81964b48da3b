-- GET /threads?forum= by posts, likes and views: without these the list of a small forum is looked for among all threads, or all of
-- a large one is put in order. They are dear: an update of a thread by a reply, a like or a batch of views writes 14 records of the
-- log instead of 11. But it makes no update longer than one of a row whose indexes all change, as it does already: each of them
-- changes a column that has an index, so none is heap-only (HOT) with these or without.
CREATE INDEX threads_of_forum_by_posts ON threads (forum_id, post_count DESC, id DESC);
CREATE INDEX threads_of_forum_by_likes ON threads (forum_id, like_count DESC, id DESC);
CREATE INDEX threads_of_forum_by_views ON threads (forum_id, view_count DESC, id DESC);
-- ?kind=article in the same orders: a discussion has no entry in these.
CREATE INDEX threads_articles_by_posts ON threads (post_count DESC, id DESC) WHERE kind = 'article';
CREATE INDEX threads_articles_by_likes ON threads (like_count DESC, id DESC) WHERE kind = 'article';
CREATE INDEX threads_articles_by_views ON threads (view_count DESC, id DESC) WHERE kind = 'article';
