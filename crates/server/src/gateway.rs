//! MQTT over WebSocket: one connection per client, one packet for all of a room.
//!
//! Read [`connection`] first, then [`fanout`].
//!
//! - [`upgrade`]: from HTTP to WebSocket; [`frames`]: WebSocket frames; [`link`]: the bytes of one connection
//! - [`connection`]: one client; [`credentials`]: whether it is let in; [`connections`]: how many are; [`topics`]: what
//!   it may listen to
//! - [`fanout`]: from a room to all its listeners; [`batcher`]: which messages go out together, and when

mod batcher;
mod connection;
mod connections;
mod credentials;
pub(crate) mod fanout;
pub(crate) mod frames;
pub(crate) mod link;
pub(crate) mod topics;
pub(crate) mod upgrade;

pub(crate) use connections::Connections;
pub(crate) use fanout::{Delivery, Fanouts};
