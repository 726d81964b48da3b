-- Mails that are to be sent, written in the transaction of the act that they tell of. One that is sent is deleted.
CREATE TABLE mails (
    id uuid NOT NULL,
    -- Whose it is: it goes with the account. Null while nobody has been looked up for it.
    member_id bigint,
    -- Kind, address and token, sealed with a key derived from the operator's secret.
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    CONSTRAINT mails_pkey PRIMARY KEY (id),
    CONSTRAINT mails_member_id_fkey FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE,
    CONSTRAINT mails_attempts_not_negative CHECK (attempts >= 0)
);

-- What is due, the longest waiting first.
CREATE INDEX mails_by_next_attempt ON mails (next_attempt_at);
-- Removing those of an account.
CREATE INDEX mails_by_member ON mails (member_id);

-- What the links in mails hold. A member has one for each purpose: a new one takes the place of the old.
CREATE TABLE mail_tokens (
    member_id bigint NOT NULL,
    purpose text NOT NULL,
    -- SHA-256 of the token: 256 bits of chance need no slower one.
    token_hash bytea NOT NULL,
    -- The address that it was sent to.
    email text NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT mail_tokens_pkey PRIMARY KEY (member_id, purpose),
    -- A token is looked up by this.
    CONSTRAINT mail_tokens_token_hash_key UNIQUE (token_hash),
    CONSTRAINT mail_tokens_purpose_known CHECK (purpose IN ('verify', 'reset')),
    CONSTRAINT mail_tokens_member_id_fkey FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE
);

-- Those that have expired are removed.
CREATE INDEX mail_tokens_by_expiry ON mail_tokens (expires_at);

-- How many mails of a kind were written to an address since a time, so that nobody is flooded.
CREATE TABLE mail_counts (
    -- A keyed hash of kind and address.
    address_hash bytea NOT NULL,
    since timestamptz NOT NULL,
    count integer NOT NULL,
    CONSTRAINT mail_counts_pkey PRIMARY KEY (address_hash)
);

-- Those that are older than an hour are removed.
CREATE INDEX mail_counts_by_since ON mail_counts (since);
