-- What a room is besides its messages. Instants are nanoseconds since 1970.
ALTER TABLE room ADD COLUMN viewers_shown INTEGER NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN viewers INTEGER NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN viewers_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN viewers_at INTEGER;

CREATE INDEX room_age ON room (created_at);

-- 0: everybody sees it; 1: its author alone; 2: deleted, nobody.
ALTER TABLE message ADD COLUMN audience INTEGER NOT NULL DEFAULT 0;

-- A page for everybody walks over nothing that it does not show, neither over hidden messages nor over deleted ones.
DROP INDEX message_time;
DROP INDEX message_kind;
CREATE UNIQUE INDEX message_audience ON message (room, audience, received_at);
CREATE INDEX message_audience_kind ON message (room, kind, received_at) WHERE audience = 0;
-- What its author alone sees is few: it is found by the author, and merged.
CREATE INDEX message_own ON message (room, user, received_at) WHERE audience = 1;
CREATE INDEX message_own_kind ON message (room, user, kind, received_at) WHERE audience = 1;

-- Their keys are the order in which they came. `json` is the person or the pin as clients get it.
CREATE TABLE blocked_user (
    key  INTEGER PRIMARY KEY,
    room INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    user TEXT    NOT NULL,
    json BLOB    NOT NULL,
    UNIQUE (room, user)
) STRICT;

CREATE TABLE pinned_message (
    key     INTEGER PRIMARY KEY,
    room    INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    -- Its id. Not a reference: what is pinned stays when its message is pruned.
    message TEXT    NOT NULL,
    json    BLOB    NOT NULL,
    UNIQUE (room, message)
) STRICT;

CREATE TABLE member_name (
    room INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    user TEXT    NOT NULL,
    name TEXT    NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

-- `json` is the poll without its counts.
CREATE TABLE poll (
    key    INTEGER PRIMARY KEY,
    room   INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    id     TEXT    NOT NULL,
    active INTEGER NOT NULL,
    voters INTEGER NOT NULL DEFAULT 0,
    json   BLOB    NOT NULL,
    UNIQUE (room, id)
) STRICT;

-- With the key, which every index ends with, it is the order of a room's polls.
CREATE INDEX poll_order ON poll (room);
CREATE INDEX poll_active ON poll (room) WHERE active = 1;

CREATE TABLE poll_option (
    poll  INTEGER NOT NULL REFERENCES poll (key) ON DELETE CASCADE,
    id    TEXT    NOT NULL,
    votes INTEGER NOT NULL,
    PRIMARY KEY (poll, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE poll_vote (
    poll    INTEGER NOT NULL REFERENCES poll (key) ON DELETE CASCADE,
    user    TEXT    NOT NULL,
    -- The ids of the chosen options, a JSON array.
    options BLOB    NOT NULL,
    PRIMARY KEY (poll, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE dictionary (
    key         INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    patterns    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE pattern (
    key        INTEGER PRIMARY KEY,
    dictionary INTEGER NOT NULL REFERENCES dictionary (key) ON DELETE CASCADE,
    id         TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    UNIQUE (dictionary, id),
    UNIQUE (dictionary, text)
) STRICT;

CREATE INDEX pattern_order ON pattern (dictionary);

CREATE TABLE room_dictionary (
    room       INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    dictionary INTEGER NOT NULL REFERENCES dictionary (key) ON DELETE CASCADE,
    PRIMARY KEY (room, dictionary)
) STRICT, WITHOUT ROWID;

-- A dictionary that goes is looked for in all rooms.
CREATE INDEX room_dictionary_dictionary ON room_dictionary (dictionary);

CREATE TABLE room_sticker_pack (
    room    INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    pack    TEXT    NOT NULL,
    enabled INTEGER NOT NULL,
    PRIMARY KEY (room, pack)
) STRICT, WITHOUT ROWID;
