//! Join live-event chatrooms from Rust: MQTT 5 over secure WebSocket.
#![forbid(unsafe_code)]
