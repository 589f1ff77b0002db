//! Instants as SQLite keeps them: nanoseconds since 1970 in 64 bits, so that comparing them is comparing integers.

use jiff::Timestamp;

use crate::store::StoreError;

/// An instant to be stored.
pub(super) fn stored(instant: Timestamp) -> Result<i64, StoreError> {
    i64::try_from(instant.as_nanosecond()).map_err(|_| StoreError::TimeOutOfRange)
}

/// An instant to compare with: what lies outside of all that can be stored is moved to the edge.
pub(super) fn bound(instant: Timestamp) -> i64 {
    let nanoseconds = instant.as_nanosecond();
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

/// An instant that was stored.
pub(super) fn read(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).expect("64 bits of nanoseconds are years 1677 to 2262")
}
