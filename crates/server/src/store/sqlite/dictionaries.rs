//! Dictionaries and their patterns.

use std::collections::BTreeMap;

use chatroom_wire::{
    DictionaryId, PatternId, Time,
    dictionary::{Dictionary, Pattern},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde_json::Map;

use super::{stamp, state::run};
use crate::store::{NewDictionary, StoreError};

const CREATE: &str = "INSERT INTO dictionary (id, name, description, created_at, updated_at)
    VALUES (:id, :name, :description, :at, :at)";
const UPDATE: &str = "UPDATE dictionary SET name = :name, description = :description, updated_at = :at WHERE id = :id";
const DELETE: &str = "DELETE FROM dictionary WHERE id = :id";
const READ: &str = "SELECT id, name, description, patterns, created_at, updated_at FROM dictionary WHERE id = :id";
const PAGE: &str = "SELECT id, name, description, patterns, created_at, updated_at FROM dictionary
    WHERE key > ifnull((SELECT key FROM dictionary WHERE id = :after), 0) ORDER BY key LIMIT :limit";
const KEY: &str = "SELECT key FROM dictionary WHERE id = :id";
const ADD: &str = "INSERT INTO pattern (dictionary, id, text) VALUES (:dictionary, :id, :text)
    ON CONFLICT (dictionary, text) DO NOTHING";
const BY_TEXT: &str = "SELECT id FROM pattern WHERE dictionary = :dictionary AND text = :text";
const CLEAR: &str = "DELETE FROM pattern WHERE dictionary = :dictionary";
const CHANGE: &str = "UPDATE OR IGNORE pattern SET text = :text WHERE dictionary = :dictionary AND id = :id";
const REMOVE: &str = "DELETE FROM pattern WHERE dictionary = :dictionary AND id = :id";
const PATTERNS: &str = "SELECT id, text FROM pattern WHERE dictionary = :dictionary
    AND key > ifnull((SELECT key FROM pattern WHERE dictionary = :dictionary AND id = :after), 0)
    ORDER BY key LIMIT :limit";
const TOUCH: &str = "UPDATE dictionary SET updated_at = :at,
    patterns = (SELECT count(*) FROM pattern WHERE dictionary = :dictionary) WHERE key = :dictionary";

pub(super) fn create(connection: &Connection, new: &NewDictionary) -> Result<Dictionary, StoreError> {
    run(
        connection,
        CREATE,
        named_params! {
            ":id": new.id.as_str(), ":name": new.name, ":description": new.description, ":at": stamp::stored(new.at)?,
        },
    )?;
    read(connection, &new.id)?.ok_or_else(|| StoreError::from(rusqlite::Error::QueryReturnedNoRows))
}

pub(super) fn update(connection: &Connection, new: &NewDictionary) -> Result<Option<Dictionary>, StoreError> {
    run(
        connection,
        UPDATE,
        named_params! {
            ":id": new.id.as_str(), ":name": new.name, ":description": new.description, ":at": stamp::stored(new.at)?,
        },
    )?;
    read(connection, &new.id)
}

pub(super) fn delete(connection: &Connection, id: &DictionaryId) -> Result<bool, StoreError> {
    run(connection, DELETE, named_params! { ":id": id.as_str() })
}

pub(super) fn read(connection: &Connection, id: &DictionaryId) -> Result<Option<Dictionary>, StoreError> {
    Ok(connection.prepare_cached(READ)?.query_row(named_params! { ":id": id.as_str() }, dictionary).optional()?)
}

pub(super) fn page(
    connection: &Connection,
    after: Option<&DictionaryId>,
    limit: u16,
) -> Result<Vec<Dictionary>, StoreError> {
    let mut statement = connection.prepare_cached(PAGE)?;
    let of = named_params! { ":after": after.map(DictionaryId::as_str), ":limit": limit };
    Ok(statement.query_map(of, dictionary)?.collect::<Result<_, _>>()?)
}

pub(super) fn add(
    connection: &Connection,
    id: &DictionaryId,
    patterns: &[Pattern],
    at: Timestamp,
) -> Result<Option<Vec<Pattern>>, StoreError> {
    let Some(dictionary) = key(connection, id)? else { return Ok(None) };
    let added = insert(connection, dictionary, patterns)?;
    touch(connection, dictionary, at)?;
    Ok(Some(added))
}

pub(super) fn replace(
    connection: &Connection,
    id: &DictionaryId,
    patterns: &[Pattern],
    at: Timestamp,
) -> Result<Option<u64>, StoreError> {
    let Some(dictionary) = key(connection, id)? else { return Ok(None) };
    run(connection, CLEAR, named_params! { ":dictionary": dictionary })?;
    let added = insert(connection, dictionary, patterns)?;
    touch(connection, dictionary, at)?;
    Ok(Some(u64::try_from(added.len()).unwrap_or(u64::MAX)))
}

pub(super) fn change(
    connection: &Connection,
    id: &DictionaryId,
    pattern: Pattern,
    at: Timestamp,
) -> Result<Option<Pattern>, StoreError> {
    let Some(dictionary) = key(connection, id)? else { return Ok(None) };
    let of = named_params! { ":dictionary": dictionary, ":id": pattern.id.as_str(), ":text": pattern.text };
    if !run(connection, CHANGE, of)? {
        return Ok(None);
    }
    touch(connection, dictionary, at)?;
    Ok(Some(pattern))
}

pub(super) fn remove(
    connection: &Connection,
    id: &DictionaryId,
    pattern: &PatternId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let Some(dictionary) = key(connection, id)? else { return Ok(false) };
    let removed = run(connection, REMOVE, named_params! { ":dictionary": dictionary, ":id": pattern.as_str() })?;
    if removed {
        touch(connection, dictionary, at)?;
    }
    Ok(removed)
}

pub(super) fn patterns(
    connection: &Connection,
    id: &DictionaryId,
    after: Option<&PatternId>,
    limit: u32,
) -> Result<Option<Vec<Pattern>>, StoreError> {
    let Some(dictionary) = key(connection, id)? else { return Ok(None) };
    let mut statement = connection.prepare_cached(PATTERNS)?;
    let of = named_params! { ":dictionary": dictionary, ":after": after.map(PatternId::as_str), ":limit": limit };
    let rows = statement.query_map(of, |row| {
        Ok(Pattern { id: row.get::<_, String>("id")?.into(), text: row.get("text")?, extra: Map::new() })
    })?;
    Ok(Some(rows.collect::<Result<_, _>>()?))
}

/// Each text once, in the order of their first places, with the id that it has now.
fn insert(connection: &Connection, dictionary: i64, patterns: &[Pattern]) -> Result<Vec<Pattern>, StoreError> {
    let mut seen = BTreeMap::new();
    let mut added = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        if seen.insert(pattern.text.as_str(), ()).is_some() {
            continue;
        }
        let of = named_params! { ":dictionary": dictionary, ":id": pattern.id.as_str(), ":text": pattern.text };
        let mut pattern = pattern.clone();
        if !run(connection, ADD, of)? {
            let of = named_params! { ":dictionary": dictionary, ":text": pattern.text };
            let id: String = connection.prepare_cached(BY_TEXT)?.query_row(of, |row| row.get(0))?;
            pattern.id = id.into();
        }
        added.push(pattern);
    }
    Ok(added)
}

fn touch(connection: &Connection, dictionary: i64, at: Timestamp) -> Result<(), StoreError> {
    run(connection, TOUCH, named_params! { ":dictionary": dictionary, ":at": stamp::stored(at)? })?;
    Ok(())
}

fn key(connection: &Connection, id: &DictionaryId) -> Result<Option<i64>, StoreError> {
    let of = named_params! { ":id": id.as_str() };
    Ok(connection.prepare_cached(KEY)?.query_row(of, |row| row.get(0)).optional()?)
}

fn dictionary(row: &Row<'_>) -> rusqlite::Result<Dictionary> {
    Ok(Dictionary {
        id: row.get::<_, String>("id")?.into(),
        name: row.get("name")?,
        description: row.get("description")?,
        default: false,
        pattern_count: row.get("patterns")?,
        created_at: Some(Time::nanoseconds(stamp::read(row.get("created_at")?))),
        updated_at: Some(Time::nanoseconds(stamp::read(row.get("updated_at")?))),
        extra: Map::new(),
    })
}
