//! How committed messages get from a room's task to every node that has listeners.
//!
//! Nothing is kept here: the store is the truth, and whoever misses a batch reads it from there.
//!
//! - [`local`]: within one process

#[cfg(test)]
#[macro_use]
mod contract;
pub mod local;

use std::{pin::Pin, sync::Arc};

use bytes::Bytes;
use chatroom_wire::{RoomId, UserId};
use tokio::sync::broadcast;

pub use local::LocalBus;

/// What a [`Bus`] answers with, later.
pub type BusFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Messages of one room that go out together, in their order.
pub type Batch = Arc<[Item]>;

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The message, encoded once.
    pub json: Bytes,
    /// Its number in the room's log; none if it is not stored.
    pub seq: Option<u64>,
    /// The one person who gets to see it; none if everybody does. Its number is taken for all the same.
    pub only: Option<UserId>,
    /// Whether it went out before, under this number, and goes to its author once more.
    pub again: bool,
    /// The number of the message whose text this one repeats, as a pin does: it goes with it.
    pub repeats: Option<u64>,
    /// The number of the message that this one deletes: it goes out no more where it has not gone out yet, nor does what
    /// repeats it.
    pub deletes: Option<u64>,
}

/// Carries batches from rooms to listeners.
///
/// What is published to a room reaches each of its subscriptions once and in the order of publishing, unless the
/// subscription is told that it missed something.
pub trait Bus: Send + Sync + 'static {
    /// Hands a batch to every subscription of the room. Never waits for a slow one.
    ///
    /// # Cancel safety
    /// The batch may or may not have been handed over.
    fn publish(&self, room: &RoomId, batch: Batch) -> BusFuture<'_, ()>;

    /// Begins to listen; what is published after this returns is received.
    ///
    /// # Cancel safety
    /// Nothing is left behind.
    fn subscribe(&self, room: &RoomId) -> BusFuture<'_, Subscription>;
}

/// What one listener receives.
#[derive(Debug)]
pub struct Subscription {
    ring: broadcast::Receiver<Batch>,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// The next batch.
    Batch(Batch),
    /// The listener was too slow, and so many batches are gone.
    Missed(u64),
}

impl Subscription {
    /// Waits for the next batch; `None` when the bus has ended.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<Received> {
        match self.ring.recv().await {
            Ok(batch) => Some(Received::Batch(batch)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Received::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
