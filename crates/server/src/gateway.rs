//! MQTT over WebSocket: one connection per client, one packet for all of a room.
//!
//! - [`frames`]: WebSocket frames; [`batcher`]: which messages go out together, and when

mod batcher;
mod frames;
