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

use std::collections::BTreeSet;

use chatroom_client::{Builder, EventStream, Limits, Room, wire::Config};
use chatroom_testkit::{certs::Certs, config_file::details, endpoint::Endpoint, token};

use self::bench::SECOND;

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

/// A client with these limits asks the broker to keep its session for an hour, and for messages at QoS 1.
fn keeping() -> Limits {
    let mut limits = Limits::default();
    limits.session_expiry = SECOND * 3600;
    limits
}

/// The page that lists the cases names tests that there are, and leaves none of them out.
#[test]
fn the_page_of_the_cases_names_the_tests() {
    let page = include_str!("../../../../docs/device-advisor.md");
    let sources = [
        include_str!("device_advisor/connecting.rs"),
        include_str!("device_advisor/messages.rs"),
        include_str!("device_advisor/sessions.rs"),
        include_str!("device_advisor/tls.rs"),
    ];
    let is_case = |name: &&str| name.starts_with("mqtt_") || name.starts_with("tls_");
    let named: BTreeSet<&str> = page.split('`').filter(is_case).collect();
    let written: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.split("fn ").skip(1))
        .filter_map(|rest| rest.split_once("()").map(|(name, _)| name))
        .filter(is_case)
        .collect();
    assert_eq!(named, written);
    let rows = page.lines().filter(|line| line.starts_with("| MQTT_") || line.starts_with("| TLS_")).count();
    assert_eq!(rows, 13 + 6);
}
