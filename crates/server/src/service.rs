//! What every part of a running server works with.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chatroom_wire::RoomId;
use tokio::sync::{Mutex, broadcast};

use crate::{
    PublicUrl, Settings,
    bars::Bars,
    bus::Bus,
    clock::Clock,
    filter::Lexicon,
    gateway::{Connections, Delivery, Fanouts, fanout},
    http::health::Readiness,
    http::{answers::Answers, call_rates::CallRates, dictionaries::uploads::Uploads},
    retention::Retention,
    room::{self, RoomHandle, Rooms},
    stop::Stop,
    store::{DictionaryStore, Store},
    token::TokenKeys,
};

/// The parts of a running server.
pub(crate) struct Service {
    pub(crate) settings: Arc<Settings>,
    pub(crate) keys: TokenKeys,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) retention: Arc<Retention>,
    pub(crate) readiness: Readiness,
    /// Each change of them is in force in `lexicon` when it is answered.
    pub(crate) dictionaries: Arc<dyn DictionaryStore>,
    pub(crate) lexicon: Arc<Lexicon>,
    /// Held while a dictionary gets its name: no two may share one.
    pub(crate) naming: Mutex<()>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) bars: Arc<Bars>,
    pub(crate) rooms: Rooms,
    pub(crate) fanouts: Fanouts,
    pub(crate) clock: Clock,
    pub(crate) call_rates: CallRates,
    pub(crate) answers: Arc<Answers>,
    pub(crate) uploads: Arc<Uploads>,
    pub(crate) stop: Arc<Stop>,
    /// Where clients find the server, where somebody said it.
    pub(crate) public_url: Option<PublicUrl>,
    /// The port for TLS, where there is one.
    pub(crate) tls_port: Option<u16>,
    /// How many listeners were dropped because they fell behind.
    pub(crate) dropped_slow: AtomicU64,
}

impl Service {
    /// The way to a room, which is woken if it sleeps.
    pub(crate) fn room(&self, room: &RoomId) -> RoomHandle {
        self.rooms.handle(room, || room::Tools {
            settings: Arc::clone(&self.settings),
            store: Arc::clone(&self.store),
            lexicon: Arc::clone(&self.lexicon),
            bus: Arc::clone(&self.bus),
            bars: Arc::clone(&self.bars),
            clock: self.clock,
            stop: Arc::clone(&self.stop),
        })
    }

    /// Begins to listen to a room.
    pub(crate) async fn listen(&self, room: &RoomId, topic: &str) -> broadcast::Receiver<Delivery> {
        let tools = || fanout::Tools {
            settings: Arc::clone(&self.settings),
            bus: Arc::clone(&self.bus),
            clock: self.clock,
            stop: self.stop.watch(),
        };
        self.fanouts.listen(room, topic, tools).await
    }

    /// Counts a listener that fell behind and had to go.
    pub(crate) fn count_dropped_slow(&self) -> u64 {
        self.dropped_slow.fetch_add(1, Ordering::Relaxed) + 1
    }
}
