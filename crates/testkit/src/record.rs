//! What an endpoint saw.

use std::fmt;

use tokio::sync::watch;

use crate::within;

/// What one endpoint saw so far; clones see the same.
#[derive(Clone, Debug)]
pub struct Record(watch::Sender<Seen>);

/// The head of an HTTP request that asks for a WebSocket.
#[derive(Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// The first line, such as `GET /mqtt HTTP/1.1`.
    pub request_line: String,
    /// The headers in the order of the wire, names in lower case.
    pub headers: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Seen {
    connections: usize,
    upgrades: Vec<Upgrade>,
    first_packets: Vec<Vec<u8>>,
}

impl Record {
    /// A record of nothing.
    pub fn new() -> Self {
        Self(watch::Sender::default())
    }

    /// How many TCP connections were opened, whatever became of them.
    pub fn connections(&self) -> usize {
        self.0.borrow().connections
    }

    /// How many first MQTT packets came.
    pub fn packets(&self) -> usize {
        self.0.borrow().first_packets.len()
    }

    /// The upgrade request of the connection `number` (from 0) that sent one.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn upgrade(&self, number: usize) -> Upgrade {
        self.wait("an upgrade request", |seen| seen.upgrades.get(number).cloned()).await
    }

    /// The first MQTT packet, whole, of the connection `number` (from 0) that sent one.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn first_packet(&self, number: usize) -> Vec<u8> {
        self.wait("a first MQTT packet", |seen| seen.first_packets.get(number).cloned()).await
    }

    /// Waits until as many TCP connections were opened.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn opened(&self, connections: usize) {
        self.wait("a connection", |seen| (seen.connections >= connections).then_some(())).await;
    }

    pub(crate) fn add_connection(&self) {
        self.0.send_modify(|seen| seen.connections += 1);
    }

    pub(crate) fn add_upgrade(&self, upgrade: Upgrade) {
        self.0.send_modify(|seen| seen.upgrades.push(upgrade));
    }

    pub(crate) fn add_first_packet(&self, packet: Vec<u8>) {
        self.0.send_modify(|seen| seen.first_packets.push(packet));
    }

    async fn wait<T>(&self, what: &str, look: impl Fn(&Seen) -> Option<T>) -> T {
        let mut seen = self.0.subscribe();
        loop {
            if let Some(found) = look(&seen.borrow_and_update()) {
                return found;
            }
            within(what, seen.changed()).await.expect("this record holds the sender");
        }
    }
}

impl Default for Record {
    fn default() -> Self {
        Self::new()
    }
}

impl Upgrade {
    /// The path and query that were asked for.
    pub fn target(&self) -> &str {
        self.request_line.split(' ').nth(1).unwrap_or_default()
    }

    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Upgrade {
    /// Prints names only: a header may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.headers.iter().map(|(name, _)| name)).finish()
    }
}
