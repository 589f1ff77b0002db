-- Instants are nanoseconds since 1970.
CREATE TABLE room (
    key              INTEGER PRIMARY KEY,
    id               TEXT    NOT NULL UNIQUE,
    muted            INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    -- Where the log ends. Kept here, so that pruning does not start the numbers again.
    last_seq         INTEGER NOT NULL DEFAULT 0,
    last_received_at INTEGER
) STRICT;

CREATE TABLE counter (
    room       INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    place      INTEGER NOT NULL,
    key        TEXT    NOT NULL,
    value      INTEGER NOT NULL DEFAULT 0,
    version    INTEGER NOT NULL DEFAULT 0,
    updated_at INTEGER NOT NULL,
    disabled   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
    key         INTEGER PRIMARY KEY,
    room        INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    id          TEXT    NOT NULL,
    user        TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    json        BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX message_seq ON message (room, seq);
CREATE UNIQUE INDEX message_id ON message (room, id);
CREATE UNIQUE INDEX message_time ON message (room, received_at);
-- A page of a rare type must not walk over all the others.
CREATE INDEX message_kind ON message (room, kind, received_at);
