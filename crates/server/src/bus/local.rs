//! The bus within one process: a ring per room.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chatroom_wire::RoomId;
use tokio::sync::broadcast;

use super::{Batch, Bus, BusFuture, Subscription};

/// How many batches a listener may be behind. A listener only encodes, so it is behind for as long as the scheduler
/// leaves it aside.
const RING: usize = 256;

/// Carries batches within this process.
#[derive(Debug, Default)]
pub struct LocalBus {
    rings: Mutex<Rings>,
}

#[derive(Debug, Default)]
struct Rings {
    rooms: HashMap<RoomId, broadcast::Sender<Batch>>,
    /// How many there may be before those are looked for that nobody listens to.
    full: usize,
}

impl LocalBus {
    /// A bus with no listeners.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Bus for LocalBus {
    fn publish(&self, room: &RoomId, batch: Batch) -> BusFuture<'_, ()> {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        if rings.rooms.get(room).is_some_and(|ring| ring.send(batch).is_err()) {
            rings.rooms.remove(room);
        }
        Box::pin(std::future::ready(()))
    }

    fn subscribe(&self, room: &RoomId) -> BusFuture<'_, Subscription> {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        let subscription = Subscription { ring: rings.of(room).subscribe() };
        Box::pin(std::future::ready(subscription))
    }
}

impl Rings {
    fn of(&mut self, room: &RoomId) -> &broadcast::Sender<Batch> {
        if self.rooms.len() >= self.full {
            // Rooms in which nothing was said since their last listener left. With room for as many again as stay, looking
            // for them costs little however many come.
            self.rooms.retain(|_, ring| ring.receiver_count() > 0);
            self.full = 2 * self.rooms.len().max(1);
        }
        self.rooms.entry(room.clone()).or_insert_with(|| broadcast::channel(RING).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    bus_contract!(LocalBus::new());

    #[tokio::test]
    async fn a_room_without_listeners_leaves_nothing_behind() {
        let bus = LocalBus::new();
        let room = RoomId::from("room");
        drop(bus.subscribe(&room).await);
        bus.publish(&room, Batch::from([])).await;
        assert!(bus.rings.lock().unwrap().rooms.is_empty());
    }

    #[tokio::test]
    async fn rooms_that_were_left_in_silence_are_not_kept_for_ever() {
        let bus = LocalBus::new();
        let mut heard = Vec::new();
        for number in 0..1000 {
            let subscription = bus.subscribe(&RoomId::from(format!("room {number}"))).await;
            // Some stay.
            if number % 100 == 0 {
                heard.push(subscription);
            }
        }
        let kept = bus.rings.lock().unwrap().rooms.len();
        assert!(kept <= 2 * heard.len(), "{kept} rings for {} rooms with listeners", heard.len());
    }
}
