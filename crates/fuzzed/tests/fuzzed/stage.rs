//! A session that has joined, by a config alone and without a network.

use std::time::Duration;

use bytes::Bytes;
use chatroom_mqtt::encode_publish;
use chatroom_session::{Access, Delivery, Event, Input, LinkError, LinkId, Now, Options, Output, Session};
use chatroom_wire::{Config, Kind, Message};

const SUB: &str = "chat/t/room/sub";
/// {"sub":"u","chat_id":"room","exp":4000000000}
const TOKEN: &str = "e30.eyJzdWIiOiJ1IiwiY2hhdF9pZCI6InJvb20iLCJleHAiOjQwMDAwMDAwMDB9.c2ln";
const CONNACK: &[u8] = &[0x20, 3, 0, 0, 0];

pub(crate) struct Stage {
    session: Session,
    now: Now,
    link: Option<LinkId>,
    /// The first bytes of the packets that the client sent.
    pub(crate) sent: Vec<Bytes>,
    pub(crate) events: Vec<Event>,
    wakes_at: Option<Duration>,
}

impl Stage {
    /// A session whose link is open, and whose CONNECT is sent.
    pub(crate) fn opened() -> Self {
        let config = format!(
            r#"{{"connection":{{"endpoint":"room.example","authorizer":"a","token":"{TOKEN}","signature":"s",
            "client_id":"c"}},"topic":{{"pub":"chat/t/room/pub","sub":"{SUB}"}},
            "user":{{"customer_id":"u","custom_name":"ada"}}}}"#
        );
        let config = Config::from_json(config.as_bytes()).unwrap();
        let wall = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut stage = Self {
            session: Session::new(Options::new(Access::Config(Box::new(config)))),
            now: Now { mono: Duration::ZERO, wall },
            link: None,
            sent: Vec::new(),
            events: Vec::new(),
            wakes_at: None,
        };
        stage.input(Input::Start);
        stage.open();
        stage
    }

    /// A session that has joined.
    pub(crate) fn joined() -> Self {
        let mut stage = Self::opened();
        stage.join();
        stage
    }

    fn open(&mut self) {
        let link = self.link.expect("it wants a link");
        self.input(Input::LinkOpened(link));
        assert_eq!(self.sent.pop().expect("a CONNECT")[0], 0x10);
    }

    pub(crate) fn join(&mut self) {
        self.receive(CONNACK);
        let subscribe = self.sent.pop().expect("a SUBSCRIBE");
        assert_eq!(subscribe[0], 0x82);
        self.receive(&[0x90, 4, subscribe[2], subscribe[3], 0, 0]);
        assert!(matches!(self.events.pop(), Some(Event::Joined { .. })));
    }

    /// Sends a message; its PUBLISH waits for an answer.
    pub(crate) fn send(&mut self) {
        self.session.send(self.now, "mine".into()).unwrap();
        self.drain();
        assert_eq!(self.sent.pop().expect("a PUBLISH")[0], 0x32);
        self.events.clear();
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.receive_bytes(Bytes::copy_from_slice(bytes));
    }

    pub(crate) fn receive_bytes(&mut self, bytes: Bytes) {
        if let Some(link) = self.link {
            self.input(Input::LinkReceived(link, bytes));
        }
    }

    /// Makes the packet that brings this payload to the room.
    pub(crate) fn packet(payload: &[u8]) -> Bytes {
        encode_publish(SUB, payload, &[]).unwrap()
    }

    /// Whether the link stands; where it does not, the session makes a new one by itself, and joins again.
    pub(crate) fn returns(&mut self) -> bool {
        let stood = self.link.is_some();
        while self.link.is_none() {
            assert!(self.end().is_none(), "it ends: {:?}", self.events);
            self.now.mono = self.wakes_at.expect("it tries again by itself");
            self.input(Input::Timeout);
        }
        if !stood {
            self.open();
            self.events.clear();
            self.join();
        }
        stood
    }

    /// The link ends without a word.
    pub(crate) fn cut(&mut self) {
        if let Some(link) = self.link.take() {
            self.input(Input::LinkClosed(link, LinkError::Closed));
        }
    }

    /// What was told since: texts, types of messages without one, and what could not be read.
    pub(crate) fn told(&mut self) -> Vec<String> {
        self.events
            .drain(..)
            .filter_map(|event| match event {
                Event::MessageAdded { message, .. } => Some(words(&message)),
                Event::DeliveryChanged { delivery: Delivery::Sent, .. } => None,
                Event::Unreadable(bad) => {
                    assert!(!bad.reason.is_empty() && bad.reason.chars().count() <= 500, "{}", bad.reason);
                    Some("unreadable".to_owned())
                }
                _ => None,
            })
            .collect()
    }

    /// Why the link was given up.
    pub(crate) fn interruption(&self) -> Option<String> {
        self.events.iter().find_map(|event| match event {
            Event::Interrupted { cause, .. } => Some(cause.to_string()),
            Event::Ended(end) => Some(end.to_string()),
            _ => None,
        })
    }

    pub(crate) fn end(&self) -> Option<String> {
        self.events.iter().find_map(|event| match event {
            Event::Ended(end) => Some(end.to_string()),
            _ => None,
        })
    }

    fn input(&mut self, input: Input) {
        self.session.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.session.poll_output() {
                Output::Connect { link, .. } => self.link = Some(link),
                Output::Disconnect(link) => self.link = self.link.filter(|other| *other != link),
                Output::Send { bytes, .. } => self.sent.push(bytes),
                Output::Event(event) => self.events.push(event),
                Output::Timeout(deadline) => {
                    self.wakes_at = deadline.map(|(at, _)| at);
                    return;
                }
                Output::Write { .. } | Output::Call { .. } | Output::Answered { .. } => {
                    panic!("a config alone has neither a service nor a disk")
                }
            }
        }
    }
}

/// A text in short, or the type of what has none.
fn words(message: &Message) -> String {
    match message.text() {
        Some("") => "an empty text".to_owned(),
        Some(text) if text.len() > 40 => format!("a text of {} bytes", text.len()),
        Some(text) => text.escape_debug().to_string(),
        None if message.kind() == Kind::Unknown => "a message of an unknown type".to_owned(),
        None => format!("a message of type {}", message.kind().name()),
    }
}
