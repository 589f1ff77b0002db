-- A store of version 1: two rooms, one of them muted, counted in, and pruned to its last four messages.
BEGIN TRANSACTION;
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
INSERT INTO room VALUES(1,'talk',1,1722268288123456789,1722268292123456789,7,1722268295123456789);
INSERT INTO room VALUES(2,'quiet',0,1722268308123456789,1722268308123456789,0,NULL);
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
INSERT INTO counter VALUES(1,1,'claps',0,0,1722268293123456789,0);
INSERT INTO counter VALUES(1,0,'likes',42,9,1722268293123456789,0);
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
INSERT INTO message VALUES(1,1,4,'m4','ada','INTERACTION_TYPE_TEXT',1722268292123456789,
    CAST('{"id":"m4","type":"INTERACTION_TYPE_TEXT","user":{"id":"ada"},"received_at":"2024-07-29T15:51:32.123456789Z","text_message":{"text":"one"}}' AS BLOB));
INSERT INTO message VALUES(2,1,5,'m5','bob','INTERACTION_TYPE_CUSTOM',1722268293123456789,
    CAST('{"id":"m5","type":"INTERACTION_TYPE_CUSTOM","user":{"id":"bob"},"received_at":"2024-07-29T15:51:33.123456789Z"}' AS BLOB));
INSERT INTO message VALUES(3,1,6,'m6','ada','INTERACTION_TYPE_MUTE',1722268294123456789,
    CAST('{"id":"m6","type":"INTERACTION_TYPE_MUTE","user":{"id":"ada"},"received_at":"2024-07-29T15:51:34.123456789Z"}' AS BLOB));
INSERT INTO message VALUES(4,1,7,'m7','bob','INTERACTION_TYPE_TEXT',1722268295123456789,
    CAST('{"id":"m7","type":"INTERACTION_TYPE_TEXT","user":{"id":"bob"},"received_at":"2024-07-29T15:51:35.123456789Z","text_message":{"text":"it''s fine"}}' AS BLOB));
CREATE UNIQUE INDEX message_seq ON message (room, seq);
CREATE UNIQUE INDEX message_id ON message (room, id);
CREATE UNIQUE INDEX message_time ON message (room, received_at);
CREATE INDEX message_kind ON message (room, kind, received_at);
COMMIT;
PRAGMA application_id = 1130914164;
PRAGMA user_version = 1;
