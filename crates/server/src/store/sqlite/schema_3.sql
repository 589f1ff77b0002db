-- What the server notes of itself, one row: the key of its tokens, and what its clocks said last. Instants are nanoseconds
-- since 1970, `clock_steady` is nanoseconds.
CREATE TABLE server (
    key           INTEGER PRIMARY KEY CHECK (key = 1),
    token_key     BLOB,
    clock_trusted INTEGER,
    clock_seen    INTEGER,
    clock_steady  INTEGER
) STRICT;
INSERT INTO server (key) VALUES (1);

-- Who may not come into a room.
CREATE TABLE barred_user (
    room      INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    user      TEXT    NOT NULL,
    barred_at INTEGER NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

-- Announcements of pins kept the sender's name of a message that was deleted, and all of one that was pruned.
UPDATE message
SET json = CAST(json_set(CAST(json AS TEXT),
    '$.pin_unpin_message.message.text', '',
    '$.pin_unpin_message.message.sender', json('{"custom_name":""}')) AS BLOB)
WHERE audience = 0
AND kind IN ('INTERACTION_TYPE_PIN_MESSAGE', 'INTERACTION_TYPE_UNPIN_MESSAGE')
AND CASE WHEN json_valid(CAST(json AS TEXT)) THEN NOT EXISTS (
    SELECT 1 FROM message AS quoted WHERE quoted.room = message.room AND quoted.audience != 2
    AND quoted.id = json_extract(CAST(message.json AS TEXT), '$.pin_unpin_message.message.id'))
ELSE FALSE END;
