//! Rooms at work: one task for each room that anybody uses.
//!
//! All that is said in a room goes through its task, so that rules, stamps and numbers have one order. The task takes
//! whatever waits as one turn, stores it with one append, then answers and sends. While an append is under way the
//! next turn gathers: the busier the room, the larger the commits.
//!
//! - [`task`]: that task; [`turn`]: what is said; [`act`]: what is asked besides; [`acts`]: how that is done;
//!   [`commit`]: how all of it becomes true
//! - [`plan`]: what an act comes to; [`moderation`] and [`polls`]: for each act (pure)
//! - [`shown`]: the room as callers see it
//! - [`names`]: who took which name; [`news`]: what is told of what changes often; [`pace`]: how often (pure);
//!   [`notice`]: what the server itself says

pub(crate) mod act;
mod acts;
mod commit;
mod moderation;
mod names;
mod news;
mod notice;
mod pace;
mod plan;
mod polls;
mod shown;
mod task;
#[cfg(test)]
mod tests;
mod turn;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use chatroom_mqtt::PacketId;
use chatroom_wire::{RoomId, UserId};
use tokio::sync::mpsc;

use crate::{
    Settings,
    bars::Bars,
    bus::Bus,
    clock::Clock,
    filter::Lexicon,
    rules::{Author, Refusal},
    stop::Stop,
    store::Store,
};

/// Something said, on its way to the room.
#[derive(Debug)]
pub(crate) struct Publish {
    pub(crate) author: Arc<Author>,
    pub(crate) said: Said,
    /// Who waits for the answer; nobody at QoS 0.
    pub(crate) answer: Option<AnswerTo>,
}

/// What was said.
#[derive(Debug)]
pub(crate) enum Said {
    /// To be judged.
    Payload(Bytes),
    /// Refused already. It passes through the room all the same, because MQTT wants answers in the order of what they
    /// answer.
    Refused(Refusal),
}

/// Where an answer goes.
#[derive(Debug)]
pub(crate) struct AnswerTo {
    pub(crate) id: PacketId,
    pub(crate) inbox: mpsc::UnboundedSender<Notice>,
}

/// What a connection is told by the rest of the server.
#[derive(Debug)]
pub(crate) enum Notice {
    /// What became of a message it sent.
    Answer(PacketId, Result<(), Box<Refusal>>),
    /// Somebody else uses its client id now.
    TakenOver,
    /// Its user may not be in the room any more.
    Barred,
}

impl AnswerTo {
    fn tell(self, outcome: Result<(), Refusal>) {
        // A connection that is gone needs no answer: its client asks again, and the id tells that it is the same.
        let _ = self.inbox.send(Notice::Answer(self.id, outcome.map_err(Box::new)));
    }
}

/// People who come and go.
#[derive(Debug)]
enum People {
    Enter(Arc<Author>),
    Leave(UserId),
}

/// A way to a room's task. The room stays awake while there is one.
#[derive(Debug, Clone)]
pub(crate) struct RoomHandle {
    publishes: mpsc::Sender<Publish>,
    people: mpsc::UnboundedSender<People>,
    asks: mpsc::Sender<act::Ask>,
}

impl RoomHandle {
    /// Where things said go; waiting for a place there is how a busy room slows its senders down.
    pub(crate) fn publishes(&self) -> &mpsc::Sender<Publish> {
        &self.publishes
    }

    /// Somebody listens from now until the guard is dropped.
    pub(crate) fn enter(&self, author: &Arc<Author>) -> Attendance {
        let _ = self.people.send(People::Enter(Arc::clone(author)));
        Attendance { user: author.id.clone(), people: self.people.clone() }
    }
}

/// Somebody listens to a room while this lives.
#[derive(Debug)]
pub(crate) struct Attendance {
    user: UserId,
    people: mpsc::UnboundedSender<People>,
}

impl Drop for Attendance {
    fn drop(&mut self) {
        let _ = self.people.send(People::Leave(self.user.clone()));
    }
}

/// What every room's task works with.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lexicon: Arc<Lexicon>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) bars: Arc<Bars>,
    pub(crate) clock: Clock,
    pub(crate) stop: Arc<Stop>,
}

/// The rooms that are awake.
pub(crate) struct Rooms {
    awake: Awake,
}

type Awake = Arc<Mutex<List>>;

#[derive(Default)]
struct List {
    rooms: HashMap<RoomId, RoomHandle>,
    /// Whether the server stops: then a room lives for as long as somebody holds its handle, and none is woken. A room
    /// that is woken beside itself would not know what the other does.
    closed: bool,
}

impl Rooms {
    pub(crate) fn new() -> Self {
        Self { awake: Arc::default() }
    }

    /// The way to a room, which is woken if it sleeps. The room must be in the store. When the server stops, the way leads
    /// nowhere.
    pub(crate) fn handle(&self, room: &RoomId, tools: impl FnOnce() -> Tools) -> RoomHandle {
        let mut awake = self.awake.lock().unwrap_or_else(PoisonError::into_inner);
        // A task that broke leaves a way that leads nowhere.
        if let Some(handle) = awake.rooms.get(room).filter(|handle| !handle.asks.is_closed()) {
            return handle.clone();
        }
        let tools = tools();
        let (publishes, said) =
            mpsc::channel(usize::try_from(tools.settings.queue_publishes).unwrap_or(usize::MAX >> 4));
        let (people, moves) = mpsc::unbounded_channel();
        let (asks, asked) = mpsc::channel(act::ASKS);
        let handle = RoomHandle { publishes, people, asks };
        if !awake.closed {
            awake.rooms.insert(room.clone(), handle.clone());
            let bed = Bed { room: room.clone(), awake: Arc::clone(&self.awake) };
            tokio::spawn(task::run(bed, tools, said, moves, asked));
        }
        handle
    }

    /// Forgets every way to a room, so that the tasks end once the connections are gone.
    pub(crate) fn close(&self) {
        let mut awake = self.awake.lock().unwrap_or_else(PoisonError::into_inner);
        awake.closed = true;
        awake.rooms.clear();
    }
}

/// How a room's task goes to sleep.
struct Bed {
    room: RoomId,
    awake: Awake,
}

impl Bed {
    /// Takes the room off the list if nobody else has a way to it and nothing waits; whoever comes later wakes it anew.
    /// What waits would be served here while the room is awake elsewhere already.
    fn lie_down(&self, nothing_waits: impl FnOnce() -> bool) {
        let mut awake = self.awake.lock().unwrap_or_else(PoisonError::into_inner);
        let unused = |handle: &RoomHandle| {
            handle.publishes.strong_count() == 1 && handle.people.strong_count() == 1 && handle.asks.strong_count() == 1
        };
        if awake.rooms.get(&self.room).is_some_and(unused) && nothing_waits() {
            awake.rooms.remove(&self.room);
        }
    }
}

/// How long a client is asked to wait when the store can't take its message.
const STORE_RETRY: Duration = Duration::from_secs(1);
