CREATE TABLE mail_counts (
    address_hash bytea NOT NULL,
    since timestamptz NOT NULL,
    count integer NOT NULL,
    CONSTRAINT mail_counts_pkey PRIMARY KEY (address_hash)
);

CREATE INDEX mail_counts_by_since ON mail_counts (since);
DROP TABLE mail_times;
