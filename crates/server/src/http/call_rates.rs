//! How many calls somebody may make: by token where a good one is shown, else by address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::http::StatusCode;
use chatroom_wire::{RoomId, UserId};

use super::{ApiError, auth::Caller};
use crate::{Settings, bucket::Bucket, clock::Clock, listen::network, token::Grant};

/// A bucket holds what fills within this time, so that whoever comes back after an outage makes all calls at once.
const BURST: Duration = Duration::from_secs(10);

/// So many buckets are kept before those that are full again are looked for.
const FEW: usize = 1024;

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum CallerKey {
    /// Somebody in a room, whichever of their tokens is shown: a refresh gives a new token, and no new bucket.
    Person(RoomId, UserId),
    /// The digest of a token that names nobody: one for dictionaries, or for packs of stickers.
    Token([u8; 32]),
    /// Whoever calls from an address without a good token.
    Address(IpAddr),
}

impl CallerKey {
    /// Who shows a good token; none for the organisation, which calls in the name of everybody.
    pub(super) fn of(caller: &Caller, token: &str) -> Option<Self> {
        match caller {
            Caller::Organisation => None,
            Caller::Chat(grant) => Some(Self::person(grant)),
            Caller::Dictionary | Caller::Sticker => {
                let digest = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
                digest.as_ref().try_into().ok().map(Self::Token)
            }
        }
    }

    /// The person of a chat token or a refresh token.
    pub(super) fn person(grant: &Grant) -> Self {
        Self::Person(grant.room.clone(), grant.user.clone())
    }

    /// Everybody behind an address, which for IPv6 is a network.
    pub(super) fn address(address: IpAddr) -> Self {
        Self::Address(network(address))
    }
}

/// The rate of every caller.
#[derive(Debug)]
pub(crate) struct CallRates {
    rate: u32,
    unknown: u32,
    clock: Clock,
    buckets: Mutex<Buckets>,
}

#[derive(Debug)]
struct Buckets {
    all: HashMap<CallerKey, Bucket>,
    /// At how many the full ones are dropped.
    crowded: usize,
}

impl CallRates {
    pub(crate) fn new(settings: &Settings, clock: Clock) -> Self {
        Self {
            rate: settings.rate_calls,
            unknown: settings.rate_calls_unknown,
            clock,
            buckets: Mutex::new(Buckets { all: HashMap::new(), crowded: FEW }),
        }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// 429 where there were too many.
    pub(super) fn take(&self, caller: CallerKey) -> Result<(), ApiError> {
        let now = self.clock.monotonic();
        let rate = if matches!(caller, CallerKey::Address(_)) { self.unknown } else { self.rate };
        let cost = Duration::from_secs(1) / rate.max(1);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.all.len() >= buckets.crowded {
            buckets.all.retain(|_, bucket| !bucket.is_full(now));
            buckets.crowded = FEW.max(2 * buckets.all.len());
        }
        let bucket = buckets.all.entry(caller).or_insert_with(|| Bucket::full(now));
        bucket.take(now, cost, BURST).map_err(|wait| {
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, format!("too many calls: {rate} a second are allowed"))
                .retry_after(wait)
        })
    }
}
