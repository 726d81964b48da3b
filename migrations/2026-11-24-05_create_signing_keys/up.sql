-- Keys that sign access tokens. A key is published before it signs, and verified until its last token has ended.
CREATE TABLE signing_keys (
    kid text NOT NULL,
    -- Ed25519: 32 bytes.
    public_key bytea NOT NULL,
    -- The seed, sealed with a key derived from the operator's secret.
    sealed_private_key bytea NOT NULL,
    created_at timestamptz NOT NULL,
    signs_from timestamptz NOT NULL,
    CONSTRAINT signing_keys_pkey PRIMARY KEY (kid)
);
