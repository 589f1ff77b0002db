//! Who may not come into a room.

use chatroom_wire::{RoomId, UserId};
use jiff::Timestamp;
use rusqlite::{Connection, named_params};

use super::{append, stamp};
use crate::store::{Bar, StoreError};

const BAR: &str = "INSERT INTO barred_user (room, user, barred_at) VALUES (:room, :user, :at) ON CONFLICT DO NOTHING";
const UNBAR: &str = "DELETE FROM barred_user WHERE room = :room AND user = :user";
const ALL: &str = "SELECT room.id AS room, user, barred_at FROM barred_user JOIN room ON room.key = barred_user.room
    ORDER BY barred_at, user";

/// Says whether the person was not barred before.
pub(super) fn bar(connection: &Connection, room: &RoomId, user: &UserId, at: Timestamp) -> Result<bool, StoreError> {
    let row = named_params! {
        ":room": append::end(connection, room)?.room, ":user": user.as_str(), ":at": stamp::stored(at)?,
    };
    Ok(connection.prepare_cached(BAR)?.execute(row)? > 0)
}

/// Says whether the person was barred.
pub(super) fn unbar(connection: &Connection, room: &RoomId, user: &UserId) -> Result<bool, StoreError> {
    let row = named_params! { ":room": append::end(connection, room)?.room, ":user": user.as_str() };
    Ok(connection.prepare_cached(UNBAR)?.execute(row)? > 0)
}

pub(super) fn all(connection: &Connection) -> Result<Vec<Bar>, StoreError> {
    let mut statement = connection.prepare_cached(ALL)?;
    let bars = statement.query_map([], |row| {
        Ok(Bar {
            room: row.get::<_, String>("room")?.into(),
            user: row.get::<_, String>("user")?.into(),
            at: stamp::read(row.get("barred_at")?),
        })
    })?;
    Ok(bars.collect::<Result<_, _>>()?)
}
