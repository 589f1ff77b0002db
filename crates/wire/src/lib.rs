//! The chatroom's wire types and their JSON: what travels over REST and MQTT, and nothing else.
//!
//! No IO, no clock. Whatever comes from the network is parsed here once, at the edge; past it there are types.
//! What this crate does not know (a message type, a field, a payload) it keeps as it came and writes back so.
//!
//! Read [`Message`] first, then [`envelope`], which turns an MQTT payload into messages and back.
//!
//! - [`message`]: one InteractionMessage; [`kind`]: its type; [`payload`]: its 21 typed payloads; [`user`]: who wrote it
//! - [`envelope`]: one object or an array of messages, a bad element kept apart from its good neighbours
//! - [`config`]: what `GET …/config` answers; [`endpoint`]: where it says to dial; [`user_name`]: the credentials in MQTT
//! - [`claims`]: what the token says of itself; [`secret`]: tokens that can't be printed
//! - [`chatroom`]: the state of a room; [`poll`], [`sticker`], [`dictionary`]: what belongs to it
//! - [`rest`]: bodies of the REST calls; [`body`]: reads them, quotes nothing; [`lenient`]: `null`, and what can't be read
//! - [`safe_text`]: strangers' text, made safe for a terminal or a log; [`names`]: names that look like somebody else's
//! - `schema` (with the feature of that name): the bodies as JSON Schema
//! - [`id`], [`time`], [`raw`], [`number`], [`text_file`]: the small parts
//!
//! ```
//! use chatroom_wire::{Message, envelope};
//!
//! let payload = br#"[{"type":"INTERACTION_TYPE_TEXT","user":{"custom_name":"ada"},"text_message":{"text":"hi"}}, 7]"#;
//! let elements = envelope::decode(payload)?;
//! assert_eq!(elements[0].as_ref().ok().and_then(Message::text), Some("hi"));
//! assert!(elements[1].is_err(), "a number is no message, and spoils no other");
//! # Ok::<(), envelope::EnvelopeError>(())
//! ```
#![forbid(unsafe_code)]

pub mod body;
pub mod chatroom;
pub mod claims;
pub mod config;
pub mod dictionary;
pub mod endpoint;
pub mod envelope;
pub mod id;
pub mod kind;
pub mod lenient;
pub mod message;
pub mod names;
mod null;
pub mod number;
pub mod payload;
pub mod poll;
pub mod raw;
pub mod rest;
pub mod safe_text;
#[cfg(feature = "schema")]
pub mod schema;
pub mod secret;
pub mod sticker;
pub mod text_file;
pub mod time;
pub mod user;
pub mod user_name;

pub use chatroom::Chatroom;
pub use claims::Claims;
pub use config::Config;
pub use endpoint::{Endpoint, LinkUrl};
pub use id::{
    ClientId, DictionaryId, MessageId, OptionId, PatternId, PollId, RoomId, StickerId, StickerPackId, TopicName, UserId,
};
pub use kind::Kind;
pub use message::Message;
pub use names::Names;
pub use payload::Payload;
pub use raw::RawJson;
pub use safe_text::SafeText;
pub use secret::{OrgToken, RefreshToken, Signature, Token};
pub use time::Time;
pub use user::User;
