-- What an archive's ids became here, so that importing it again, or a longer one, changes nothing twice.
CREATE TABLE archive_ids (
    source text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    archive_id text COLLATE "C" NOT NULL,
    our_id bigint NOT NULL,
    -- False while only a quote has named it: the id is kept for the post, should it come.
    present boolean NOT NULL DEFAULT true,
    CONSTRAINT archive_ids_pkey PRIMARY KEY (source, kind, archive_id)
);

-- Totals that an archive showed for its members: what is kept beside our own counters is what they exceed the rows by.
CREATE TABLE archive_totals (
    source text COLLATE "C" NOT NULL,
    member_id bigint NOT NULL,
    post_count bigint,
    likes_received bigint,
    CONSTRAINT archive_totals_pkey PRIMARY KEY (source, member_id),
    CONSTRAINT archive_totals_member_id_fkey FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE
);
