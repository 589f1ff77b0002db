//! Pages of a log.

use std::collections::BTreeSet;

use bytes::Bytes;
use chatroom_wire::{Kind, RoomId, rest::MessagesQuery};
use rusqlite::{Connection, Params, named_params};

use super::{append, stamp};
use crate::store::{StoreError, StoredMessage, record::page_size};

/// The statement of a page: from this index, of these messages, from this end.
macro_rules! page {
    ($index:literal, $kind:literal, $order:literal) => {
        concat!(
            "SELECT seq, json FROM message INDEXED BY ",
            $index,
            " WHERE room = :room ",
            $kind,
            "AND received_at > :after AND received_at < :before ORDER BY received_at ",
            $order,
            " LIMIT :limit"
        )
    };
}

const NEWEST: &str = page!("message_time", "", "DESC");
const OLDEST: &str = page!("message_time", "", "ASC");
const NEWEST_OF_KIND: &str = page!("message_kind", "AND kind = :kind ", "DESC");
const OLDEST_OF_KIND: &str = page!("message_kind", "AND kind = :kind ", "ASC");

pub(super) fn page(
    connection: &Connection,
    room: &RoomId,
    query: &MessagesQuery,
) -> Result<Vec<StoredMessage>, StoreError> {
    let room = append::end(connection, room)?.room;
    let after = query.after_at.map_or(i64::MIN, |time| stamp::bound(time.instant()));
    let before = query.before_at.map_or(i64::MAX, |time| stamp::bound(time.instant()));
    let limit = page_size(query);
    let mut messages = Vec::new();
    let kinds: BTreeSet<Kind> = query.types.iter().copied().collect();
    if kinds.is_empty() {
        let statement = if query.from_oldest { OLDEST } else { NEWEST };
        let bounds = named_params! { ":room": room, ":after": after, ":before": before, ":limit": limit };
        read(connection, statement, bounds, &mut messages)?;
    }
    // Each type has an end of its own in the index: their pages are read from there and merged.
    for kind in kinds {
        let statement = if query.from_oldest { OLDEST_OF_KIND } else { NEWEST_OF_KIND };
        let bounds = named_params! {
            ":room": room, ":kind": kind.name(), ":after": after, ":before": before, ":limit": limit,
        };
        read(connection, statement, bounds, &mut messages)?;
    }
    // The numbers grow with the stamps.
    messages.sort_unstable_by_key(|message| message.seq);
    let excess = messages.len().saturating_sub(usize::from(limit));
    if query.from_oldest {
        messages.truncate(messages.len() - excess);
    } else {
        messages.drain(..excess);
    }
    Ok(messages)
}

fn read(
    connection: &Connection,
    statement: &str,
    bounds: impl Params,
    messages: &mut Vec<StoredMessage>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    let rows = statement.query_map(bounds, |row| {
        let seq: i64 = row.get("seq")?;
        Ok(StoredMessage { seq: seq.unsigned_abs(), json: Bytes::from(row.get::<_, Vec<u8>>("json")?) })
    })?;
    for row in rows {
        messages.push(row?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::schema;

    #[test]
    fn every_page_is_one_search_of_its_index_and_sorts_nothing() {
        let connection = schema::open_memory().unwrap();
        for (statement, search) in [
            (NEWEST, "message_time (room=? AND received_at>? AND received_at<?)"),
            (OLDEST, "message_time (room=? AND received_at>? AND received_at<?)"),
            (NEWEST_OF_KIND, "message_kind (room=? AND kind=? AND received_at>? AND received_at<?)"),
            (OLDEST_OF_KIND, "message_kind (room=? AND kind=? AND received_at>? AND received_at<?)"),
        ] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            let steps: Vec<String> = plan.raw_query().mapped(|row| row.get("detail")).map(Result::unwrap).collect();
            assert_eq!(steps, [format!("SEARCH message USING INDEX {search}")]);
        }
    }
}
