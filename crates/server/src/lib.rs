//! A chatroom server of your own: REST and MQTT 5 over WebSocket on one port.
#![forbid(unsafe_code)]
