-- +goose Up
-- What happened. seq is the arrival of the request in unix nanoseconds, taken
-- from its id; where two share one, the later counts on.
CREATE TABLE requests (
    seq             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL,
    path            TEXT NOT NULL,
    client_format   TEXT NOT NULL,
    upstream_format TEXT NOT NULL,
    road            TEXT NOT NULL,
    stream          INTEGER NOT NULL,
    agent           TEXT NOT NULL,
    key_id          TEXT NOT NULL,
    requested_model TEXT NOT NULL,
    combo           TEXT NOT NULL,
    answered_by     TEXT NOT NULL,
    provider        TEXT NOT NULL,
    account         TEXT NOT NULL,
    model           TEXT NOT NULL,
    status          INTEGER NOT NULL, -- HTTP, 0 = interrupted
    kind            TEXT NOT NULL,    -- '' = success
    error           TEXT NOT NULL,
    input           INTEGER NOT NULL,
    output          INTEGER NOT NULL,
    cache_read      INTEGER NOT NULL,
    cache_write     INTEGER NOT NULL,
    cache_long      INTEGER NOT NULL,
    reasoning       INTEGER NOT NULL,
    estimated       INTEGER NOT NULL,
    cost_micros     INTEGER,          -- NULL = a price is missing
    cost_basis      TEXT NOT NULL,
    cache           TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    ttft_ms         INTEGER NOT NULL, -- 0 = nothing was sent
    total_ms        INTEGER NOT NULL
) STRICT;

-- Every index ends with seq by itself, so that "newest of these" is a walk.
CREATE INDEX requests_requested ON requests (requested_model);
CREATE INDEX requests_model ON requests (model);
CREATE INDEX requests_provider ON requests (provider);
CREATE INDEX requests_key ON requests (key_id) WHERE key_id <> '';
CREATE INDEX requests_combo ON requests (combo) WHERE combo <> '';
CREATE INDEX requests_failed ON requests (seq) WHERE kind <> '';
CREATE INDEX requests_status ON requests (status) WHERE kind <> '';

CREATE TABLE receipts (
    seq  INTEGER PRIMARY KEY,
    body BLOB NOT NULL                -- JSON
) STRICT;

CREATE TABLE rollups (
    hour        INTEGER NOT NULL,     -- unix seconds / 3600
    provider    TEXT NOT NULL,
    account     TEXT NOT NULL,
    model       TEXT NOT NULL,        -- answering model
    key_id      TEXT NOT NULL,
    combo       TEXT NOT NULL,
    requests    INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    input       INTEGER NOT NULL,
    output      INTEGER NOT NULL,
    cache_read  INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    reasoning   INTEGER NOT NULL,
    cost_micros INTEGER NOT NULL,
    unpriced    INTEGER NOT NULL,
    total_ms    INTEGER NOT NULL,
    PRIMARY KEY (hour, provider, account, model, key_id, combo)
) STRICT, WITHOUT ROWID;

-- Small things that rooms want back after a restart, and can lose.
CREATE TABLE state (
    name  TEXT PRIMARY KEY,
    body  BLOB NOT NULL,
    saved INTEGER NOT NULL            -- unix milliseconds
) STRICT;
