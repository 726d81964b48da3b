CREATE INDEX new_threads_of_forum_by_likes ON threads (forum_id ASC, like_count, id);
