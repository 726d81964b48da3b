-- When mails of a kind were written to an address, so that nobody is flooded. The hour that is looked at moves along: a count that
-- begins anew each hour would let twice as many through at its edge.
CREATE TABLE mail_times (
    -- A keyed hash of kind and address, or of kind, member and address.
    counted_hash bytea NOT NULL,
    mail_id uuid NOT NULL,
    written_at timestamptz NOT NULL,
    CONSTRAINT mail_times_pkey PRIMARY KEY (counted_hash, mail_id)
);

-- Those that are older than an hour are removed.
CREATE INDEX mail_times_by_time ON mail_times (written_at);

-- `mail_counts` stays for nodes of the version before; a later migration removes it.
