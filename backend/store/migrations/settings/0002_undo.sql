-- +goose Up
-- The last characters of a stored key, to recognise it; never more than a few.
ALTER TABLE provider_connections ADD COLUMN key_hint TEXT NOT NULL DEFAULT '';

-- Connections that were deleted and whose secret is still in the vault, so
-- that a deletion can be undone. What stands here at a start is forgotten.
CREATE TABLE discarded_secrets (
    id           TEXT PRIMARY KEY, -- of the connection
    discarded_at TEXT NOT NULL
) STRICT;
