//! What the server notes of itself.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, named_params};

use super::stamp;
use crate::{retention::ClockRecord, store::StoreError};

const READ: &str = "SELECT token_key, clock_trusted, clock_seen, clock_steady,
    (SELECT max(last_received_at) FROM room) AS newest, (SELECT max(updated_at) FROM room) AS changed FROM server";
const KEEP_CLOCK: &str =
    "UPDATE server SET clock_trusted = :trusted, clock_seen = :seen, clock_steady = :steady WHERE key = 1";
const KEEP_TOKEN_KEY: &str = "UPDATE server SET token_key = :token_key WHERE key = 1";

/// What a store knew when it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The public key of the tokens that belong to it, once it was noted.
    pub token_key: Option<Vec<u8>>,
    /// What the clocks said last; in a store of an earlier version, when it was written to last.
    pub clock: Option<ClockRecord>,
    /// The stamp of the newest message of all rooms.
    pub newest: Option<Timestamp>,
}

pub(super) fn read(connection: &Connection) -> Result<Found, StoreError> {
    let found = connection.query_row(READ, [], |row| {
        let number = |name: &str| row.get::<_, Option<i64>>(name);
        let newest = number("newest")?.map(stamp::read);
        let last = newest.max(number("changed")?.map(stamp::read));
        let seen = number("clock_seen")?.map(stamp::read);
        let steady = Duration::from_nanos(number("clock_steady")?.unwrap_or(0).unsigned_abs());
        let trusted = number("clock_trusted")?.map(stamp::read).or(last);
        let clock = trusted.map(|trusted| ClockRecord { trusted, seen: seen.unwrap_or(trusted), steady });
        Ok(Found { token_key: row.get("token_key")?, clock, newest })
    })?;
    Ok(found)
}

pub(super) fn keep_clock(connection: &Connection, record: ClockRecord) -> Result<(), StoreError> {
    connection.prepare_cached(KEEP_CLOCK)?.execute(named_params! {
        ":trusted": stamp::bound(record.trusted),
        ":seen": stamp::bound(record.seen),
        ":steady": i64::try_from(record.steady.as_nanos()).unwrap_or(i64::MAX),
    })?;
    Ok(())
}

pub(super) fn keep_token_key(connection: &Connection, token_key: &[u8]) -> Result<(), StoreError> {
    connection.prepare_cached(KEEP_TOKEN_KEY)?.execute(named_params! { ":token_key": token_key })?;
    Ok(())
}
