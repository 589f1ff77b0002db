//! What a room does not keep.

use chatroom_wire::RoomId;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::{append, audience, stamp};
use crate::store::{History, StoreError};

/// The stamps grow with the numbers, so what is too old is the beginning of the log up to this number. Each audience has
/// its own order in the index.
const LAST_BEFORE: &str = "SELECT seq FROM message INDEXED BY message_audience
    WHERE room = :room AND audience = :audience AND received_at < :before ORDER BY received_at DESC LIMIT 1";
const REMOVE: &str = "DELETE FROM message WHERE key IN
    (SELECT key FROM message WHERE room = :room AND seq <= :last ORDER BY seq LIMIT :limit)";

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
    let is_last = i64::try_from(removed).is_ok_and(|removed| removed < limit);
    Ok(Portion { removed: u64::try_from(removed).unwrap_or(u64::MAX), is_last })
}

fn last_before(
    connection: &Connection,
    room: i64,
    now: Timestamp,
    age: std::time::Duration,
) -> Result<Option<i64>, StoreError> {
    let oldest_kept = SignedDuration::try_from(age).ok().and_then(|age| now.checked_sub(age).ok());
    // Kept for longer than time goes back: nothing is too old.
    let Some(oldest_kept) = oldest_kept else { return Ok(None) };
    let before = stamp::bound(oldest_kept);
    let mut statement = connection.prepare_cached(LAST_BEFORE)?;
    let mut last = None;
    for audience in audience::ALL {
        let bounds = named_params! { ":room": room, ":audience": audience, ":before": before };
        last = last.max(statement.query_row(bounds, |row| row.get(0)).optional()?);
    }
    Ok(last)
}
