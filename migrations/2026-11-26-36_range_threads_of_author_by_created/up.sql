CREATE INDEX new_threads_of_author_by_created ON threads (author_id ASC, created_at, id);
