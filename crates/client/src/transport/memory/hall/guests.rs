//! Who is connected to a room in memory, what they publish, and what they hear.

use bytes::Bytes;
use chatroom_mqtt::{
    Accept, Connect, InboundPublish, ReasonCode, ServerEvent, ServerOptions, ServerOutput, ServerRole,
};
use chatroom_wire::{
    Message, Payload, User, UserId,
    chatroom::CustomCounter,
    envelope,
    payload::{CustomMessage, Increment},
    user_name,
};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::{Hall, LinkId, PUBLISH, SUBSCRIBE};

/// The most by which one message counts, as `chatroom serve` has it unless told otherwise.
const INCREMENT_MAX: i64 = 25_600;

pub(super) struct Guest {
    role: ServerRole,
    to_client: UnboundedSender<Bytes>,
    /// Once its CONNECT was accepted.
    pub(super) connected: Option<(String, User)>,
    listens: bool,
}

type Refusal = (ReasonCode, &'static str);

impl Hall {
    pub(in super::super) fn open(&mut self, to_client: UnboundedSender<Bytes>) -> LinkId {
        self.next += 1;
        let role = ServerRole::new(self.now(), ServerOptions::default());
        self.links.insert(self.next, Guest { role, to_client, connected: None, listens: false });
        self.next
    }

    pub(in super::super) fn receive(&mut self, link: LinkId, bytes: &[u8]) {
        let now = self.now();
        if let Some(guest) = self.links.get_mut(&link) {
            guest.role.receive(now, bytes);
            self.drain(link);
        }
    }

    pub(in super::super) fn closed(&mut self, link: LinkId) {
        self.links.remove(&link);
    }

    pub(in super::super) fn interrupt(&mut self) {
        self.links.clear();
    }

    pub(in super::super) fn connections(&self) -> usize {
        self.links.values().filter(|guest| guest.connected.is_some()).count()
    }

    /// Sends a message to all who listen, or to one of them.
    pub(super) fn tell(&mut self, message: &Message, only: Option<&UserId>, numbered: bool) {
        let batch = envelope::join([envelope::encode(message).as_slice()]);
        // As `chatroom serve` numbers its deliveries, so that a client need not ask for what it may have missed.
        let (seq, prev) = (self.last.to_string(), self.told.to_string());
        let numbers = [("seq", seq.as_str()), ("prev", prev.as_str())];
        let numbers = if numbered && only.is_none() { &numbers[..] } else { &[] };
        if !numbers.is_empty() {
            self.told = self.last;
        }
        let now = self.now();
        let is_meant = |guest: &Guest| {
            let id = guest.connected.as_ref().and_then(|(_, user)| user.id.as_ref());
            guest.listens && (only.is_none() || only == id)
        };
        let meant: Vec<_> = self.links.iter().filter(|(_, guest)| is_meant(guest)).map(|(link, _)| *link).collect();
        for link in meant {
            if let Some(guest) = self.links.get_mut(&link) {
                // Whoever accepts less than a message is large reads it in the history.
                drop(guest.role.publish(now, SUBSCRIBE, &batch, numbers));
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
                    self.say(message);
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
    fn judge(&self, link: LinkId, publish: &InboundPublish) -> Result<Option<Message>, Refusal> {
        let guest = self.links.get(&link).and_then(|guest| guest.connected.as_ref());
        let Some((_, user)) = guest.filter(|_| publish.topic == PUBLISH) else {
            return Err((ReasonCode::NOT_AUTHORIZED, "this topic may not be published to"));
        };
        let mut elements = envelope::decode(&publish.payload).unwrap_or_default();
        let Some(Ok(mut message)) = elements.pop() else {
            return Err((ReasonCode::PAYLOAD_FORMAT_INVALID, "this is no message"));
        };
        let is_vote = matches!(message.payload, Payload::PollUserVote(_));
        if self.room.muted && !user.is_admin() && !is_vote {
            return Err((ReasonCode::NOT_AUTHORIZED, "the room is muted"));
        }
        let name = std::mem::take(&mut message.user.custom_name);
        message.user = user.clone();
        if !name.is_empty() {
            message.user.custom_name = name;
        }
        let id = message.id.clone();
        if id.is_some_and(|id| self.known.contains(&(user.id.clone(), id))) {
            return Ok(None);
        }
        match &message.payload {
            Payload::Text(_) => {}
            Payload::Custom(CustomMessage { incr: Some(incr), value, .. }) => self.judge_press(incr, value)?,
            Payload::Custom(_) => {}
            Payload::Sticker(Some(_)) => {}
            Payload::PollUserVote(Some(vote)) => {
                self.judge_vote(vote).map_err(|text| (ReasonCode::PAYLOAD_FORMAT_INVALID, text))?;
            }
            _ => return Err((ReasonCode::PAYLOAD_FORMAT_INVALID, "clients do not write messages of this type")),
        }
        Ok(Some(message))
    }

    fn judge_press(&self, incr: &Increment, value: &str) -> Result<(), Refusal> {
        let known = self.room.custom_counters.iter().any(|counter| counter.key == incr.key && !counter.disabled);
        if !known {
            return Err((ReasonCode::PAYLOAD_FORMAT_INVALID, "the room has no such counter"));
        }
        if !(1..=INCREMENT_MAX).contains(&presses(incr, value)) {
            return Err((ReasonCode::PAYLOAD_FORMAT_INVALID, "a message counts for 1 to 25600 presses"));
        }
        Ok(())
    }

    /// Says what was judged good, and what follows from it.
    fn say(&mut self, mut message: Message) {
        let author = message.user.id.clone();
        let blocked = self.room.blocked_users.iter().any(|blocked| blocked.id == author);
        if blocked {
            message.user.blocked = Some(true);
        }
        let payload = message.payload.clone();
        let hidden = blocked || matches!(payload, Payload::PollUserVote(_));
        self.publish(message, author.clone().filter(|_| hidden));
        match payload {
            _ if blocked => {}
            Payload::Custom(CustomMessage { incr: Some(incr), value, .. }) => self.count(&incr, &value),
            Payload::PollUserVote(Some(vote)) => self.vote(author, vote),
            _ => {}
        }
    }

    fn count(&mut self, incr: &Increment, value: &str) {
        let (version_number, updated_at) = (self.version(), Some(self.stamp()));
        let counter = self.room.custom_counters.iter().find(|counter| counter.key == incr.key);
        if let Some(counter) = counter.cloned() {
            let value = counter.value.saturating_add(presses(incr, value));
            let counter = CustomCounter { value, version_number, updated_at, ..counter };
            self.publish_as_system(Payload::CustomCounterUpdate(counter));
        }
    }
}

/// A batch of presses counts its elements.
fn presses(incr: &Increment, value: &str) -> i64 {
    match serde_json::from_str::<Vec<Value>>(value) {
        Ok(batch) if !batch.is_empty() => i64::try_from(batch.len()).unwrap_or(i64::MAX),
        _ => incr.value,
    }
}

fn allowed(yes: bool) -> ReasonCode {
    if yes { ReasonCode::SUCCESS } else { ReasonCode::NOT_AUTHORIZED }
}
