//! How fast somebody may write, in messages and in bytes.
//!
//! Two buckets, each kept as one instant: when it will be full again. After a refusal the person is refused until the
//! announced time has passed, also if there would be room before: else a message that was sent behind the refused one
//! would overtake it.

use std::{collections::BTreeMap, time::Duration};

use chatroom_mqtt::ReasonCode;
use chatroom_wire::UserId;

use super::{Author, Refusal};
use crate::settings::Size;

/// What a full bucket of messages holds: twice those of a second.
const BURST: Duration = Duration::from_secs(2);

/// The shortest wait that is announced: longer than what is behind the refused message takes to arrive. The bucket fills
/// meanwhile, so nothing is lost by it.
const SHORTEST: Duration = Duration::from_millis(300);

/// What somebody may write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    /// In a second.
    pub(super) messages: u32,
    /// None where bytes are not counted.
    pub(super) bytes: Option<ByteRate>,
}

/// How many bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct ByteRate {
    pub(super) per_second: Size,
    pub(super) burst: Size,
}

impl ByteRate {
    /// How long the bucket takes to gain so many bytes.
    fn time_for(self, bytes: u64) -> Duration {
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(self.per_second.0.max(1));
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

/// The buckets of a room.
#[derive(Debug, Default)]
pub(super) struct Rates {
    buckets: BTreeMap<(UserId, bool), Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    full_at: Duration,
    bytes_full_at: Duration,
    refused_until: Duration,
}

impl Rates {
    /// Takes one message of this size out of the author's buckets.
    pub(super) fn take(&mut self, now: Duration, author: &Author, rate: Rate, size: usize) -> Result<(), Refusal> {
        let fresh = Bucket { full_at: now, bytes_full_at: now, refused_until: now };
        let bucket = self.buckets.entry((author.id.clone(), author.is_admin)).or_insert(fresh);
        let full_at = bucket.full_at.max(now) + Duration::from_secs(1) / rate.messages.max(1);
        let (bytes_full_at, bytes_wait) = rate.bytes.map_or((now, Duration::ZERO), |bytes| {
            let before = bucket.bytes_full_at.max(now);
            let full_at = before + bytes.time_for(u64::try_from(size).unwrap_or(u64::MAX));
            // What is larger than the whole bucket goes when that is full: else it would be refused for ever.
            let wait = full_at.saturating_sub(now + bytes.time_for(bytes.burst.0)).min(before.saturating_sub(now));
            (full_at, wait)
        });
        if now >= bucket.refused_until {
            let wait = full_at.saturating_sub(now + BURST).max(bytes_wait);
            if wait.is_zero() {
                (bucket.full_at, bucket.bytes_full_at) = (full_at, bytes_full_at);
                return Ok(());
            }
            bucket.refused_until = now + whole_milliseconds(wait.max(SHORTEST));
        }
        let text = match rate.bytes {
            Some(bytes) if !bytes_wait.is_zero() => {
                format!("too much: {} bytes a second are allowed", bytes.per_second.0)
            }
            _ => format!("too fast: {} messages a second are allowed", rate.messages),
        };
        let wait = whole_milliseconds(bucket.refused_until.saturating_sub(now));
        Err(Refusal::for_now(ReasonCode::QUOTA_EXCEEDED, text, wait))
    }

    /// Drops the buckets that are as good as new.
    pub(super) fn forget_the_quiet(&mut self, now: Duration) {
        self.buckets.retain(|_, bucket| bucket.full_at.max(bucket.bytes_full_at).max(bucket.refused_until) > now);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.buckets.len()
    }
}

/// Rounded up, as it is announced in milliseconds.
fn whole_milliseconds(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
}
