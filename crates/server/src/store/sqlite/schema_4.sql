-- The names that a room's moderators go by: readers are warned of others who look like them. Their keys are the order in
-- which they came.
CREATE TABLE admin_name (
    key  INTEGER PRIMARY KEY,
    room INTEGER NOT NULL REFERENCES room (key) ON DELETE CASCADE,
    user TEXT    NOT NULL,
    name TEXT    NOT NULL,
    UNIQUE (room, user, name)
) STRICT;
