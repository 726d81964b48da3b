-- What is said of the whole forum: one row, made when the schema is.
CREATE TABLE site (
    id smallint NOT NULL DEFAULT 1,
    uuid uuid NOT NULL DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- The forum and the administrator of the first start: an archive that is imported into an empty forum takes
    -- their place, if nobody has touched them.
    first_forum_id bigint,
    first_member_id bigint,
    CONSTRAINT site_pkey PRIMARY KEY (id),
    CONSTRAINT site_has_one_row CHECK (id = 1)
);

INSERT INTO site DEFAULT VALUES;
