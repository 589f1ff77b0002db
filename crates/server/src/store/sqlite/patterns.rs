//! The patterns of dictionaries. Their keys are the order in which they came.

use std::collections::BTreeSet;

use chatroom_wire::{DictionaryId, PatternId, dictionary::Pattern};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde_json::Map;

use super::{dictionaries::key, stamp};
use crate::store::StoreError;

/// A text that is there keeps its id, and an id that is there its text.
const ADD: &str = "INSERT INTO pattern (dictionary, id, text) VALUES (:dictionary, :id, :text) ON CONFLICT DO NOTHING";
const BY_TEXT: &str = "SELECT id, text FROM pattern WHERE dictionary = :dictionary AND text = :text";
const UPDATE: &str = "UPDATE OR IGNORE pattern SET text = :text WHERE dictionary = :dictionary AND id = :id";
const DELETE: &str = "DELETE FROM pattern WHERE dictionary = :dictionary AND id = :id";
const PLACE: &str = "SELECT key FROM pattern WHERE dictionary = :dictionary AND id = :id";
const PAGE: &str = "SELECT id, text FROM pattern INDEXED BY pattern_order
    WHERE dictionary = :dictionary AND key > :after ORDER BY key LIMIT :limit";
const COUNTED: &str = "UPDATE dictionary SET patterns = patterns + :more WHERE key = :dictionary";
const CHANGED: &str = "UPDATE dictionary SET patterns = patterns + :more, updated_at = :at WHERE key = :dictionary";

pub(super) fn add(
    connection: &Connection,
    id: &DictionaryId,
    patterns: &[Pattern],
    at: Timestamp,
) -> Result<Option<Vec<Pattern>>, StoreError> {
    let Some(dictionary) = key(connection, id)? else { return Ok(None) };
    let (there, new) = insert(connection, dictionary, patterns)?;
    if new > 0 {
        changed(connection, dictionary, new, at)?;
    }
    Ok(Some(there))
}

/// Adds a piece to a list that nobody sees yet.
pub(super) fn stage(connection: &Connection, dictionary: i64, piece: &[Pattern]) -> Result<(), StoreError> {
    let mut add = connection.prepare_cached(ADD)?;
    let mut new = 0;
    for Pattern { id, text, .. } in piece {
        new += counted(add.execute(named_params! { ":dictionary": dictionary, ":id": id.as_str(), ":text": text })?);
    }
    let counts = named_params! { ":dictionary": dictionary, ":more": new };
    connection.prepare_cached(COUNTED)?.execute(counts)?;
    Ok(())
}

pub(super) fn update(
    connection: &Connection,
    id: &DictionaryId,
    pattern: Pattern,
    at: Timestamp,
) -> Result<Option<Pattern>, StoreError> {
    let Some(dictionary) = key(connection, id)? else { return Ok(None) };
    let done = connection.prepare_cached(UPDATE)?.execute(named_params! {
        ":dictionary": dictionary, ":id": pattern.id.as_str(), ":text": pattern.text,
    })?;
    if done == 0 {
        return Ok(None);
    }
    changed(connection, dictionary, 0, at)?;
    Ok(Some(pattern))
}

/// Says whether it was there.
pub(super) fn delete(
    connection: &Connection,
    id: &DictionaryId,
    pattern: &PatternId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let Some(dictionary) = key(connection, id)? else { return Ok(false) };
    let of = named_params! { ":dictionary": dictionary, ":id": pattern.as_str() };
    let gone = connection.prepare_cached(DELETE)?.execute(of)?;
    if gone > 0 {
        changed(connection, dictionary, -1, at)?;
    }
    Ok(gone > 0)
}

pub(super) fn page(
    connection: &Connection,
    id: &DictionaryId,
    after: Option<&PatternId>,
    limit: u32,
) -> Result<Option<Vec<Pattern>>, StoreError> {
    let Some(dictionary) = key(connection, id)? else { return Ok(None) };
    let after = match after {
        Some(after) => place(connection, dictionary, after)?.unwrap_or(0),
        None => 0,
    };
    let mut statement = connection.prepare_cached(PAGE)?;
    let of = named_params! { ":dictionary": dictionary, ":after": after, ":limit": limit };
    Ok(Some(statement.query_map(of, pattern)?.collect::<Result<_, _>>()?))
}

/// Each text once, in the order of their first places, with the id that it has now; and how many of them are new.
fn insert(connection: &Connection, dictionary: i64, patterns: &[Pattern]) -> Result<(Vec<Pattern>, i64), StoreError> {
    let mut add = connection.prepare_cached(ADD)?;
    let mut by_text = connection.prepare_cached(BY_TEXT)?;
    let (mut seen, mut there, mut new) = (BTreeSet::new(), Vec::with_capacity(patterns.len()), 0);
    for Pattern { id, text, .. } in patterns {
        if !seen.insert(text) {
            continue;
        }
        let added = add.execute(named_params! { ":dictionary": dictionary, ":id": id.as_str(), ":text": text })?;
        new += counted(added);
        there
            .extend(by_text.query_row(named_params! { ":dictionary": dictionary, ":text": text }, pattern).optional()?);
    }
    Ok((there, new))
}

fn changed(connection: &Connection, dictionary: i64, more: i64, at: Timestamp) -> Result<(), StoreError> {
    connection.prepare_cached(CHANGED)?.execute(named_params! {
        ":dictionary": dictionary, ":more": more, ":at": stamp::stored(at)?,
    })?;
    Ok(())
}

fn place(connection: &Connection, dictionary: i64, id: &PatternId) -> Result<Option<i64>, StoreError> {
    let of = named_params! { ":dictionary": dictionary, ":id": id.as_str() };
    Ok(connection.prepare_cached(PLACE)?.query_row(of, |row| row.get(0)).optional()?)
}

fn pattern(row: &Row<'_>) -> rusqlite::Result<Pattern> {
    Ok(Pattern { id: row.get::<_, String>("id")?.into(), text: row.get("text")?, extra: Map::new() })
}

fn counted(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
