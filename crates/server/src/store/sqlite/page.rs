//! Pages of a log.

use std::collections::BTreeSet;

use bytes::Bytes;
use chatroom_wire::{Kind, MessageId, RoomId, UserId, rest::MessagesQuery};
use rusqlite::{Connection, Params, Row, named_params};
use tracing::warn;

use super::{append, audience, copies, json, stamp};
use crate::store::{
    StoreError, StoredMessage, fitting,
    record::{PAGE_BYTES, page_size},
};

/// The statement of a page: from this index, of these messages, from this end.
macro_rules! page {
    ($index:literal, $which:literal, $order:literal) => {
        concat!(
            "SELECT seq, audience, kind, json FROM message INDEXED BY ",
            $index,
            " WHERE room = :room AND ",
            $which,
            " AND received_at > :after AND received_at < :before ORDER BY received_at ",
            $order
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

const ONE: &str = "SELECT seq, audience, kind, json FROM message
    WHERE room = :room AND id = :id AND audience != 2 AND received_at >= :horizon";

pub(super) fn page(
    connection: &Connection,
    room: &RoomId,
    reader: &UserId,
    query: &MessagesQuery,
    horizon: i64,
) -> Result<Vec<StoredMessage>, StoreError> {
    let room = append::end(connection, room)?.room;
    let after = query.after_at.map_or(i64::MIN, |time| stamp::bound(time.instant())).max(horizon.saturating_sub(1));
    let before = query.before_at.map_or(i64::MAX, |time| stamp::bound(time.instant()));
    let limit = page_size(query);
    let user = reader.as_str();
    let source = Source { connection, room, horizon, limit: usize::from(limit), from_oldest: query.from_oldest };
    let mut messages = Vec::new();
    let kinds: BTreeSet<Kind> = query.types.iter().copied().collect();
    if kinds.is_empty() {
        let (all, own) = if query.from_oldest { (oldest::ALL, oldest::OWN) } else { (newest::ALL, newest::OWN) };
        let bounds = named_params! { ":room": room, ":after": after, ":before": before };
        source.read(all, bounds, &mut messages)?;
        let bounds = named_params! { ":room": room, ":user": user, ":after": after, ":before": before };
        source.read(own, bounds, &mut messages)?;
    }
    for kind in kinds {
        let kind = kind.name();
        let (all, own) =
            if query.from_oldest { (oldest::KIND, oldest::OWN_KIND) } else { (newest::KIND, newest::OWN_KIND) };
        let bounds = named_params! {
            ":room": room, ":kind": kind, ":after": after, ":before": before,
        };
        source.read(all, bounds, &mut messages)?;
        let bounds = named_params! {
            ":room": room, ":user": user, ":kind": kind, ":after": after, ":before": before,
        };
        source.read(own, bounds, &mut messages)?;
    }
    if !query.from_oldest {
        messages.reverse();
    }
    Ok(messages)
}

/// One message, unless it is deleted or has expired.
pub(super) fn one(
    connection: &Connection,
    room: &RoomId,
    id: &MessageId,
    horizon: i64,
) -> Result<Option<StoredMessage>, StoreError> {
    let room = append::end(connection, room)?.room;
    let mut statement = connection.prepare_cached(ONE)?;
    let mut rows = statement.query(named_params! { ":room": room, ":id": id.as_str(), ":horizon": horizon })?;
    rows.next()?.map(message).transpose()
}

/// The log that a page is read from.
struct Source<'a> {
    connection: &'a Connection,
    room: i64,
    horizon: i64,
    limit: usize,
    from_oldest: bool,
}

impl Source<'_> {
    /// Merges what the statement finds into a page, beginning at its end of the log. Never reads more than a page. A
    /// message that is damaged is left out, so that it does not keep others from being read.
    fn read(&self, statement: &str, bounds: impl Params, messages: &mut Vec<StoredMessage>) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(statement)?;
        let mut rows = statement.query(bounds)?;
        let (mut read, mut bytes) = (Vec::new(), 0);
        while read.len() < self.limit
            && let Some(row) = rows.next()?
        {
            // Its length is known before it is read.
            bytes += row.get_ref("json")?.as_bytes().map_or(0, <[u8]>::len);
            if read.len() >= 2 && bytes > PAGE_BYTES {
                break;
            }
            match message(row).and_then(|message| self.without_quote(row, message)) {
                Ok(message) => read.push(message),
                Err(error @ StoreError::DamagedRow(_)) => {
                    let seq: Option<i64> = row.get("seq").ok();
                    warn!(%error, seq, "a damaged message is left out of a page");
                }
                Err(error) => return Err(error),
            }
        }
        messages.append(&mut read);
        // The numbers grow with the stamps.
        messages.sort_unstable_by_key(|message| message.seq);
        if !self.from_oldest {
            messages.reverse();
        }
        messages.truncate(self.limit.min(fitting(messages.iter().map(|message| message.json.len()))));
        Ok(())
    }

    /// What an announcement of a pin quotes expires with the quoted message, which may be before the announcement does.
    fn without_quote(&self, row: &Row<'_>, message: StoredMessage) -> Result<StoredMessage, StoreError> {
        if self.horizon == i64::MIN || !copies::KINDS.contains(&row.get_ref("kind")?.as_str().unwrap_or_default()) {
            return Ok(message);
        }
        let json = copies::without_quote(self.connection, self.room, self.horizon, &message.json)?;
        Ok(StoredMessage { json: json.map_or(message.json, Bytes::from), ..message })
    }
}

/// The message of a row.
///
/// # Errors
/// [`StoreError::DamagedRow`] where it is none.
fn message(row: &Row<'_>) -> Result<StoredMessage, StoreError> {
    let json: Vec<u8> = row.get("json")?;
    json::check(&json)?;
    Ok(StoredMessage {
        seq: row.get::<_, i64>("seq")?.unsigned_abs(),
        audience: audience::read(row.get("audience")?),
        json: Bytes::from(json),
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
                SELECT 1, n, n, 'eve', 'INTERACTION_TYPE_TEXT', n, iif(n % 5001 = 0, 0, 1 + n % 2), x'7b7d' FROM number",
            )
            .unwrap();
        for from_oldest in [false, true] {
            for types in [vec![], vec![Kind::Text]] {
                let query = MessagesQuery { from_oldest, types, ..MessagesQuery::default() };
                let page = page(&connection, &"r".into(), &"ada".into(), &query, i64::MIN).unwrap();
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
