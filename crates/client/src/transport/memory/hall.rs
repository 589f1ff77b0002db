//! What goes on inside of a room in memory: who is there, what was said, how it stands.
//!
//! - `guests`: who is connected; `judging`: what they say; `service`: answers to REST calls
//! - `acts`: what moderators do; `polls`: polls and votes

mod acts;
mod guests;
mod judging;
mod polls;
mod service;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chatroom_wire::{
    Chatroom, Claims, Config, Message, MessageId, OptionId, Payload, PollId, Signature, Time, Token, User, UserId,
    chatroom::{CustomCounter, ViewerInfo},
    config::{Connection, SelfUser, Topics},
    poll::Poll,
    rest::Role,
};
use jiff::{Timestamp, ToSpan};
use serde_json::Map;
use tokio::time::Instant;

use self::guests::Guest;

const ROOM: &str = "memory";
const PUBLISH: &str = "memory/pub";
const SUBSCRIBE: &str = "memory/sub";

/// Names a link.
pub(super) type LinkId = u64;

pub(super) struct Hall {
    origin: Instant,
    /// Who holds which token.
    people: BTreeMap<String, User>,
    links: BTreeMap<LinkId, Guest>,
    /// Counts whatever needs a name of its own.
    next: u64,
    said: Vec<Said>,
    /// Who said what, so that it is said once, also where it was deleted since.
    known: BTreeSet<(Option<UserId>, MessageId)>,
    stamped: Timestamp,
    /// The place in the room's order of the last message, and of the last that all were told.
    last: u64,
    told: u64,
    room: Chatroom,
    /// The oldest first.
    polls: Vec<Poll>,
    votes: BTreeMap<(PollId, Option<UserId>), Vec<OptionId>>,
}

/// A message that is kept.
struct Said {
    message: Message,
    /// Nobody else sees it.
    only: Option<UserId>,
}

impl Hall {
    pub(super) fn new() -> Self {
        let now = Some(Time::nanoseconds(Timestamp::now()));
        Self {
            origin: Instant::now(),
            people: BTreeMap::new(),
            links: BTreeMap::new(),
            next: 0,
            said: Vec::new(),
            known: BTreeSet::new(),
            stamped: Timestamp::MIN,
            last: 0,
            told: 0,
            room: Chatroom {
                id: ROOM.into(),
                muted: false,
                status: "CHAT_STATUS_ACTIVE".to_owned(),
                blocked_users: Vec::new(),
                pinned_messages: Vec::new(),
                active_poll: None,
                viewer_info: Some(ViewerInfo { updated_at: now, ..ViewerInfo::default() }),
                admins: Vec::new(),
                custom_counters: Vec::new(),
                created_at: now,
                updated_at: now,
                extra: Map::new(),
            },
            polls: Vec::new(),
            votes: BTreeMap::new(),
        }
    }

    pub(super) fn add_counter(&mut self, key: String) {
        if self.room.custom_counters.iter().all(|counter| counter.key != key) {
            self.room.custom_counters.push(CustomCounter { key, ..CustomCounter::default() });
        }
    }

    pub(super) fn counter(&self, key: &str) -> Option<i64> {
        self.room.custom_counters.iter().find(|counter| counter.key == key).map(|counter| counter.value)
    }

    pub(super) fn token(&mut self, name: &str, admin: bool) -> Token {
        let role = if admin { Role::Admin } else { Role::Viewer };
        let claims = Claims {
            sub: Some(format!("user-{name}").into()),
            chat_id: Some(ROOM.into()),
            roles: vec![role.name().to_owned()],
            extra: Map::from_iter([("name".to_owned(), name.into())]),
            ..Claims::default()
        };
        let claims = serde_json::to_vec(&claims).expect("claims hold only strings");
        let text = format!("{}.{}.none", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims));
        self.people.entry(text.clone()).or_insert_with(|| person(name, admin));
        Token::new(text)
    }

    pub(super) fn config(&mut self, token: &Token) -> Option<Config> {
        let user = self.people.get(token.expose())?.clone();
        Some(Config {
            connection: Connection {
                endpoint: "localhost".parse().expect("this is a host"),
                authorizer: ROOM.to_owned(),
                token: token.clone(),
                signature: Signature::new("none"),
                client_id: self.name("client").into(),
                url: None,
            },
            topic: Topics { publish: PUBLISH.into(), subscribe: SUBSCRIBE.into() },
            user: SelfUser {
                is_admin: user.is_admin(),
                is_guest: false,
                customer_id: user.id,
                device_id: user.device_id.unwrap_or_default(),
                custom_name: user.custom_name,
            },
            token: None,
        })
    }

    /// All that was said, also what few or none see.
    pub(super) fn messages(&self) -> Vec<Message> {
        self.said.iter().map(|said| said.message.clone()).collect()
    }

    pub(super) fn message_count(&self) -> usize {
        self.said.len()
    }

    /// Stamps a message, keeps it if it is one to keep, and tells all who listen, or its author alone.
    pub(super) fn publish(&mut self, mut message: Message, only: Option<&UserId>) {
        let stamp = self.stamp();
        message.received_at = Some(stamp);
        message.published_at = Some(stamp);
        let id = message.id.take().unwrap_or_else(|| self.name("message").into());
        self.known.insert((message.user.id.clone(), id.clone()));
        message.id = Some(id);
        self.fold(&message);
        let kept = !matches!(
            message.payload,
            Payload::ViewerInfoUpdate(_)
                | Payload::CustomCounterUpdate(_)
                | Payload::PollUpdate(_)
                | Payload::BroadcastUpdate(_)
                | Payload::Entrance(_)
        );
        if kept {
            self.last += 1;
            self.said.push(Said { message: message.clone(), only: only.cloned() });
        }
        self.tell(&message, only, kept);
    }

    /// Says what nobody said: numbers that have changed.
    fn publish_as_system(&mut self, payload: Payload) {
        self.publish(Message::new(User::named("System"), payload), None);
    }

    /// Later than every stamp before.
    fn stamp(&mut self) -> Time {
        let after = self.stamped.checked_add(1.nanosecond()).unwrap_or(Timestamp::MAX);
        self.stamped = Timestamp::now().max(after);
        Time::nanoseconds(self.stamped)
    }

    /// Greater than every version before, also when compared as text.
    fn version(&mut self) -> String {
        self.next += 1;
        format!("{:020}", self.next)
    }

    fn name(&mut self, what: &str) -> String {
        self.next += 1;
        format!("{what}-{}", self.next)
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}

/// Somebody whose ids follow from the name.
pub(super) fn person(name: &str, admin: bool) -> User {
    User {
        id: Some(format!("user-{name}").into()),
        device_id: Some(format!("device-{name}")),
        custom_name: name.to_owned(),
        is_admin: Some(admin),
        is_guest: Some(false),
        ..User::default()
    }
}
