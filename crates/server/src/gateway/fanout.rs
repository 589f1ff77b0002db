//! From the bus to all listeners of a room on this node.
//!
//! One task per room gathers messages into packets and encodes each packet once, WebSocket frame and all. The packets go
//! into a ring that all listeners read: sending costs the same for one listener as for a thousand, a listener costs no
//! queue of its own, and one that falls behind by the whole ring learns it at its next read, while the others never
//! wait for it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use chatroom_mqtt::encode_publish;
use chatroom_wire::{RoomId, UserId};
use tokio::{
    sync::{Mutex, broadcast},
    time::sleep_until,
};
use tracing::{debug, error, warn};

use super::{
    batcher::{Again, Batcher, Hidden, Payload, Sheaf},
    frames,
};
use crate::{
    Settings,
    bus::{Bus, Received, Subscription},
    clock::Clock,
    stop::{Phase, StopWatch},
};

/// What leaves at one time, for all listeners of a room.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    common: Option<Packet>,
    own: Option<Arc<OwnPackets>>,
}

/// One packet.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    /// The packet in its WebSocket frame.
    pub(crate) frame: Bytes,
    /// The size of the packet alone, for clients that accept no larger ones.
    pub(crate) size: usize,
}

/// Packets of those who get to see more than others. Each is built when its author's connection wants it: in a storm of
/// votes there are as many as voters.
#[derive(Debug)]
struct OwnPackets {
    topic: Arc<str>,
    hidden: Option<Hidden>,
    again: Again,
}

impl Delivery {
    /// What this person gets, if anything.
    pub(crate) fn for_user(&self, user: &UserId) -> Option<Packet> {
        let own = self.own.as_ref().and_then(|own| Some((&own.topic, own.hidden.as_ref()?.for_author(user)?)));
        match own {
            Some((topic, payload)) => encode(topic, &payload),
            None => self.common.clone(),
        }
    }

    /// What this person said a second time: bare packets, behind the other.
    pub(crate) fn again_for(&self, user: &UserId) -> impl Iterator<Item = Bytes> {
        let own = self.own.iter().flat_map(move |own| own.again.for_author(user).map(|payload| (&own.topic, payload)));
        own.filter_map(|(topic, payload)| bare(topic, &payload))
    }
}

fn encode(topic: &str, payload: &Payload) -> Option<Packet> {
    bare(topic, payload).map(|packet| Packet { frame: frames::binary(&packet), size: packet.len() })
}

fn bare(topic: &str, payload: &Payload) -> Option<Bytes> {
    let numbers = payload.run.map(|run| [("seq", run.seq.to_string()), ("prev", run.prev.to_string())]);
    let properties: Vec<(&str, &str)> =
        numbers.iter().flatten().map(|(name, number)| (*name, number.as_str())).collect();
    match encode_publish(topic, &payload.json, &properties) {
        Ok(packet) => Some(packet),
        Err(error) => {
            error!(topic, %error, "a packet can't be encoded");
            None
        }
    }
}

/// The rooms that have listeners on this node.
#[derive(Debug, Default)]
pub(crate) struct Fanouts {
    rings: Rings,
}

/// A ring ends with its task, however that ends: else its listeners would wait for ever.
type Rings = Arc<Mutex<HashMap<RoomId, broadcast::WeakSender<Delivery>>>>;

/// What a room's task works with.
pub(crate) struct Tools {
    pub(crate) settings: Arc<Settings>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) clock: Clock,
    pub(crate) stop: StopWatch,
}

impl Fanouts {
    /// Begins to listen to a room: what is committed after this returns is received.
    pub(crate) async fn listen(
        &self,
        room: &RoomId,
        topic: &str,
        tools: impl FnOnce() -> Tools,
    ) -> broadcast::Receiver<Delivery> {
        // The lock is held until the bus listens: whoever comes second must not be told yes before that.
        let mut rings = self.rings.lock().await;
        if let Some(ring) = rings.get(room).and_then(broadcast::WeakSender::upgrade) {
            return ring.subscribe();
        }
        let tools = tools();
        let subscription = tools.bus.subscribe(room).await;
        let (ring, listener) = broadcast::channel(usize::try_from(tools.settings.queue_packets).unwrap_or(1 << 16));
        rings.insert(room.clone(), ring.downgrade());
        let fanout = Fanout {
            batcher: Batcher::new(tools.settings.batch_window, tools.settings.batch_max.bytes()),
            room: room.clone(),
            topic: topic.into(),
            rings: Arc::clone(&self.rings),
            ring,
            tools,
        };
        tokio::spawn(fanout.run(subscription));
        listener
    }
}

struct Fanout {
    batcher: Batcher,
    room: RoomId,
    topic: Arc<str>,
    rings: Rings,
    ring: broadcast::Sender<Delivery>,
    tools: Tools,
}

/// How often a room without listeners is looked for.
const LOOK: Duration = Duration::from_secs(5);

impl Fanout {
    async fn run(mut self, mut subscription: Subscription) {
        let mut look = self.tools.clock.monotonic() + LOOK;
        loop {
            let due = self.batcher.poll_timeout().unwrap_or(look).min(look);
            tokio::select! {
                received = subscription.recv() => match received {
                    Some(Received::Batch(batch)) => {
                        let now = self.tools.clock.monotonic();
                        for item in batch.iter() {
                            let before = self.batcher.push(now, item.clone());
                            self.send(before);
                        }
                    }
                    // The hole shows in `prev` of the next packet, and clients read what they miss.
                    Some(Received::Missed(missed)) => warn!(room = %self.room, missed, "batches were missed"),
                    None => break,
                },
                () = sleep_until(self.tools.clock.instant(due)) => {}
                () = self.tools.stop.reached(Phase::Over) => break,
            }
            let now = self.tools.clock.monotonic();
            let due = self.batcher.take_due(now);
            self.send(due);
            if now >= look {
                look = now + LOOK;
                if self.nobody_listens().await {
                    break;
                }
            }
        }
        debug!(room = %self.room, "nobody listens any more");
    }

    fn send(&self, sheaf: Option<Sheaf>) {
        let Some(sheaf) = sheaf.filter(|_| self.ring.receiver_count() > 0) else { return };
        let (hidden, again) = (sheaf.hidden, sheaf.again);
        let some = hidden.is_some() || !again.is_empty();
        let delivery = Delivery {
            common: sheaf.common.and_then(|payload| encode(&self.topic, &payload)),
            own: some.then(|| Arc::new(OwnPackets { topic: Arc::clone(&self.topic), hidden, again })),
        };
        // An error means that the last listener left meanwhile.
        let _ = self.ring.send(delivery);
    }

    /// Leaves the list if nobody listens; whoever comes later begins anew.
    async fn nobody_listens(&self) -> bool {
        let mut rings = self.rings.lock().await;
        let nobody = self.ring.receiver_count() == 0;
        if nobody {
            rings.remove(&self.room);
        }
        nobody
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast::error::RecvError;

    use super::*;
    use crate::{
        bus::{Batch, BusFuture, LocalBus},
        stop::Stop,
    };

    /// Ends as soon as somebody listens.
    struct Ended;

    impl Bus for Ended {
        fn publish(&self, _: &RoomId, _: Batch) -> BusFuture<'_, ()> {
            Box::pin(std::future::ready(()))
        }

        fn subscribe(&self, room: &RoomId) -> BusFuture<'_, Subscription> {
            let room = room.clone();
            Box::pin(async move { LocalBus::new().subscribe(&room).await })
        }
    }

    #[tokio::test]
    async fn who_listens_is_told_when_nothing_more_can_come_and_may_listen_anew() {
        let (fanouts, room, stop) = (Fanouts::default(), RoomId::from("room"), Stop::new());
        let tools =
            || Tools { settings: Arc::default(), bus: Arc::new(Ended), clock: Clock::start(), stop: stop.watch() };
        for _ in 0..2 {
            let mut ring = fanouts.listen(&room, "topic", tools).await;
            let told = tokio::time::timeout(Duration::from_secs(10), ring.recv()).await;
            assert_eq!(told.expect("it is told").unwrap_err(), RecvError::Closed);
        }
    }
}
