-- The earlier bodies of a post: number n is the body of version n. The present body stands in the post itself.
CREATE TABLE revisions (
    thread_id bigint NOT NULL,
    post_id bigint NOT NULL,
    number bigint NOT NULL,
    body text NOT NULL,
    -- Who made this body, when and why; of number 1 the author, at the post's own time.
    edited_by bigint,
    edited_at timestamptz NOT NULL,
    reason text,
    CONSTRAINT revisions_pkey PRIMARY KEY (thread_id, post_id, number),
    CONSTRAINT revisions_post_fkey FOREIGN KEY (thread_id, post_id) REFERENCES posts (thread_id, id) ON DELETE CASCADE,
    CONSTRAINT revisions_edited_by_fkey FOREIGN KEY (edited_by) REFERENCES members (id),
    CONSTRAINT revisions_number_from_one CHECK (number >= 1)
);
