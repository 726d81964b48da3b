CREATE INDEX new_threads_of_forum_by_created ON threads (forum_id ASC, created_at, id);
