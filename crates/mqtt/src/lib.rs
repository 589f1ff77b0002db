//! MQTT 5 bytes to packets and back, for a client and for a server of chat rooms, without IO.
//!
//! A role is one side of one link. It is handed bytes, time and wishes, and hands back
//! bytes to send, events and, at the end, the cause of a close. It never reads a clock,
//! a socket or a random number, and it never panics on what a peer sends.
//!
//! Packets are read and written by `mqtt-protocol-core`; this crate is the door to it.
//! What stands around it here: framing that judges a packet's size before it is kept, a
//! guard against what the library lets pass, and the rules of a link (deadlines that carry
//! their reason, quotas, aliases, causes in plain words). The library's own connection
//! type is not used: its timers come as requests without a reason, it closes a link at
//! an acknowledgement that it does not know, and it drops a peer for a reason code that
//! is not in its tables.
//!
//! # Read these types first
//! [`ClientRole`] with [`ClientOutput`], [`ServerRole`] with [`ServerOutput`], then [`CloseCause`].
//!
//! # The contract of a driver
//! 1. Call one method of the role.
//! 2. Drain `poll_output` until it gives `None`: write every `Send`, hand on every `Event`; after a
//!    `Close` flush what was written, drop the link and the role.
//! 3. Wait for bytes, for a wish, or for `poll_timeout`; go to 1 with `receive`, the wish's
//!    method, or `handle_timeout`. If the link ends by itself, call `link_closed`.
//!
//! ```
//! use std::time::Duration;
//! use chatroom_mqtt::{
//!     Accept, ClientEvent, ClientOutput, ClientRole, ConnectOptions, QoS, ServerEvent, ServerOptions,
//!     ServerOutput, ServerRole, UserName,
//! };
//!
//! let now = Duration::ZERO;
//! let mut client = ClientRole::new();
//! let mut server = ServerRole::new(now, ServerOptions::default());
//! client.connect(now, ConnectOptions::new("room-7-alice", Some(UserName::new("?x-token=…"))));
//!
//! // Both drivers in one: here the link is a call.
//! let mut granted = None;
//! loop {
//!     if let Some(output) = client.poll_output() {
//!         match output {
//!             ClientOutput::Send(bytes) => server.receive(now, &bytes),
//!             ClientOutput::Event(ClientEvent::Connected(connack)) => granted = Some(connack),
//!             ClientOutput::Event(_) => {}
//!             ClientOutput::Close(cause) => panic!("{cause}"),
//!         }
//!     } else if let Some(output) = server.poll_output() {
//!         match output {
//!             ServerOutput::Send(bytes) => client.receive(now, &bytes),
//!             ServerOutput::Event(ServerEvent::Connect(_)) => server.accept(now, Accept::new(60)),
//!             ServerOutput::Event(_) => {}
//!             ServerOutput::Close(cause) => panic!("{cause}"),
//!         }
//!     } else {
//!         break;
//!     }
//! }
//! assert_eq!(granted.map(|connack| connack.keep_alive), Some(60));
//! assert!(client.publish(now, "room-7/pub", b"{}", QoS::AtLeastOnce).is_ok());
//!
//! // Nothing more until then, or until something comes:
//! let (due, reason) = client.poll_timeout().expect("a keep alive is in force");
//! println!("wake me at {due:?} for {reason}");
//! ```
//!
//! # Map
//! - `client_role`: the client's side, with its rules after the CONNACK in `client_role/live`;
//!   `client_event` says what it says; `waiting` holds its requests without an answer.
//! - `server_role`: the server's side, likewise with `server_role/live` and `server_event`.
//! - `options`: limits and timeouts of both; `user_name`: the credentials that never print.
//! - `deadline`, `close`, `error`, `reason`, `vocabulary`: the words for causes and for the wire.
//! - `frame`: bytes to whole packets; `kind`: their types; `guard` and `reader`: the check before
//!   the library reads; `decode`: packets to plain values; `encode`: plain values to packets;
//!   `topic`: names and aliases; `violation`: a broken rule, for both ears.
#![forbid(unsafe_code)]

mod client_event;
mod client_role;
mod close;
mod deadline;
mod decode;
mod encode;
mod error;
mod frame;
mod guard;
mod kind;
mod options;
mod reader;
mod reason;
mod server_event;
mod server_role;
mod topic;
mod user_name;
mod violation;
mod vocabulary;
mod waiting;

pub use client_event::{ClientEvent, ClientOutput, ConnAck, Delivery};
pub use client_role::ClientRole;
pub use close::{CloseCause, NotMqtt5};
pub use deadline::Deadline;
pub use encode::encode_publish;
pub use error::{PublishError, RequestError};
pub use options::{Accept, ConnectOptions, LARGEST_PACKET, ServerOptions};
pub use reason::ReasonCode;
pub use server_event::{Connect, InboundPublish, ServerEvent, ServerOutput};
pub use server_role::ServerRole;
pub use user_name::UserName;
pub use vocabulary::{PacketId, QoS, UserProperties};
