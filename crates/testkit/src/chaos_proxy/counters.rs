//! What a proxy did.

use std::collections::BTreeMap;

use serde::Serialize;
use tokio::sync::watch;

use crate::within;

/// What a proxy did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Connections that were accepted.
    pub connections: u64,
    /// Connections that got an RST because the server was not to be reached.
    pub unreachable: u64,
    /// What went from clients to the server.
    pub up: Passed,
    /// What went from the server to clients.
    pub down: Passed,
    /// Reads that were delayed.
    pub delayed: u64,
    /// Pieces that waited for bandwidth.
    pub throttled: u64,
    /// Slices.
    pub slices: u64,
    /// Reads that were gathered with one before them.
    pub coalesced: u64,
    /// Bytes that were changed.
    pub corrupted: u64,
    /// Connections that were ended by RST, those of [`cut`](super::ChaosProxy::cut) included.
    pub resets: u64,
    /// Connections that were ended by FIN, those of [`cut`](super::ChaosProxy::cut) included.
    pub closes: u64,
    /// Connections that were swallowed.
    pub black_holes: u64,
    /// Connections of which one direction stopped.
    pub half_opens: u64,
    /// How often each rule came into force, by its place in the script.
    pub rules: BTreeMap<usize, u64>,
}

/// What went in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// Bytes that were passed on, within TLS where the proxy takes it off.
    pub bytes: u64,
    /// WebSocket frames that came whole.
    pub frames: u64,
    /// MQTT packets that came whole.
    pub packets: u64,
    /// Bytes that were swallowed by a black hole or a half-open connection.
    pub swallowed: u64,
}

/// Where all connections of a proxy count.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(watch::Sender<Counters>);

impl Counters {
    pub(super) fn add(&mut self, more: &Self) {
        for (sum, more) in [
            (&mut self.connections, more.connections),
            (&mut self.unreachable, more.unreachable),
            (&mut self.delayed, more.delayed),
            (&mut self.throttled, more.throttled),
            (&mut self.slices, more.slices),
            (&mut self.coalesced, more.coalesced),
            (&mut self.corrupted, more.corrupted),
            (&mut self.resets, more.resets),
            (&mut self.closes, more.closes),
            (&mut self.black_holes, more.black_holes),
            (&mut self.half_opens, more.half_opens),
        ] {
            *sum += more;
        }
        self.up.add(more.up);
        self.down.add(more.down);
        for (rule, times) in &more.rules {
            *self.rules.entry(*rule).or_default() += times;
        }
    }
}

impl Passed {
    fn add(&mut self, more: Self) {
        self.bytes += more.bytes;
        self.frames += more.frames;
        self.packets += more.packets;
        self.swallowed += more.swallowed;
    }
}

impl Tally {
    pub(super) fn counters(&self) -> Counters {
        self.0.borrow().clone()
    }

    pub(super) fn count(&self, what: impl FnOnce(&mut Counters)) {
        self.0.send_modify(what);
    }

    /// Moves what was counted into the sum.
    pub(super) fn take(&self, counted: &mut Counters) {
        if *counted != Counters::default() {
            self.count(|sum| sum.add(counted));
            *counted = Counters::default();
        }
    }

    pub(super) async fn until(&self, what: &str, wanted: impl Fn(&Counters) -> bool) -> Counters {
        let mut counters = self.0.subscribe();
        let found = within(what, counters.wait_for(|counters| wanted(counters))).await;
        found.expect("this tally holds the sender").clone()
    }
}
