-- The nodes that serve this forum now: each says so every few seconds. They share what limits of use allow.
CREATE TABLE nodes (
    id uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    CONSTRAINT nodes_pkey PRIMARY KEY (id)
);
