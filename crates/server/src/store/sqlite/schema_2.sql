-- What moderators do. The text of what is deleted is to be gone from the file too: see `secure_delete`.
-- Who gets to see a message: 0 everybody, 1 its author, 2 nobody, as it was deleted.
ALTER TABLE message ADD COLUMN audience INTEGER NOT NULL DEFAULT 0;

-- A page must not walk over what its reader does not get to see.
DROP INDEX message_kind;
CREATE INDEX message_shown ON message (room, received_at) WHERE audience = 0;
CREATE INDEX message_shown_kind ON message (room, kind, received_at) WHERE audience = 0;
CREATE INDEX message_own ON message (room, user, received_at) WHERE audience = 1;

ALTER TABLE room ADD COLUMN viewers_shown INTEGER NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN viewers_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN viewers_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN viewers_at INTEGER;

CREATE INDEX room_age ON room (created_at, key);

CREATE TABLE blocked_user (
    place INTEGER PRIMARY KEY,
    room  INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    user  TEXT    NOT NULL,
    json  TEXT    NOT NULL,
    UNIQUE (room, user)
) STRICT;

CREATE TABLE pinned_message (
    place   INTEGER PRIMARY KEY,
    room    INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    message TEXT    NOT NULL,
    json    TEXT    NOT NULL,
    UNIQUE (room, message)
) STRICT;

CREATE TABLE name (
    room INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    user TEXT    NOT NULL,
    name TEXT    NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE poll (
    key    INTEGER PRIMARY KEY AUTOINCREMENT,
    room   INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    id     TEXT    NOT NULL,
    status TEXT    NOT NULL,
    -- How many people voted.
    votes  INTEGER NOT NULL DEFAULT 0,
    -- The poll without its counts.
    json   TEXT    NOT NULL,
    UNIQUE (room, id)
) STRICT;

CREATE INDEX poll_of_room ON poll (room, key);
CREATE INDEX poll_active ON poll (room) WHERE status = 'POLL_STATUS_ACTIVE';

CREATE TABLE poll_vote (
    poll   INTEGER NOT NULL REFERENCES poll (key) ON DELETE CASCADE,
    user   TEXT    NOT NULL,
    option TEXT    NOT NULL,
    PRIMARY KEY (poll, user, option)
) STRICT, WITHOUT ROWID;

-- Counted as votes come, so that a poll can be read often.
CREATE TABLE poll_count (
    poll   INTEGER NOT NULL REFERENCES poll (key) ON DELETE CASCADE,
    option TEXT    NOT NULL,
    votes  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (poll, option)
) STRICT, WITHOUT ROWID;

CREATE TABLE dictionary (
    key         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    patterns    INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE pattern (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    dictionary INTEGER NOT NULL REFERENCES dictionary (key) ON DELETE CASCADE,
    id         TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    UNIQUE (dictionary, id),
    UNIQUE (dictionary, text)
) STRICT;

CREATE INDEX pattern_order ON pattern (dictionary, key);

CREATE TABLE room_dictionary (
    room       INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    dictionary TEXT    NOT NULL REFERENCES dictionary (id) ON DELETE CASCADE,
    PRIMARY KEY (room, dictionary)
) STRICT, WITHOUT ROWID;

CREATE TABLE room_sticker_pack (
    room    INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    pack    TEXT    NOT NULL,
    enabled INTEGER NOT NULL,
    PRIMARY KEY (room, pack)
) STRICT, WITHOUT ROWID;
