//! The cases of AWS IoT Device Advisor, by its names (docs/device-advisor.md).
//!
//! Where nothing must be waited for, the client runs as it is, over TCP, TLS and WebSocket, against a scripted endpoint.
//! Where a case is about waiting (back-off, keep alive, acknowledgements that never come), the client's core, which holds
//! every rule about time, runs under a clock of the test's own, against the same server role: see [`bench`].

mod bench;
mod connecting;
mod credentials;
mod messages;
mod sessions;
mod takeover;
mod tls;

use chatroom_client::{Builder, EventStream, Limits, Room, wire::Config};
use chatroom_testkit::{certs::Certs, config_file::details, endpoint::Endpoint, token};

/// The room's details for an endpoint.
fn config(host: &str) -> Config {
    let details = details(host, &token::good());
    Config::from_json(details.to_string().as_bytes()).expect("the details of the test are a config")
}

/// A session with an endpoint, by a config alone.
fn join(certs: &Certs, server: &Endpoint) -> (Room, EventStream) {
    join_at(certs, &server.host(), Limits::default())
}

fn join_at(certs: &Certs, host: &str, limits: Limits) -> (Room, EventStream) {
    let builder = Builder::with_config(config(host)).ca_file(certs.ca_file()).limits(limits);
    builder.build().expect("the config and the authority are good")
}
