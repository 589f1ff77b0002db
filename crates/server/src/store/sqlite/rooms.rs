//! Rooms: made and read.

use chatroom_wire::RoomId;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::stamp;
use crate::store::{CounterRecord, NewRoom, RoomRecord, StoreError};

const CREATE: &str = "INSERT INTO room (id, created_at, updated_at) VALUES (:id, :now, :now) ON CONFLICT DO NOTHING";
const CREATE_COUNTER: &str = "INSERT INTO counter (room, place, key, updated_at) VALUES (:room, :place, :key, :now)
    ON CONFLICT DO NOTHING";
const READ: &str = "SELECT key, id, muted, created_at, updated_at FROM room WHERE id = :id";
const FIRST: &str = "SELECT key, id, muted, created_at, updated_at FROM room ORDER BY created_at, key LIMIT 1";
const COUNTERS: &str =
    "SELECT key, value, version, updated_at, disabled FROM counter WHERE room = :room ORDER BY place";

pub(super) fn create(connection: &Connection, room: NewRoom) -> Result<RoomRecord, StoreError> {
    let now = stamp::stored(room.created_at)?;
    let made = connection.prepare_cached(CREATE)?.execute(named_params! { ":id": room.id.as_str(), ":now": now })?;
    if made == 0 {
        return Err(StoreError::RoomExists(room.id));
    }
    let key = connection.last_insert_rowid();
    let mut statement = connection.prepare_cached(CREATE_COUNTER)?;
    for (place, counter) in (0_i64..).zip(&room.custom_counters) {
        statement.execute(named_params! { ":room": key, ":place": place, ":key": counter, ":now": now })?;
    }
    read(connection, &room.id)?.ok_or(StoreError::NoSuchRoom(room.id))
}

pub(super) fn read(connection: &Connection, id: &RoomId) -> Result<Option<RoomRecord>, StoreError> {
    let row = connection.prepare_cached(READ)?.query_row(named_params! { ":id": id.as_str() }, room).optional()?;
    with_counters(connection, row)
}

pub(super) fn first(connection: &Connection) -> Result<Option<RoomRecord>, StoreError> {
    let row = connection.prepare_cached(FIRST)?.query_row([], room).optional()?;
    with_counters(connection, row)
}

fn room(row: &Row<'_>) -> rusqlite::Result<(i64, RoomRecord)> {
    let record = RoomRecord {
        id: row.get::<_, String>("id")?.into(),
        muted: row.get("muted")?,
        custom_counters: Vec::new(),
        created_at: stamp::read(row.get("created_at")?),
        updated_at: stamp::read(row.get("updated_at")?),
    };
    Ok((row.get("key")?, record))
}

fn with_counters(connection: &Connection, row: Option<(i64, RoomRecord)>) -> Result<Option<RoomRecord>, StoreError> {
    let Some((key, mut record)) = row else { return Ok(None) };
    let mut statement = connection.prepare_cached(COUNTERS)?;
    let counters = statement.query_map(named_params! { ":room": key }, |row| {
        Ok(CounterRecord {
            key: row.get("key")?,
            value: row.get("value")?,
            version: row.get("version")?,
            updated_at: stamp::read(row.get("updated_at")?),
            disabled: row.get("disabled")?,
        })
    })?;
    record.custom_counters = counters.collect::<Result<_, _>>()?;
    Ok(Some(record))
}
