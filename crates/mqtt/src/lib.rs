//! MQTT 5 bytes to packets and back, client and server role, without IO.
#![forbid(unsafe_code)]
