//! Parts for Chatroom's own tests. Never published.
//!
//! Every part binds to 127.0.0.1 on a port that the system picks, waits with a bound ([`within`]) and ends with its
//! handle. As these are tests' parts, they panic with a sentence where a test can't go on.
//!
//! - [`certs`]: a certificate authority and its good and bad leaves
//! - [`endpoint`]: the listener below the next three: TCP, optional TLS, a tap on what comes in
//! - [`relay`]: TLS before a WebSocket broker, TLS and WebSocket before a TCP broker
//! - [`chaos_proxy`]: a proxy that delays, cuts, tears and corrupts as a script says
//! - [`scripted`]: an endpoint that misbehaves as told
//! - [`hostile`]: JSON, packets and frames that nobody should send, by name
//! - [`record`]: what an endpoint saw: connections, upgrade requests, first packets
//! - [`tap`]: reads the upgrade request and the first MQTT packet out of a byte stream
//! - [`service`]: a chat service behind a foreign broker
//! - [`small_disk`]: a file system that fills up
//! - [`stamp`]: what a chat service does to a message before it sends it out
//! - [`mosquitto`]: a broker that others wrote; [`nginx`]: a proxy that others wrote
//! - [`process`]: programs, their output line by line, their end
//! - [`serve`]: `chatroom serve` and its ready line
//! - [`rest`]: the few HTTP requests that a test makes itself
//! - [`config_file`]: a room's details as a file
//! - [`token`]: tokens without a valid signature
//! - [`world`]: clients, server and network in one struct, under virtual time and a seed; storms of faults
//! - [`patience`]: how long a test waits
#![forbid(unsafe_code)]

pub mod certs;
pub mod chaos_proxy;
pub mod config_file;
pub mod connect_proxy;
#[cfg(test)]
mod dial;
pub mod endpoint;
pub mod hostile;
pub mod mosquitto;
pub mod nginx;
pub mod patience;
pub mod process;
pub mod record;
pub mod relay;
pub mod rest;
pub mod scripted;
pub mod serve;
pub mod service;
pub mod small_disk;
pub mod stamp;
pub mod tap;
pub mod token;
pub mod world;

pub use patience::within;
