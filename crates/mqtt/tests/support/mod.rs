//! A client and a server role, wired together under virtual time.
#![allow(dead_code, reason = "each test file uses its part")]

use std::time::Duration;

use chatroom_mqtt::{
    Accept, ClientEvent, ClientOutput, ClientRole, CloseCause, ConnectOptions, PacketId, QoS, ReasonCode, ServerEvent,
    ServerOptions, ServerOutput, ServerRole, UserName,
};

pub(crate) const START: Duration = Duration::from_secs(1_000);
pub(crate) const SUB: &str = "chat/t/room/sub";
pub(crate) const PUB: &str = "chat/t/room/pub";

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) fn options() -> ConnectOptions {
    ConnectOptions::new("alice-1", Some(UserName::new("?x-token=secret")))
}

pub(crate) fn id(number: u16) -> PacketId {
    PacketId::new(number).expect("a test's identifier is not 0")
}

/// Both roles, a clock, and a link that can be cut.
pub(crate) struct Pair {
    pub(crate) now: Duration,
    pub(crate) client: ClientRole,
    pub(crate) server: ServerRole,
    /// Whether bytes get through; a cut link loses them without a word.
    pub(crate) is_cut: bool,
    pub(crate) client_events: Vec<ClientEvent>,
    pub(crate) server_events: Vec<ServerEvent>,
    pub(crate) client_close: Option<CloseCause>,
    pub(crate) server_close: Option<CloseCause>,
    /// Every packet the client sent, by its first byte.
    pub(crate) sent_by_client: Vec<u8>,
}

impl Pair {
    pub(crate) fn new(options: ConnectOptions, server: ServerOptions) -> Self {
        let mut pair = Self {
            now: START,
            client: ClientRole::new(),
            server: ServerRole::new(START, server),
            is_cut: false,
            client_events: Vec::new(),
            server_events: Vec::new(),
            client_close: None,
            server_close: None,
            sent_by_client: Vec::new(),
        };
        pair.client.connect(START, options);
        pair.run();
        pair
    }

    /// A pair whose server accepted with this grant; no events are left.
    pub(crate) fn accepted(options: ConnectOptions, server: ServerOptions, accept: Accept) -> Self {
        let mut pair = Self::new(options, server);
        assert!(matches!(pair.server_events[..], [ServerEvent::Connect(_)]));
        pair.server.accept(pair.now, accept);
        pair.run();
        assert!(matches!(pair.client_events[..], [ClientEvent::Connected(_)]), "{:?}", pair.client_close);
        pair.client_events.clear();
        pair.server_events.clear();
        pair
    }

    pub(crate) fn connected() -> Self {
        Self::accepted(options(), ServerOptions::default(), Accept::new(30))
    }

    /// Moves one output to where it belongs; `false` if there was none.
    pub(crate) fn step(&mut self) -> bool {
        if let Some(output) = self.client.poll_output() {
            assert_eq!(self.client_close, None, "nothing follows a close: {output:?}");
            match output {
                ClientOutput::Send(bytes) => {
                    self.sent_by_client.push(bytes[0]);
                    if !self.is_cut {
                        self.server.receive(self.now, &bytes);
                    }
                }
                ClientOutput::Event(event) => self.client_events.push(event),
                ClientOutput::Close(cause) => {
                    self.client_close = Some(cause);
                    if !self.is_cut {
                        self.server.link_closed(self.now);
                    }
                }
            }
            return true;
        }
        if let Some(output) = self.server.poll_output() {
            assert_eq!(self.server_close, None, "nothing follows a close: {output:?}");
            match output {
                ServerOutput::Send(bytes) if !self.is_cut => self.client.receive(self.now, &bytes),
                ServerOutput::Send(_) => {}
                ServerOutput::Event(event) => self.server_events.push(event),
                ServerOutput::Close(cause) => {
                    self.server_close = Some(cause);
                    if !self.is_cut {
                        self.client.link_closed(self.now);
                    }
                }
            }
            return true;
        }
        false
    }

    pub(crate) fn run(&mut self) {
        for _ in 0..100_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the roles never come to rest");
    }

    /// Lets time pass, deadline by deadline.
    pub(crate) fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        self.run();
        for _ in 0..100_000 {
            let due = [self.client.poll_timeout(), self.server.poll_timeout()];
            let Some(due) = due.into_iter().flatten().map(|(due, _)| due).min().filter(|due| *due <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(due);
            self.client.handle_timeout(self.now);
            self.server.handle_timeout(self.now);
            self.run();
        }
        panic!("the deadlines never end");
    }

    /// The client subscribes and the server grants what it asked for.
    pub(crate) fn subscribe(&mut self) -> PacketId {
        let id = self.client.subscribe(self.now, SUB, QoS::AtMostOnce).expect("the pair is connected");
        self.run();
        self.server.suback(self.now, id, &[ReasonCode::SUCCESS], None);
        self.run();
        id
    }

    pub(crate) fn publish(&mut self, payload: &[u8]) -> PacketId {
        let id = self.client.publish(self.now, PUB, payload, QoS::AtLeastOnce);
        let id = id.expect("the pair is connected").expect("QoS 1 has an identifier");
        self.run();
        id
    }
}

/// All that a client gives for these bytes, after a CONNECT with these options.
pub(crate) fn client_after(options: ConnectOptions, bytes: &[u8]) -> (ClientRole, Vec<ClientOutput>) {
    let mut client = ClientRole::new();
    client.connect(START, options);
    let connect = client.poll_output();
    assert!(matches!(connect, Some(ClientOutput::Send(_))));
    client.receive(START, bytes);
    let outputs = drain_client(&mut client);
    (client, outputs)
}

pub(crate) fn drain_client(client: &mut ClientRole) -> Vec<ClientOutput> {
    std::iter::from_fn(|| client.poll_output()).collect()
}

pub(crate) fn drain_server(server: &mut ServerRole) -> Vec<ServerOutput> {
    std::iter::from_fn(|| server.poll_output()).collect()
}

/// A CONNACK that accepts and says nothing more.
pub(crate) const CONNACK: [u8; 5] = [0x20, 3, 0, 0, 0];

/// A CONNECT with a client id and no more.
pub(crate) const CONNECT: &[u8] = b"\x10\x0E\x00\x04MQTT\x05\x02\x00\x1E\x00\x00\x01a";
