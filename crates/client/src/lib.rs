//! Join live-event chatrooms from Rust: MQTT 5 over secure WebSocket.
//!
//! A room is joined with a chat token; from there on it is kept. Lost links are made again, missed messages are read
//! up, own messages are sent again until it is known that others see them, and tokens are renewed.
//!
//! ```
//! use chatroom_client::{Builder, Event, wire::{SafeText, Token}};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = chatroom_server::Server::start(chatroom_server::Options::ephemeral()).await?;
//! # let (api, token_file) = (server.tls_api().expect("it has TLS"), server.viewer_token_file());
//! # let pem = server.ca_pem().expect("it has an authority of its own").as_bytes();
//! # let ben = Token::new(std::fs::read_to_string(server.admin_token_file())?);
//! # let (ben, _) = Builder::with_token(ben).api(api).add_ca_pem(pem).name("ben").build()?;
//! # ben.deliver("anybody here?").await?;
//! let token = Token::new(std::fs::read_to_string(token_file)?);
//! let (room, mut events) = Builder::with_token(token)
//!     .api(api)
//! #     .add_ca_pem(pem)
//!     .name("ada")
//!     .history(10)
//!     .build()?;
//! room.send("hello").await?;
//! # let mut heard = Vec::new();
//! while let Some(event) = events.next().await {
//!     // Who reads too slowly is told how much was left out, and reads on.
//!     let Ok(event) = event.inspect_err(|lagged| eprintln!("{lagged}")) else { continue };
//!     if let Event::MessageAdded { message, .. } = event
//!         && let Some(text) = message.text()
//!     {
//!         println!("@{}: {}", SafeText::line(&message.user.custom_name), SafeText::line(text));
//! #         heard.push(text.to_owned());
//! #         heard.sort();
//! #         if heard == ["anybody here?", "hello"] { break }
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Read [`Builder`] first, then [`Room`] and [`Event`].
//!
//! - [`builder`]: how to join; [`tls`]: whom to trust; [`proxy`]: through which proxy
//! - [`room`]: the handle, and what becomes of a message; [`events`]: what happens in the room
//! - [`calls`]: all REST calls of a chat token, on a [`Room`] and, without a session, on a [`Visitor`]
//! - [`history`]: all that was said, as a stream
//! - [`rest`]: the REST service; [`rooms`]: makes rooms and tokens; [`dictionaries`]: the words that are filtered
//! - [`outbox`]: own messages on disk, over the end of a program
//! - [`memory`]: a room in memory, for tests of programs that chat
//! - `driver`: the only loop; `link`: the connection it feeds; `transport`: how bytes travel; `http`: how calls do;
//!   `clock_skew`: how far this machine's clock is off; `name`: under which name somebody acts
//!
//! All rules of a client (when to try again, what to send again, in which order to tell) are in [`chatroom_session`],
//! which is neither slow nor surprised by a clock; this crate carries bytes and tells the time.
//!
//! # Cancel safety
//!
//! A future may be dropped before it is done: by `tokio::select!`, by a timeout. Each async function says under this
//! heading what has happened by then.
//!
//! # Events are facts
//!
//! An interruption is an event, never an error: only [`Event::Ended`] is the end, and says why. The channel of events
//! is bounded; a reader that is too slow loses the oldest and is told [how many](Lagged). What becomes of an own
//! message ([`Room::deliver`]) does not depend on reading events.
//!
//! # Secrets
//!
//! Tokens and signatures stand in no `Debug`, no error and no `tracing` event of this crate. `tokio-tungstenite` and
//! `rustls` write what they carry to the `log` crate at the level `TRACE`: bridge that into a log only without them.
#![forbid(unsafe_code)]

pub mod builder;
pub mod calls;
mod clock_skew;
pub mod dictionaries;
mod driver;
pub mod events;
pub mod history;
mod http;
mod link;
mod links;
mod name;
mod network;
pub mod outbox;
pub mod proxy;
pub mod rest;
pub mod room;
pub mod rooms;
pub mod tls;
mod transport;
pub mod visitor;

pub use builder::{BuildError, Builder, DEFAULT_API};
pub use dictionaries::Dictionaries;
pub use events::{EventStream, Lagged};
pub use history::{History, HistoryError};
pub use outbox::{Outbox, OutboxError};
pub use proxy::Proxy;
pub use rest::Rest;
pub use room::{DeliverError, Offer, Pending, Receipt, Room};
pub use rooms::Rooms;
pub use tls::Trust;
pub use transport::memory;
pub use visitor::Visitor;

pub use chatroom_mqtt::ReasonCode;
pub use chatroom_session::{
    Blame, CallError, Cause, Delivery, Draft, End, Event, Gap, GapReason, Kept, Limits, LinkError, PressError,
    Rejection, RoomState, SendError, TlsFault,
};
pub use chatroom_wire as wire;
