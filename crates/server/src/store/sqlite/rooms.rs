//! Rooms: made and read.

use std::collections::BTreeMap;

use chatroom_wire::{RoomId, User, UserId};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde::de::DeserializeOwned;

use super::{append, json, polls, stamp};
use crate::store::{CounterRecord, NewRoom, RoomRecord, StoreError, ViewerInfoRecord};

const CREATE: &str = "INSERT INTO room (id, created_at, updated_at) VALUES (:id, :now, :now) ON CONFLICT DO NOTHING";
const CREATE_COUNTER: &str = "INSERT INTO counter (room, place, key, updated_at) VALUES (:room, :place, :key, :now)
    ON CONFLICT DO NOTHING";
const READ: &str = "SELECT * FROM room WHERE id = :id";
const FIRST: &str = "SELECT * FROM room ORDER BY created_at, key LIMIT 1";
const BLOCKED: &str = "SELECT json FROM blocked_user WHERE room = :room ORDER BY key";
const PINNED: &str = "SELECT json FROM pinned_message WHERE room = :room ORDER BY key";
const DICTIONARIES: &str = "SELECT id FROM room_dictionary JOIN dictionary ON dictionary.key = dictionary
    WHERE room = :room ORDER BY id";
const STICKER_PACKS: &str = "SELECT pack, enabled FROM room_sticker_pack WHERE room = :room";
const ADMINS: &str = "SELECT user, name FROM admin_name WHERE room = :room ORDER BY key";
const NAME: &str = "SELECT name FROM member_name WHERE room = :room AND user = :user";
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
    with_state(connection, row)
}

pub(super) fn first(connection: &Connection) -> Result<Option<RoomRecord>, StoreError> {
    let row = connection.prepare_cached(FIRST)?.query_row([], room).optional()?;
    with_state(connection, row)
}

fn room(row: &Row<'_>) -> rusqlite::Result<(i64, RoomRecord)> {
    let record = RoomRecord {
        id: row.get::<_, String>("id")?.into(),
        muted: row.get("muted")?,
        blocked_users: Vec::new(),
        pinned_messages: Vec::new(),
        active_poll: None,
        viewer_info: ViewerInfoRecord {
            enabled: row.get("viewers_shown")?,
            count: row.get("viewers")?,
            version: row.get("viewers_version")?,
            updated_at: row.get::<_, Option<i64>>("viewers_at")?.map(stamp::read),
        },
        dictionaries: Vec::new(),
        sticker_packs: BTreeMap::new(),
        custom_counters: Vec::new(),
        admins: Vec::new(),
        created_at: stamp::read(row.get("created_at")?),
        updated_at: stamp::read(row.get("updated_at")?),
    };
    Ok((row.get("key")?, record))
}

/// With all that is kept in other tables.
fn with_state(connection: &Connection, row: Option<(i64, RoomRecord)>) -> Result<Option<RoomRecord>, StoreError> {
    let Some((key, mut record)) = row else { return Ok(None) };
    record.blocked_users = jsons(connection, BLOCKED, key)?;
    record.pinned_messages = jsons(connection, PINNED, key)?;
    record.active_poll = polls::active(connection, key)?;
    record.dictionaries = each(connection, DICTIONARIES, key, |row| row.get::<_, String>("id").map(Into::into))?;
    record.sticker_packs =
        each(connection, STICKER_PACKS, key, |row| Ok((row.get::<_, String>("pack")?.into(), row.get("enabled")?)))?;
    record.custom_counters = each(connection, COUNTERS, key, |row| {
        Ok(CounterRecord {
            key: row.get("key")?,
            value: row.get("value")?,
            version: row.get("version")?,
            updated_at: stamp::read(row.get("updated_at")?),
            disabled: row.get("disabled")?,
        })
    })?;
    record.admins = each(connection, ADMINS, key, |row| {
        Ok(User { id: Some(row.get::<_, String>("user")?.into()), ..User::named(row.get::<_, String>("name")?) })
    })?;
    Ok(Some(record))
}

/// The name that somebody took in a room.
pub(super) fn name(connection: &Connection, room: &RoomId, user: &UserId) -> Result<Option<String>, StoreError> {
    let of = named_params! { ":room": append::end(connection, room)?.room, ":user": user.as_str() };
    Ok(connection.prepare_cached(NAME)?.query_row(of, |row| row.get(0)).optional()?)
}

fn jsons<T: DeserializeOwned>(connection: &Connection, statement: &str, room: i64) -> Result<Vec<T>, StoreError> {
    let rows: Vec<Vec<u8>> = each(connection, statement, room, |row| row.get("json"))?;
    rows.iter().map(|row| json::read(row)).collect()
}

/// The rows of a room.
fn each<T, C: FromIterator<T>>(
    connection: &Connection,
    statement: &str,
    room: i64,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<C, StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    let rows = statement.query_map(named_params! { ":room": room }, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
