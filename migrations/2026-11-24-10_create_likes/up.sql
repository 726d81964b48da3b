CREATE TABLE likes (
    thread_id bigint NOT NULL,
    post_id bigint NOT NULL,
    member_id bigint NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT likes_pkey PRIMARY KEY (thread_id, post_id, member_id),
    CONSTRAINT likes_post_fkey FOREIGN KEY (thread_id, post_id) REFERENCES posts (thread_id, id) ON DELETE CASCADE,
    CONSTRAINT likes_member_id_fkey FOREIGN KEY (member_id) REFERENCES members (id)
);

-- GET /posts/{post_id}/likes, newest first.
CREATE INDEX likes_of_post_by_created ON likes (thread_id, post_id, created_at DESC, member_id DESC);
-- GET /members/{member_id}/likes, newest first.
CREATE INDEX likes_of_member_by_created ON likes (member_id, created_at DESC, post_id DESC);
