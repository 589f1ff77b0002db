//! Lists of patterns that are written, or removed, piece by piece, so that no piece keeps others waiting for the writer.
//!
//! A list in the making is a dictionary that nobody sees: its id begins with a control character, which no dictionary's
//! does. Once it is whole it takes the place of the one that it replaces, in one small transaction; that one is then
//! unseen, and swept away bit by bit.

use chatroom_wire::{DictionaryId, dictionary::Pattern};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::{dictionaries::key, patterns, stamp};
use crate::store::StoreError;

/// How many patterns a piece writes or removes.
pub(super) const PIECE: usize = 250;

const MAKE: &str = "INSERT INTO dictionary (id, name, description, created_at, updated_at)
    VALUES (:id, '', '', 0, 0) ON CONFLICT (id) DO NOTHING";
const HIDE: &str = "UPDATE dictionary SET id = char(1) || 'gone ' || key, name = '' WHERE key = :key";
const HIDE_ALL: &str = "UPDATE dictionary SET id = char(1) || 'gone ' || key WHERE id GLOB char(1) || 'new *'";
const OLD: &str = "SELECT name, description, created_at FROM dictionary WHERE key = :key";
const SHOW: &str = "UPDATE dictionary SET id = :id, name = :name, description = :description,
    created_at = :created_at, updated_at = :at WHERE key = :key";
const COUNT: &str = "SELECT patterns FROM dictionary WHERE key = :key";
const MOVE_ROOMS: &str = "UPDATE room_dictionary SET dictionary = :new WHERE dictionary = :old";
const LEAVE_ROOMS: &str = "DELETE FROM room_dictionary WHERE dictionary = :key";
const GONE: &str = "SELECT key FROM dictionary WHERE id GLOB char(1) || 'gone *' LIMIT 1";
const SWEEP: &str = "DELETE FROM pattern WHERE key IN
    (SELECT key FROM pattern INDEXED BY pattern_order WHERE dictionary = :key LIMIT :piece)";
const DROP: &str = "DELETE FROM dictionary WHERE key = :key";

/// The id of a list in the making.
pub(super) fn new_id(unique: &str) -> DictionaryId {
    DictionaryId::from(format!("\u{1}new {unique}"))
}

/// Adds a piece to a list in the making.
pub(super) fn stage(connection: &Connection, list: &DictionaryId, piece: &[Pattern]) -> Result<(), StoreError> {
    connection.prepare_cached(MAKE)?.execute(named_params! { ":id": list.as_str() })?;
    let Some(key) = key(connection, list)? else { return Ok(()) };
    patterns::stage(connection, key, piece)
}

/// Puts a list in the place of what a dictionary held, and answers how many patterns there are then; none, and no change,
/// if there is no such dictionary.
pub(super) fn swap(
    connection: &Connection,
    id: &DictionaryId,
    list: &DictionaryId,
    at: Timestamp,
) -> Result<Option<u64>, StoreError> {
    let (Some(old), Some(new)) = (key(connection, id)?, key(connection, list)?) else {
        abandon(connection, list)?;
        return Ok(None);
    };
    let (name, description, created_at): (String, String, i64) = connection
        .prepare_cached(OLD)?
        .query_row(named_params! { ":key": old }, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    connection.prepare_cached(HIDE)?.execute(named_params! { ":key": old })?;
    connection.prepare_cached(SHOW)?.execute(named_params! {
        ":id": id.as_str(), ":name": name, ":description": description, ":created_at": created_at,
        ":at": stamp::stored(at)?, ":key": new,
    })?;
    connection.prepare_cached(MOVE_ROOMS)?.execute(named_params! { ":old": old, ":new": new })?;
    let count: i64 = connection.prepare_cached(COUNT)?.query_row(named_params! { ":key": new }, |row| row.get(0))?;
    Ok(Some(count.unsigned_abs()))
}

/// Leaves a list in the making to be swept away.
pub(super) fn abandon(connection: &Connection, list: &DictionaryId) -> Result<(), StoreError> {
    if let Some(key) = key(connection, list)? {
        connection.prepare_cached(HIDE)?.execute(named_params! { ":key": key })?;
    }
    Ok(())
}

/// Leaves a dictionary to be swept away, after all rooms have left it. Says whether it was there.
pub(super) fn remove(connection: &Connection, id: &DictionaryId) -> Result<bool, StoreError> {
    let Some(key) = key(connection, id)? else { return Ok(false) };
    connection.prepare_cached(LEAVE_ROOMS)?.execute(named_params! { ":key": key })?;
    connection.prepare_cached(HIDE)?.execute(named_params! { ":key": key })?;
    Ok(true)
}

/// Leaves what an earlier run had in the making to be swept away.
pub(super) fn abandon_all(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(HIDE_ALL, [])?;
    Ok(())
}

/// Removes a piece of what nobody sees any more. Says whether there may be more.
pub(super) fn sweep(connection: &Connection) -> Result<bool, StoreError> {
    let gone: Option<i64> = connection.prepare_cached(GONE)?.query_row([], |row| row.get(0)).optional()?;
    let Some(key) = gone else { return Ok(false) };
    let piece = i64::try_from(PIECE).unwrap_or(i64::MAX);
    let swept = connection.prepare_cached(SWEEP)?.execute(named_params! { ":key": key, ":piece": piece })?;
    if swept < PIECE {
        connection.prepare_cached(DROP)?.execute(named_params! { ":key": key })?;
    }
    Ok(true)
}
