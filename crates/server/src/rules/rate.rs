//! How fast somebody may write.
//!
//! A bucket of two seconds' worth of messages, kept as one instant: when it will be full again. After a refusal the
//! person is refused until the announced time has passed, also if there would be room before: else a message that was
//! sent behind the refused one would overtake it.

use std::{collections::BTreeMap, time::Duration};

use chatroom_mqtt::ReasonCode;
use chatroom_wire::UserId;

use super::{Author, Refusal};

/// What a full bucket holds: twice the messages of a second.
const BURST: Duration = Duration::from_secs(2);

/// The shortest wait that is announced: longer than what is behind the refused message takes to arrive. The bucket fills
/// meanwhile, so nothing is lost by it.
const SHORTEST: Duration = Duration::from_millis(300);

/// The buckets of a room.
#[derive(Debug, Default)]
pub(super) struct Rates {
    buckets: BTreeMap<(UserId, bool), Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    full_at: Duration,
    refused_until: Duration,
}

impl Rates {
    /// Takes one message out of the author's bucket.
    pub(super) fn take(&mut self, now: Duration, author: &Author, rate: u32) -> Result<(), Refusal> {
        let one = Duration::from_secs(1) / rate.max(1);
        let fresh = Bucket { full_at: now, refused_until: now };
        let bucket = self.buckets.entry((author.id.clone(), author.is_admin)).or_insert(fresh);
        if now >= bucket.refused_until {
            let full_at = bucket.full_at.max(now) + one;
            if full_at <= now + BURST {
                bucket.full_at = full_at;
                return Ok(());
            }
            let wait = full_at.saturating_sub(now + BURST).max(SHORTEST);
            bucket.refused_until = now + whole_milliseconds(wait);
        }
        Err(Refusal::for_now(
            ReasonCode::QUOTA_EXCEEDED,
            format!("too fast: {rate} messages a second are allowed"),
            whole_milliseconds(bucket.refused_until.saturating_sub(now)),
        ))
    }

    /// Drops the buckets that are as good as new.
    pub(super) fn forget_the_quiet(&mut self, now: Duration) {
        self.buckets.retain(|_, bucket| bucket.full_at > now || bucket.refused_until > now);
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
