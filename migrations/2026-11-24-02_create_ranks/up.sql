-- The ladder of ranks: a member's rank is the highest one whose `from_posts` its post count reaches.
CREATE TABLE ranks (
    from_posts bigint NOT NULL,
    name text NOT NULL,
    CONSTRAINT ranks_pkey PRIMARY KEY (from_posts),
    CONSTRAINT ranks_name_key UNIQUE (name),
    CONSTRAINT ranks_from_posts_not_negative CHECK (from_posts >= 0)
);

INSERT INTO ranks (from_posts, name)
VALUES (0, 'New Member'), (100, 'Regular Member'), (1000, 'Senior Member');
