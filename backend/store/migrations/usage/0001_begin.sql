-- +goose Up
-- What happened. seq is the arrival of the request in unix nanoseconds, taken
-- from its id; where two share one, the later counts on. Rows are appended and
-- have no index: a row is a packed receipt (usage, pack.go), which costs a
-- third of what columns and their indexes did.
CREATE TABLE requests (
    seq  INTEGER PRIMARY KEY,
    body BLOB NOT NULL                -- the brief: what lists show
) STRICT;

CREATE TABLE receipts (
    seq  INTEGER PRIMARY KEY,
    body BLOB NOT NULL                -- the detail: what only the receipt shows
) STRICT;

-- A coarse index instead. Spans cut the requests into stretches of some
-- hundred; one reaches from its start to the next one's. A mark says that a
-- span holds requests with a certain model, key, status …, see marks.go.
CREATE TABLE spans (
    start INTEGER PRIMARY KEY         -- seq
) STRICT;

INSERT INTO spans (start) VALUES (0);

CREATE TABLE marks (
    what  INTEGER NOT NULL,
    value TEXT NOT NULL,
    span  INTEGER NOT NULL,           -- its start
    PRIMARY KEY (what, value, span)
) STRICT, WITHOUT ROWID;

CREATE INDEX marks_span ON marks (span);

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
