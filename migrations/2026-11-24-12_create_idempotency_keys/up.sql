-- The first answer to each request that came with an Idempotency-Key, written in the transaction of its work.
CREATE TABLE idempotency_keys (
    -- 0 for guests: their key is a hash that their body is part of.
    member_id bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    -- SHA-256 of method, path and body: the same key with another request is refused.
    request_hash bytea NOT NULL,
    status smallint NOT NULL,
    location text,
    etag text,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (member_id, key),
    CONSTRAINT idempotency_keys_only_successes CHECK (status BETWEEN 200 AND 299)
);

-- Those that are older than a day are removed.
CREATE INDEX idempotency_keys_by_created ON idempotency_keys (created_at);
