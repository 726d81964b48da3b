CREATE INDEX new_threads_of_forum_by_views ON threads (forum_id ASC, view_count, id);
