//! Pages of a log.

use std::collections::BTreeSet;

use bytes::Bytes;
use chatroom_wire::{Kind, MessageId, RoomId, UserId, rest::MessagesQuery};
use rusqlite::{Connection, OptionalExtension as _, Params, Row, named_params};

use super::{append, audience, stamp};
use crate::store::{StoreError, StoredMessage, record::page_size};

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

/// Each index has an end of its own for what is asked of it, so that no page walks over messages that it does not show.
mod newest {
    pub(super) const ALL: &str = page!("message_audience", "audience = 0", "DESC");
    pub(super) const KIND: &str = page!("message_audience_kind", "audience = 0 AND kind = :kind", "DESC");
    pub(super) const OWN: &str = page!("message_own", "audience = 1 AND user = :user", "DESC");
    pub(super) const OWN_KIND: &str =
        page!("message_own_kind", "audience = 1 AND user = :user AND kind = :kind", "DESC");
}

mod oldest {
    pub(super) const ALL: &str = page!("message_audience", "audience = 0", "ASC");
    pub(super) const KIND: &str = page!("message_audience_kind", "audience = 0 AND kind = :kind", "ASC");
    pub(super) const OWN: &str = page!("message_own", "audience = 1 AND user = :user", "ASC");
    pub(super) const OWN_KIND: &str =
        page!("message_own_kind", "audience = 1 AND user = :user AND kind = :kind", "ASC");
}

const ONE: &str = "SELECT seq, audience, json FROM message WHERE room = :room AND id = :id AND audience != 2";

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
    let user = reader.as_str();
    let mut messages = Vec::new();
    let kinds: BTreeSet<Kind> = query.types.iter().copied().collect();
    if kinds.is_empty() {
        let (all, own) = if query.from_oldest { (oldest::ALL, oldest::OWN) } else { (newest::ALL, newest::OWN) };
        let bounds = named_params! { ":room": room, ":after": after, ":before": before, ":limit": limit };
        read(connection, all, bounds, &mut messages)?;
        let bounds =
            named_params! { ":room": room, ":user": user, ":after": after, ":before": before, ":limit": limit };
        read(connection, own, bounds, &mut messages)?;
    }
    // Every list that a page is merged from is as long as the page may be: so a short page is the last.
    for kind in kinds {
        let kind = kind.name();
        let (all, own) =
            if query.from_oldest { (oldest::KIND, oldest::OWN_KIND) } else { (newest::KIND, newest::OWN_KIND) };
        let bounds = named_params! {
            ":room": room, ":kind": kind, ":after": after, ":before": before, ":limit": limit,
        };
        read(connection, all, bounds, &mut messages)?;
        let bounds = named_params! {
            ":room": room, ":user": user, ":kind": kind, ":after": after, ":before": before, ":limit": limit,
        };
        read(connection, own, bounds, &mut messages)?;
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

/// One message, unless it is deleted.
pub(super) fn one(connection: &Connection, room: &RoomId, id: &MessageId) -> Result<Option<StoredMessage>, StoreError> {
    let room = append::end(connection, room)?.room;
    let mut statement = connection.prepare_cached(ONE)?;
    Ok(statement.query_row(named_params! { ":room": room, ":id": id.as_str() }, message).optional()?)
}

fn read(
    connection: &Connection,
    statement: &str,
    bounds: impl Params,
    messages: &mut Vec<StoredMessage>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    for row in statement.query_map(bounds, message)? {
        messages.push(row?);
    }
    Ok(())
}

fn message(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    Ok(StoredMessage {
        seq: row.get::<_, i64>("seq")?.unsigned_abs(),
        audience: audience::read(row.get("audience")?),
        json: Bytes::from(row.get::<_, Vec<u8>>("json")?),
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::store::sqlite::schema;

    #[test]
    fn every_page_is_one_search_of_its_index_and_sorts_nothing() {
        let connection = schema::open_memory().unwrap();
        let time = "received_at>? AND received_at<?";
        for (statement, search) in [
            (newest::ALL, format!("message_audience (room=? AND audience=? AND {time})")),
            (oldest::ALL, format!("message_audience (room=? AND audience=? AND {time})")),
            (newest::KIND, format!("message_audience_kind (room=? AND kind=? AND {time})")),
            (oldest::KIND, format!("message_audience_kind (room=? AND kind=? AND {time})")),
            (newest::OWN, format!("message_own (room=? AND user=? AND {time})")),
            (oldest::OWN, format!("message_own (room=? AND user=? AND {time})")),
            (newest::OWN_KIND, format!("message_own_kind (room=? AND user=? AND kind=? AND {time})")),
            (oldest::OWN_KIND, format!("message_own_kind (room=? AND user=? AND kind=? AND {time})")),
        ] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            let steps: Vec<String> = plan.raw_query().mapped(|row| row.get("detail")).map(Result::unwrap).collect();
            assert_eq!(steps, [format!("SEARCH message USING INDEX {search}")]);
        }
    }

    #[test]
    fn a_page_walks_over_nothing_that_it_does_not_show() {
        let connection = schema::open_memory().unwrap();
        connection.execute_batch("INSERT INTO room (id, created_at, updated_at) VALUES ('r', 0, 0)").unwrap();
        // Five messages that are shown, with thousands of hidden and of deleted ones before, between and behind them.
        connection
            .execute_batch(
                "WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < 30000)
                INSERT INTO message (room, seq, id, user, kind, received_at, audience, json)
                SELECT 1, n, n, 'eve', 'INTERACTION_TYPE_TEXT', n, iif(n % 5001 = 0, 0, 1 + n % 2), x'' FROM number",
            )
            .unwrap();
        for from_oldest in [false, true] {
            for types in [vec![], vec![Kind::Text]] {
                let query = MessagesQuery { from_oldest, types, ..MessagesQuery::default() };
                let page = page(&connection, &"r".into(), &"ada".into(), &query).unwrap();
                let numbers: Vec<u64> = page.iter().map(|message| message.seq).collect();
                assert_eq!(numbers, [5001, 10_002, 15_003, 20_004, 25_005]);
            }
        }
        for statement in [newest::ALL, oldest::ALL, newest::KIND, oldest::KIND, newest::OWN, oldest::OWN] {
            let steps = connection.prepare_cached(statement).unwrap().get_status(StatementStatus::VmStep);
            assert!((1..500).contains(&steps), "{steps} steps of {statement}");
        }
    }
}
