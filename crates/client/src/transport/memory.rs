//! A room in this process, for tests and examples of programs that chat: no network, no server, no files.
//!
//! Sessions join it as they join any room, through the same core and with the same bytes; only the wire is a queue.
//! Moderation, counters and polls work as on `chatroom serve`, for tests of programs that moderate. It is no server:
//! it forgets nobody, keeps everything, filters nothing and limits nothing; it has no dictionaries and no packs of
//! stickers (any sticker may be sent), and no organisation. What a real server may refuse, test against a real server.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use chatroom_client::{Event, memory::MemoryRoom};
//!
//! let memory = MemoryRoom::new();
//! let (ada, _) = memory.join("ada").build()?;
//! let (_ben, mut heard) = memory.join("ben").history(1).build()?;
//! ada.deliver("hi ben").await?;
//! while let Some(event) = heard.next().await {
//!     if let Event::MessageAdded { message, .. } = event? {
//!         assert_eq!((&*message.user.custom_name, message.text()), ("ada", Some("hi ben")));
//!         break;
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod connection;
mod hall;

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
};

use chatroom_session::{Call, CallAnswer, CallError};
use chatroom_wire::{Config, Message, Payload, Token, User};

use self::{connection::MemoryConnection, hall::Hall};
use crate::{Builder, Visitor, link::Connection};

/// A room in this process. Clones are the same room.
#[derive(Clone)]
pub struct MemoryRoom(Arc<Mutex<Hall>>);

impl MemoryRoom {
    /// An empty room.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Hall::new())))
    }

    /// With counters of these keys, which [`Room::press`](crate::Room::press) counts up.
    #[must_use]
    pub fn with_counters<T: Into<String>>(self, keys: impl IntoIterator<Item = T>) -> Self {
        for key in keys {
            self.hall().add_counter(key.into());
        }
        self
    }

    /// A builder that joins this room as a viewer of that name.
    pub fn join(&self, name: &str) -> Builder {
        Builder::with_token(self.token(name)).memory(self)
    }

    /// A chat token for a viewer of that name; the same one for the same name.
    pub fn token(&self, name: &str) -> Token {
        self.hall().token(name, false)
    }

    /// A chat token for a moderator of that name: may write while the room is muted.
    pub fn admin_token(&self, name: &str) -> Token {
        self.hall().token(name, true)
    }

    /// A builder that joins this room as a moderator of that name.
    pub fn join_admin(&self, name: &str) -> Builder {
        Builder::with_token(self.admin_token(name)).memory(self)
    }

    /// Somebody with this token and without a session.
    pub fn visitor(&self, token: Token) -> Visitor {
        Visitor::in_memory(self, token)
    }

    /// A config for a viewer of that name, with a client id of its own, for [`Builder::with_config`].
    pub fn config(&self, name: &str) -> Config {
        let token = self.token(name);
        self.hall().config(&token).expect("the room knows its own token")
    }

    /// Says a text in the name of somebody who needs no session for it, and whom no mute keeps from it. It is the same
    /// person as the one that [`MemoryRoom::join`] lets in by that name.
    pub fn say(&self, name: &str, text: &str) {
        self.hall().say(Message::text_by(hall::person(name, false), text));
    }

    /// Sends any message to all, as a server announces what moderators do.
    pub fn announce(&self, payload: Payload) {
        self.hall().publish(Message::new(User::named("room"), payload), None);
    }

    /// Refuses what viewers write from now on, and tells all.
    pub fn mute(&self) {
        self.announce(Payload::Mute);
    }

    /// Takes what viewers write again, and tells all.
    pub fn unmute(&self) {
        self.announce(Payload::Unmute);
    }

    /// Cuts every link without a word, as a network does. Sessions come back by themselves.
    pub fn interrupt(&self) {
        self.hall().interrupt();
    }

    /// How many clients are connected.
    pub fn connections(&self) -> usize {
        self.hall().connections()
    }

    /// All that was said and announced, in order, without what was deleted; also votes, and what blocked people wrote,
    /// which only they see.
    pub fn messages(&self) -> Vec<Message> {
        self.hall().messages()
    }

    /// What a counter has come to, if there is such a one.
    pub fn counter(&self, key: &str) -> Option<i64> {
        self.hall().counter(key)
    }

    /// A link into the room.
    pub(crate) fn open(&self) -> Pin<Box<dyn Connection>> {
        Box::pin(MemoryConnection::open(self.clone()))
    }

    /// The answer to a REST call.
    pub(crate) fn answer(&self, call: Call, token: Option<&Token>) -> Result<CallAnswer, CallError> {
        self.hall().answer(call, token)
    }

    fn hall(&self) -> MutexGuard<'_, Hall> {
        self.0.lock().expect("nothing panics while it holds the room")
    }
}

impl Default for MemoryRoom {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hall = self.hall();
        f.debug_struct("MemoryRoom")
            .field("connections", &hall.connections())
            .field("messages", &hall.message_count())
            .finish_non_exhaustive()
    }
}
