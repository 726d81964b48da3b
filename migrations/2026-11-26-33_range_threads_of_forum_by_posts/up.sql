CREATE INDEX new_threads_of_forum_by_posts ON threads (forum_id ASC, post_count, id);
