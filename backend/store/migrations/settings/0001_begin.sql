-- +goose Up
-- Everything the user decided. Secrets are in the vault, keys of ours are hashes.
CREATE TABLE provider_connections (
    id            TEXT PRIMARY KEY,
    provider      TEXT NOT NULL,
    auth_type     TEXT NOT NULL,
    name          TEXT NOT NULL,
    priority      INTEGER NOT NULL,
    is_active     INTEGER NOT NULL,
    base_url      TEXT NOT NULL,
    params        TEXT NOT NULL,  -- JSON object
    default_model TEXT NOT NULL,
    has_secret    INTEGER NOT NULL,
    models        TEXT,           -- JSON array, NULL = never asked
    models_at     TEXT,
    created_at    TEXT NOT NULL,
    updated_at    TEXT NOT NULL
) STRICT;

CREATE TABLE provider_nodes (
    id         TEXT PRIMARY KEY,
    type       TEXT NOT NULL,
    name       TEXT NOT NULL,
    prefix     TEXT NOT NULL,
    api_type   TEXT NOT NULL,
    base_url   TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE combos (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    models     TEXT NOT NULL,     -- JSON array of {model, weight}
    strategy   TEXT NOT NULL,
    config     TEXT,              -- JSON object, NULL = defaults
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    hash           TEXT NOT NULL,
    masked         TEXT NOT NULL,
    allowed_models TEXT NOT NULL, -- JSON array
    disabled       INTEGER NOT NULL,
    expires_at     TEXT,
    created_at     TEXT NOT NULL
) STRICT;

CREATE TABLE revoked_keys (
    hash       TEXT PRIMARY KEY,
    revoked_at TEXT NOT NULL
) STRICT;

CREATE TABLE aliases (
    pattern  TEXT PRIMARY KEY,
    target   TEXT NOT NULL,
    position INTEGER NOT NULL
) STRICT;

CREATE TABLE custom_models (
    provider TEXT NOT NULL,
    model    TEXT NOT NULL,
    name     TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (provider, model)
) STRICT;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL           -- JSON
) STRICT;

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO meta (key, value) VALUES ('revision', 0);

CREATE TABLE sessions (
    hash    TEXT PRIMARY KEY,
    csrf    TEXT NOT NULL,
    created INTEGER NOT NULL,     -- unix milliseconds
    seen    INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    agent   TEXT NOT NULL
) STRICT;
