-- A list of one forum's or one author's threads is asked for as a range of an index that these lead, all in one direction: so no plan
-- looks for the threads of a small forum among all that are in the order of the list. Made before the others go: reads do not wait.
CREATE INDEX threads_in_forum_by_last_post ON threads (forum_id, last_post_at, id);
CREATE INDEX threads_in_forum_by_created ON threads (forum_id, created_at, id);
CREATE INDEX threads_in_forum_by_posts ON threads (forum_id, post_count, id);
CREATE INDEX threads_in_forum_by_likes ON threads (forum_id, like_count, id);
CREATE INDEX threads_in_forum_by_views ON threads (forum_id, view_count, id);
CREATE INDEX threads_by_author_by_created ON threads (author_id, created_at, id);
DROP INDEX threads_of_forum_by_last_post, threads_of_forum_by_created, threads_of_author_by_created;
DROP INDEX threads_of_forum_by_posts, threads_of_forum_by_likes, threads_of_forum_by_views;
ALTER INDEX threads_in_forum_by_last_post RENAME TO threads_of_forum_by_last_post;
ALTER INDEX threads_in_forum_by_created RENAME TO threads_of_forum_by_created;
ALTER INDEX threads_in_forum_by_posts RENAME TO threads_of_forum_by_posts;
ALTER INDEX threads_in_forum_by_likes RENAME TO threads_of_forum_by_likes;
ALTER INDEX threads_in_forum_by_views RENAME TO threads_of_forum_by_views;
ALTER INDEX threads_by_author_by_created RENAME TO threads_of_author_by_created;
