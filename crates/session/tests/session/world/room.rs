//! What is said in the room by somebody who is no client here, and how it reaches the clients.

use std::time::Duration;

use chatroom_session::{Input, LinkId};
use chatroom_wire::{
    Message, MessageId, Payload, Time, User, envelope,
    payload::{CustomMessage, DeleteMessage, Entrance},
};

use super::{SUB, World};

impl World {
    /// Somebody says something who is no client here.
    pub(crate) fn said(&mut self, text: &str) {
        self.publish(Message { id: Some(format!("x-{text}").into()), ..Message::text_by(User::named("bob"), text) });
        self.settle();
    }

    pub(crate) fn publish(&mut self, mut message: Message) {
        if let Some(id) = &message.id
            && self.log.iter().any(|other| other.id.as_ref() == Some(id))
        {
            return;
        }
        let stamp = self.now().wall + Duration::from_nanos(self.log.len() as u64);
        message.received_at = Some(Time::nanoseconds(stamp));
        self.log.push(message.clone());
        let sequence = self.log.len() as u64;
        for number in 0..self.clients.len() {
            for place in 0..self.clients[number].links.len() {
                let link = &mut self.clients[number].links[place];
                if !link.subscribed {
                    continue;
                }
                let id = link.id;
                let properties = if self.numbered {
                    vec![("seq".to_owned(), sequence.to_string()), ("prev".to_owned(), link.last.to_string())]
                } else {
                    Vec::new()
                };
                link.last = sequence;
                if self.faults.half_open {
                    continue;
                }
                if self.faults.lose_deliveries > 0 {
                    self.faults.lose_deliveries -= 1;
                    continue;
                }
                let payload = envelope::join([envelope::encode(&message).as_slice()]);
                let pairs: Vec<(&str, &str)> =
                    properties.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
                let packet = chatroom_mqtt::encode_publish(SUB, &payload, &pairs).unwrap();
                let client = &mut self.clients[number];
                client.inbox.push_back(Input::LinkReceived(id, packet.clone()));
                if self.faults.double {
                    client.inbox.push_back(Input::LinkReceived(id, packet));
                }
            }
        }
    }

    /// The server says something that it does not store, and so does not number.
    pub(crate) fn announce(&mut self, name: &str) {
        let entrance = Entrance { custom_name: name.to_owned(), ..Entrance::default() };
        let message = Message {
            id: Some(format!("enter-{name}").into()),
            received_at: Some(Time::nanoseconds(self.now().wall)),
            ..Message::new(User::named(name), Payload::Entrance(entrance))
        };
        self.news(&message);
    }

    /// Something comes without a number, and stands in no history.
    pub(crate) fn news(&mut self, message: &Message) {
        let payload = envelope::join([envelope::encode(message).as_slice()]);
        let packet = chatroom_mqtt::encode_publish(SUB, &payload, &[]).unwrap();
        for client in &mut self.clients {
            let ids: Vec<LinkId> = client.links.iter().map(|link| link.id).collect();
            client.inbox.extend(ids.into_iter().map(|id| Input::LinkReceived(id, packet.clone())));
        }
        self.settle();
    }

    pub(crate) fn delete(&mut self, id: &MessageId) {
        let extra = serde_json::Map::new();
        let gone = Message::new(User::default(), Payload::DeleteMessage(DeleteMessage { id: id.clone(), extra }));
        self.publish(Message { id: Some(format!("del-{id}").into()), ..gone });
        self.settle();
    }

    pub(crate) fn custom(&mut self, value: &str) {
        let payload = CustomMessage { value: value.to_owned(), ..CustomMessage::default() };
        self.publish(Message { id: Some(value.into()), ..Message::new(User::named("bob"), Payload::Custom(payload)) });
        self.settle();
    }
}
