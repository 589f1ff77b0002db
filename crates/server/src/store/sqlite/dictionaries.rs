//! Dictionaries, in the order in which they were made.

use chatroom_wire::{DictionaryId, Time, dictionary::Dictionary};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde_json::Map;

use super::stamp;
use crate::store::{NewDictionary, StoreError};

/// One that is there already stays: it was asked for twice.
const CREATE: &str = "INSERT INTO dictionary (id, name, description, created_at, updated_at)
    VALUES (:id, :name, :description, :at, :at) ON CONFLICT (id) DO NOTHING";
const UPDATE: &str = "UPDATE dictionary SET name = :name, description = :description, updated_at = :at WHERE id = :id";
const READ: &str = "SELECT * FROM dictionary WHERE id = :id";
/// Lists in the making, and those that are being removed, are no dictionaries. A list that took the place of another has a
/// new key.
const PAGE: &str = "SELECT * FROM dictionary WHERE (created_at, key) > (:at, :after) AND id NOT GLOB char(1) || '*'
    ORDER BY created_at, key LIMIT :limit";
const PLACE: &str = "SELECT created_at, key FROM dictionary WHERE id = :id";
const KEY: &str = "SELECT key FROM dictionary WHERE id = :id";

pub(super) fn create(connection: &Connection, new: &NewDictionary) -> Result<Dictionary, StoreError> {
    write(connection, CREATE, new)?;
    let made = connection.prepare_cached(READ)?.query_row(named_params! { ":id": new.id.as_str() }, dictionary)?;
    Ok(made)
}

pub(super) fn update(connection: &Connection, new: &NewDictionary) -> Result<Option<Dictionary>, StoreError> {
    write(connection, UPDATE, new)?;
    read(connection, &new.id)
}

pub(super) fn read(connection: &Connection, id: &DictionaryId) -> Result<Option<Dictionary>, StoreError> {
    let mut statement = connection.prepare_cached(READ)?;
    Ok(statement.query_row(named_params! { ":id": id.as_str() }, dictionary).optional()?)
}

pub(super) fn page(
    connection: &Connection,
    after: Option<&DictionaryId>,
    limit: u16,
) -> Result<Vec<Dictionary>, StoreError> {
    let place = |id: &DictionaryId| {
        let mut statement = connection.prepare_cached(PLACE)?;
        statement.query_row(named_params! { ":id": id.as_str() }, |row| Ok((row.get(0)?, row.get(1)?))).optional()
    };
    let (at, after): (i64, i64) = after.map(place).transpose()?.flatten().unwrap_or((i64::MIN, 0));
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map(named_params! { ":at": at, ":after": after, ":limit": limit }, dictionary)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What other tables know a dictionary by.
pub(super) fn key(connection: &Connection, id: &DictionaryId) -> Result<Option<i64>, StoreError> {
    let mut statement = connection.prepare_cached(KEY)?;
    Ok(statement.query_row(named_params! { ":id": id.as_str() }, |row| row.get(0)).optional()?)
}

fn write(connection: &Connection, statement: &str, new: &NewDictionary) -> Result<(), StoreError> {
    connection.prepare_cached(statement)?.execute(named_params! {
        ":id": new.id.as_str(), ":name": new.name, ":description": new.description, ":at": stamp::stored(new.at)?,
    })?;
    Ok(())
}

fn dictionary(row: &Row<'_>) -> rusqlite::Result<Dictionary> {
    let time = |column| row.get(column).map(|stamp| Some(Time::nanoseconds(stamp::read(stamp))));
    Ok(Dictionary {
        id: row.get::<_, String>("id")?.into(),
        name: row.get("name")?,
        description: row.get("description")?,
        default: false,
        pattern_count: row.get("patterns")?,
        created_at: time("created_at")?,
        updated_at: time("updated_at")?,
        extra: Map::new(),
    })
}
