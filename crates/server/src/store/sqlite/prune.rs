//! What a room does not keep.

use chatroom_wire::RoomId;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::{append, audience, copies, stamp};
use crate::store::{History, Overdue, StoreError};

/// The stamps grow with the numbers, so what is too old is the beginning of the log up to this number. Each audience has
/// its own order in the index.
const LAST_BEFORE: &str = "SELECT seq FROM message INDEXED BY message_audience
    WHERE room = :room AND audience = :audience AND received_at < :before ORDER BY received_at DESC LIMIT 1";
const REMOVE: &str = "DELETE FROM message WHERE key IN
    (SELECT key FROM message WHERE room = :room AND seq <= :last ORDER BY seq LIMIT :limit)";

/// Rooms whose oldest message is too old or too many, and those with a pin whose message is gone.
const OVERDUE: &str =
    "SELECT id, EXISTS (SELECT 1 FROM pinned_message WHERE room = room.key) AS has_pins FROM room WHERE
    (SELECT received_at FROM message INDEXED BY message_seq WHERE room = room.key ORDER BY seq LIMIT 1) < :before
    OR (SELECT seq FROM message INDEXED BY message_seq WHERE room = room.key ORDER BY seq LIMIT 1)
        <= last_seq - :count
    OR EXISTS (SELECT 1 FROM pinned_message AS pin WHERE pin.room = room.key AND NOT EXISTS (
        SELECT 1 FROM message WHERE message.room = room.key AND message.id = pin.message AND audience != 2
        AND received_at >= :before))
    LIMIT :limit";

/// A portion of what is to be removed.
pub(super) struct Portion {
    pub(super) removed: u64,
    pub(super) is_last: bool,
}

pub(super) fn portion(
    connection: &Connection,
    room: &RoomId,
    keep: History,
    now: Timestamp,
    limit: usize,
) -> Result<Portion, StoreError> {
    let end = append::end(connection, room)?;
    let by_count = keep.count.map(|count| end.seq.saturating_sub_unsigned(count));
    let by_age = match keep.age {
        Some(age) => last_before(connection, end.room, now, age)?,
        None => None,
    };
    let last = by_count.max(by_age).unwrap_or(0);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let removed = connection.prepare_cached(REMOVE)?.execute(named_params! {
        ":room": end.room, ":last": last, ":limit": limit,
    })?;
    if removed > 0 {
        copies::erase_all(connection, end.room)?;
    }
    let is_last = i64::try_from(removed).is_ok_and(|removed| removed < limit);
    Ok(Portion { removed: u64::try_from(removed).unwrap_or(u64::MAX), is_last })
}

pub(super) fn overdue(
    connection: &Connection,
    keep: History,
    now: Timestamp,
    limit: u16,
) -> Result<Vec<Overdue>, StoreError> {
    let before = keep.age.and_then(|age| oldest_kept(now, age)).unwrap_or(i64::MIN);
    let count = keep.count.map_or(i64::MAX, |count| i64::try_from(count).unwrap_or(i64::MAX));
    let mut statement = connection.prepare_cached(OVERDUE)?;
    let bounds = named_params! { ":before": before, ":count": count, ":limit": limit };
    let rooms = statement.query_map(bounds, |row| {
        Ok(Overdue { room: row.get::<_, String>("id")?.into(), has_pins: row.get("has_pins")? })
    })?;
    Ok(rooms.collect::<Result<_, _>>()?)
}

/// None where it is kept for longer than time goes back.
fn oldest_kept(now: Timestamp, age: std::time::Duration) -> Option<i64> {
    let age = SignedDuration::try_from(age).ok()?;
    now.checked_sub(age).ok().map(stamp::bound)
}

fn last_before(
    connection: &Connection,
    room: i64,
    now: Timestamp,
    age: std::time::Duration,
) -> Result<Option<i64>, StoreError> {
    let Some(before) = oldest_kept(now, age) else { return Ok(None) };
    let mut statement = connection.prepare_cached(LAST_BEFORE)?;
    let mut last = None;
    for audience in audience::ALL {
        let bounds = named_params! { ":room": room, ":audience": audience, ":before": before };
        last = last.max(statement.query_row(bounds, |row| row.get(0)).optional()?);
    }
    Ok(last)
}
