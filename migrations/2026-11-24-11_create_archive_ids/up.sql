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
