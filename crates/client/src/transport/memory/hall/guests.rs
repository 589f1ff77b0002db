//! Who is connected to a room in memory, and what they hear.

use bytes::Bytes;
use chatroom_mqtt::{Accept, Connect, ReasonCode, ServerEvent, ServerOptions, ServerOutput, ServerRole};
use chatroom_wire::{Message, User, UserId, envelope, user_name};
use tokio::sync::mpsc::UnboundedSender;

use super::{Hall, LinkId, SUBSCRIBE};

pub(super) struct Guest {
    role: ServerRole,
    to_client: UnboundedSender<Bytes>,
    /// Once its CONNECT was accepted.
    pub(super) connected: Option<(String, User)>,
    listens: bool,
}

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
}

fn allowed(yes: bool) -> ReasonCode {
    if yes { ReasonCode::SUCCESS } else { ReasonCode::NOT_AUTHORIZED }
}
