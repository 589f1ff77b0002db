//! The server through real sockets: REST as any HTTP client sees it, MQTT 5 over WebSocket as any client speaks it.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod bed;

mod answers;
mod bars;
mod delivery;
mod dictionaries;
mod hostile;
mod joining;
mod lifecycle;
mod limits;
mod matrix;
mod people;
mod rest;
mod retention;
mod returns;
mod rooms_at_work;
mod saying;
mod slow;
mod stickers;
mod storage;
mod topics;
mod websocket;
