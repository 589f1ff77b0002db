//! Who may do what in which room: tokens signed with Ed25519, and their detached signature.
//!
//! Read [`TokenKeys`] and [`Grant`] first. There are three types of room token, and none stands for another:
//!
//! - the *chat* token is what a client shows to the REST service,
//! - the *refresh* token buys a new chat token,
//! - the *connection* token, which a config call gives, is what a client shows over MQTT, together with a signature over
//!   its bytes (docs/protocol.md, sections B and G.2).
//!
//! Beside them is the organisation's token, a random text, which makes rooms and chat tokens.

pub mod grant;
pub mod keys;

pub use grant::Grant;
pub use keys::{KeyError, TokenError, TokenKeys};
