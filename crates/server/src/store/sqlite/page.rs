//! Pages of a log.

use std::collections::BTreeSet;

use bytes::Bytes;
use chatroom_wire::{Kind, MessageId, RoomId, UserId, rest::MessagesQuery};
use rusqlite::{Connection, OptionalExtension as _, Params, Row, named_params};

use super::{append, stamp};
use crate::store::{Audience, StoreError, StoredMessage, record::page_size};

/// The statement of a page: from this index, of these messages, from this end.
macro_rules! page {
    ($index:literal, $which:literal, $order:literal) => {
        concat!(
            "SELECT seq, audience, json FROM message INDEXED BY ",
            $index,
            " WHERE room = :room AND ",
            $which,
            " AND received_at > :after AND received_at < :before ORDER BY received_at ",
            $order,
            " LIMIT :limit"
        )
    };
}

const NEWEST: &str = page!("message_shown", "audience = 0", "DESC");
const OLDEST: &str = page!("message_shown", "audience = 0", "ASC");
const NEWEST_OF_KIND: &str = page!("message_shown_kind", "audience = 0 AND kind = :kind", "DESC");
const OLDEST_OF_KIND: &str = page!("message_shown_kind", "audience = 0 AND kind = :kind", "ASC");
const NEWEST_OWN: &str = page!("message_own", "audience = 1 AND user = :user", "DESC");
const OLDEST_OWN: &str = page!("message_own", "audience = 1 AND user = :user", "ASC");
// What one person said while hidden is little: its types need no index.
const NEWEST_OWN_OF_KIND: &str = page!("message_own", "audience = 1 AND user = :user AND kind = :kind", "DESC");
const OLDEST_OWN_OF_KIND: &str = page!("message_own", "audience = 1 AND user = :user AND kind = :kind", "ASC");

const ONE: &str = "SELECT seq, audience, json FROM message WHERE room = :room AND id = :id AND audience < 2";

pub(super) fn page(
    connection: &Connection,
    room: &RoomId,
    reader: &UserId,
    query: &MessagesQuery,
) -> Result<Vec<StoredMessage>, StoreError> {
    let room = append::end(connection, room)?.room;
    let after = query.after_at.map_or(i64::MIN, |time| stamp::bound(time.instant()));
    let before = query.before_at.map_or(i64::MAX, |time| stamp::bound(time.instant()));
    let limit = page_size(query);
    let mut messages = Vec::new();
    let kinds: BTreeSet<Kind> = query.types.iter().copied().collect();
    let statement = |oldest, newest| if query.from_oldest { oldest } else { newest };
    // Each sort of message has an end of its own in an index: their pages are read from there and merged.
    if kinds.is_empty() {
        let bounds = named_params! { ":room": room, ":after": after, ":before": before, ":limit": limit };
        read(connection, statement(OLDEST, NEWEST), bounds, &mut messages)?;
        let bounds = named_params! {
            ":room": room, ":user": reader.as_str(), ":after": after, ":before": before, ":limit": limit,
        };
        read(connection, statement(OLDEST_OWN, NEWEST_OWN), bounds, &mut messages)?;
    }
    for kind in kinds {
        let bounds = named_params! {
            ":room": room, ":kind": kind.name(), ":after": after, ":before": before, ":limit": limit,
        };
        read(connection, statement(OLDEST_OF_KIND, NEWEST_OF_KIND), bounds, &mut messages)?;
        let bounds = named_params! {
            ":room": room, ":user": reader.as_str(), ":kind": kind.name(), ":after": after, ":before": before,
            ":limit": limit,
        };
        read(connection, statement(OLDEST_OWN_OF_KIND, NEWEST_OWN_OF_KIND), bounds, &mut messages)?;
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

pub(super) fn one(connection: &Connection, room: &RoomId, id: &MessageId) -> Result<Option<StoredMessage>, StoreError> {
    let room = append::end(connection, room)?.room;
    let of = named_params! { ":room": room, ":id": id.as_str() };
    Ok(connection.prepare_cached(ONE)?.query_row(of, stored).optional()?)
}

fn read(
    connection: &Connection,
    statement: &str,
    bounds: impl Params,
    messages: &mut Vec<StoredMessage>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    for row in statement.query_map(bounds, stored)? {
        messages.push(row?);
    }
    Ok(())
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    let (seq, audience): (i64, i64) = (row.get("seq")?, row.get("audience")?);
    Ok(StoredMessage {
        seq: seq.unsigned_abs(),
        audience: if audience == 0 { Audience::Everyone } else { Audience::Author },
        json: Bytes::from(row.get::<_, Vec<u8>>("json")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::schema;

    #[test]
    fn every_page_is_one_search_of_its_index_and_sorts_nothing() {
        let connection = schema::open_memory().unwrap();
        for (statement, search) in [
            (NEWEST, "message_shown (room=? AND received_at>? AND received_at<?)"),
            (OLDEST, "message_shown (room=? AND received_at>? AND received_at<?)"),
            (NEWEST_OF_KIND, "message_shown_kind (room=? AND kind=? AND received_at>? AND received_at<?)"),
            (OLDEST_OF_KIND, "message_shown_kind (room=? AND kind=? AND received_at>? AND received_at<?)"),
            (NEWEST_OWN, "message_own (room=? AND user=? AND received_at>? AND received_at<?)"),
            (OLDEST_OWN, "message_own (room=? AND user=? AND received_at>? AND received_at<?)"),
            (NEWEST_OWN_OF_KIND, "message_own (room=? AND user=? AND received_at>? AND received_at<?)"),
            (OLDEST_OWN_OF_KIND, "message_own (room=? AND user=? AND received_at>? AND received_at<?)"),
        ] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            let steps: Vec<String> = plan.raw_query().mapped(|row| row.get("detail")).map(Result::unwrap).collect();
            assert_eq!(steps, [format!("SEARCH message USING INDEX {search}")]);
        }
    }
}
