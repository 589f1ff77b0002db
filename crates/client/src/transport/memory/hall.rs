//! What goes on inside of a room in memory: who is there, what was said, who is told.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use chatroom_mqtt::{
    Accept, Connect, InboundPublish, ReasonCode, ServerEvent, ServerOptions, ServerOutput, ServerRole,
};
use chatroom_session::{Call, CallAnswer, CallError};
use chatroom_wire::{
    Chatroom, Claims, Config, Message, Payload, Signature, Time, Token, User,
    config::{Connection, SelfUser, Topics},
    envelope,
    rest::{ErrorBody, MessagesPage, MessagesQuery, PAGE_MAX, RefreshAnswer, Role},
    user_name,
};
use jiff::{Timestamp, ToSpan};
use tokio::{sync::mpsc::UnboundedSender, time::Instant};

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
    messages: Vec<Message>,
    muted: bool,
}

struct Guest {
    role: ServerRole,
    to_client: UnboundedSender<Bytes>,
    /// Once its CONNECT was accepted.
    connected: Option<(String, User)>,
    listens: bool,
}

impl Hall {
    pub(super) fn new() -> Self {
        Self {
            origin: Instant::now(),
            people: BTreeMap::new(),
            links: BTreeMap::new(),
            next: 0,
            messages: Vec::new(),
            muted: false,
        }
    }

    pub(super) fn token(&mut self, name: &str, admin: bool) -> Token {
        let role = if admin { Role::Admin } else { Role::Viewer };
        let claims = Claims {
            sub: Some(format!("user-{name}").into()),
            chat_id: Some(ROOM.into()),
            roles: vec![role.name().to_owned()],
            ..Claims::default()
        };
        let claims = serde_json::to_vec(&claims).expect("claims hold only strings");
        let text = format!("{}.{}.none", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims));
        let user = User {
            id: Some(format!("user-{name}").into()),
            device_id: Some(format!("device-{name}")),
            custom_name: name.to_owned(),
            is_admin: Some(admin),
            is_guest: Some(false),
            ..User::default()
        };
        self.people.insert(text.clone(), user);
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

    pub(super) fn answer(&mut self, call: Call, token: Option<&Token>) -> Result<CallAnswer, CallError> {
        if let Call::Refresh(refresh) = call {
            // Tokens of this room never end; whoever asks gets the one he has back.
            let token = Token::new(refresh.expose());
            let known = self.people.contains_key(token.expose());
            let answer = RefreshAnswer { token, expires_in: i64::from(u32::MAX) };
            return if known { Ok(CallAnswer::Refreshed(answer)) } else { Err(unknown_token()) };
        }
        let token = token.filter(|token| self.people.contains_key(token.expose())).ok_or_else(unknown_token)?;
        match call {
            Call::Config => {
                self.config(token).map(|config| CallAnswer::Config(Box::new(config))).ok_or_else(unknown_token)
            }
            Call::Room => Ok(CallAnswer::Room(Box::new(self.room()))),
            Call::History(query) => Ok(CallAnswer::History(self.history(&query))),
            Call::Refresh(_) => Err(unknown_token()),
            Call::Api(_) => Err(unknown_token()),
        }
    }

    pub(super) fn open(&mut self, to_client: UnboundedSender<Bytes>) -> LinkId {
        self.next += 1;
        let role = ServerRole::new(self.now(), ServerOptions::default());
        self.links.insert(self.next, Guest { role, to_client, connected: None, listens: false });
        self.next
    }

    pub(super) fn receive(&mut self, link: LinkId, bytes: &[u8]) {
        let now = self.now();
        if let Some(guest) = self.links.get_mut(&link) {
            guest.role.receive(now, bytes);
            self.drain(link);
        }
    }

    pub(super) fn closed(&mut self, link: LinkId) {
        self.links.remove(&link);
    }

    pub(super) fn interrupt(&mut self) {
        self.links.clear();
    }

    pub(super) fn connections(&self) -> usize {
        self.links.values().filter(|guest| guest.connected.is_some()).count()
    }

    pub(super) fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Stamps a message, keeps it, and tells all who listen.
    pub(super) fn publish(&mut self, mut message: Message) {
        match message.payload {
            Payload::Mute => self.muted = true,
            Payload::Unmute => self.muted = false,
            _ => {}
        }
        let stamp = Time::nanoseconds(self.stamp());
        message.received_at = Some(stamp);
        message.published_at = Some(stamp);
        let id = message.id.take().unwrap_or_else(|| self.name("message").into());
        message.id = Some(id);
        let batch = envelope::join([envelope::encode(&message).as_slice()]);
        self.messages.push(message);
        // As `chatroom serve` numbers its deliveries, so that a client need not ask for what it may have missed.
        let (seq, prev) = (self.messages.len().to_string(), (self.messages.len() - 1).to_string());
        let now = self.now();
        let listening: Vec<_> = self.links.iter().filter(|(_, guest)| guest.listens).map(|(link, _)| *link).collect();
        for link in listening {
            if let Some(guest) = self.links.get_mut(&link) {
                let numbers = [("seq", seq.as_str()), ("prev", prev.as_str())];
                // Whoever accepts less than a message is large reads it in the history.
                drop(guest.role.publish(now, SUBSCRIBE, &batch, &numbers));
                self.drain(link);
            }
        }
    }

    fn drain(&mut self, link: LinkId) {
        while let Some(guest) = self.links.get_mut(&link) {
            match guest.role.poll_output() {
                // Who does not read any more will be gone in a moment.
                Some(ServerOutput::Send(bytes)) => drop(guest.to_client.send(bytes)),
                Some(ServerOutput::Event(event)) => self.react(link, event),
                Some(ServerOutput::Close(_)) => self.closed(link),
                None => break,
            }
        }
    }

    fn react(&mut self, link: LinkId, event: ServerEvent) {
        let now = self.now();
        match event {
            ServerEvent::Connect(connect) => self.connect(link, *connect),
            ServerEvent::Publish(publish) => {
                let (reason, text, message) = match self.judge(link, &publish) {
                    Ok(message) => (ReasonCode::SUCCESS, None, message),
                    Err((reason, text)) => (reason, Some(text), None),
                };
                if let (Some(id), Some(guest)) = (publish.id, self.links.get_mut(&link)) {
                    guest.role.puback(now, id, reason, text, &[]);
                }
                if let Some(message) = message {
                    self.publish(message);
                }
            }
            ServerEvent::Subscribe { id, filters } => {
                if let Some(guest) = self.links.get_mut(&link) {
                    let codes: Vec<_> = filters.iter().map(|(filter, _)| allowed(filter == SUBSCRIBE)).collect();
                    guest.listens |= codes.contains(&ReasonCode::SUCCESS);
                    guest.role.suback(now, id, &codes, None);
                }
            }
            ServerEvent::Unsubscribe { id, filters } => {
                if let Some(guest) = self.links.get_mut(&link) {
                    guest.listens &= !filters.iter().any(|filter| filter == SUBSCRIBE);
                    guest.role.unsuback(now, id, &vec![ReasonCode::SUCCESS; filters.len()], None);
                }
            }
            _ => {}
        }
    }

    fn connect(&mut self, link: LinkId, connect: Connect) {
        let now = self.now();
        let credentials = connect.user_name.as_ref().and_then(|name| user_name::decode(name.expose()).ok());
        let user = credentials.and_then(|credentials| self.people.get(credentials.token.expose()).cloned());
        let same = |guest: &Guest| guest.connected.as_ref().is_some_and(|(client, _)| *client == connect.client_id);
        let older = self.links.iter().find(|(_, guest)| same(guest)).map(|(link, _)| *link);
        if let (Some(older), true) = (older, user.is_some()) {
            if let Some(guest) = self.links.get_mut(&older) {
                guest.role.disconnect(now, ReasonCode::TAKEN_OVER, None);
            }
            self.drain(older);
        }
        let Some(guest) = self.links.get_mut(&link) else { return };
        if let Some(user) = user {
            guest.connected = Some((connect.client_id, user));
            guest.role.accept(now, Accept::new(connect.keep_alive));
        } else {
            guest.role.refuse(now, ReasonCode::NOT_AUTHORIZED, Some("the token is not of this room"));
        }
    }

    /// The message as it is to go out; none if it went out before.
    fn judge(&self, link: LinkId, publish: &InboundPublish) -> Result<Option<Message>, (ReasonCode, &'static str)> {
        let guest = self.links.get(&link).and_then(|guest| guest.connected.as_ref());
        let Some((_, user)) = guest.filter(|_| publish.topic == PUBLISH) else {
            return Err((ReasonCode::NOT_AUTHORIZED, "this topic may not be published to"));
        };
        let mut elements = envelope::decode(&publish.payload).unwrap_or_default();
        let Some(Ok(mut message)) = elements.pop() else {
            return Err((ReasonCode::PAYLOAD_FORMAT_INVALID, "this is no message"));
        };
        if self.muted && !user.is_admin() {
            return Err((ReasonCode::NOT_AUTHORIZED, "the room is muted"));
        }
        let name = std::mem::take(&mut message.user.custom_name);
        message.user = user.clone();
        if !name.is_empty() {
            message.user.custom_name = name;
        }
        let again = message.id.is_some()
            && self.messages.iter().any(|other| other.id == message.id && other.user.id == message.user.id);
        Ok((!again).then_some(message))
    }

    fn room(&self) -> Chatroom {
        Chatroom {
            id: ROOM.into(),
            muted: self.muted,
            status: "CHAT_STATUS_ACTIVE".to_owned(),
            blocked_users: Vec::new(),
            pinned_messages: Vec::new(),
            active_poll: None,
            viewer_info: None,
            custom_counters: Vec::new(),
            created_at: None,
            updated_at: None,
            extra: serde_json::Map::default(),
        }
    }

    fn history(&self, query: &MessagesQuery) -> MessagesPage {
        let wanted = |message: &&Message| {
            query.after_at.is_none_or(|after| message.received_at > Some(after))
                && query.before_at.is_none_or(|before| message.received_at < Some(before))
                && (query.types.is_empty() || query.types.contains(&message.kind()))
        };
        let all: Vec<_> = self.messages.iter().filter(wanted).cloned().collect();
        let limit = usize::from(query.limit.unwrap_or(PAGE_MAX));
        let skipped = if query.from_oldest { 0 } else { all.len().saturating_sub(limit) };
        let page = all.into_iter().skip(skipped).take(limit).map(Ok).collect();
        MessagesPage { messages: envelope::Elements(page) }
    }

    /// Later than every stamp before.
    fn stamp(&self) -> Timestamp {
        let last = self.messages.last().and_then(|message| message.received_at);
        let after = last.and_then(|last| last.instant().checked_add(1.nanosecond()).ok());
        Timestamp::now().max(after.unwrap_or(Timestamp::MIN))
    }

    fn name(&mut self, what: &str) -> String {
        self.next += 1;
        format!("{what}-{}", self.next)
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}

fn allowed(yes: bool) -> ReasonCode {
    if yes { ReasonCode::SUCCESS } else { ReasonCode::NOT_AUTHORIZED }
}

fn unknown_token() -> CallError {
    let body = ErrorBody { code: 16, message: "the token is not of this room".to_owned(), ..ErrorBody::default() };
    CallError::Status { status: 401, body, retry_after: None }
}
