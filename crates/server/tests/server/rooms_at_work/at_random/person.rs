//! Somebody who speaks and listens, and remembers what was heard.

use std::collections::{BTreeMap, BTreeSet};

use chatroom_mqtt::{ClientEvent, Delivery, PacketId};
use chatroom_wire::rest::Role;
use serde_json::Value;

use super::super::Stage;
use crate::bed::{Client, get, token_in};

pub(super) struct Person {
    pub(super) who: &'static str,
    pub(super) client: Client,
    /// What was said and is not answered yet.
    pub(super) open: BTreeMap<PacketId, String>,
    pub(super) acknowledged: BTreeSet<String>,
    /// What stood in the history when this person came.
    pub(super) known: BTreeSet<String>,
    pub(super) heard: Vec<Value>,
    /// The number that was heard last.
    last: u64,
}

impl Person {
    pub(super) async fn join(stage: &Stage, who: &'static str, role: Role) -> Self {
        let client = stage.join(who, role).await;
        let known = history(stage, who).await.iter().map(id).collect();
        let last = client.position.unwrap();
        let (open, acknowledged, heard) = Default::default();
        Self { who, client, open, acknowledged, known, heard, last }
    }

    pub(super) async fn say(&mut self, message: &Value) {
        let packet = self.client.publish(message.to_string()).await;
        self.open.insert(packet, id(message));
    }

    pub(super) async fn until(&mut self, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            let event = self.client.event().await.expect("the link lives");
            self.take(event);
        }
    }

    /// All that came before the link ended.
    pub(super) async fn until_the_end(mut self) -> BTreeSet<String> {
        while let Some(event) = self.client.event().await {
            self.take(event);
        }
        self.acknowledged
    }

    fn take(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Acknowledged { id } => {
                let said = self.open.remove(&id).unwrap();
                self.acknowledged.insert(said);
            }
            ClientEvent::PublishRefused { id, .. } => drop(self.open.remove(&id)),
            ClientEvent::Delivery(delivery) => self.hear(&delivery),
            _ => {}
        }
    }

    fn hear(&mut self, delivery: &Delivery) {
        let messages: Vec<Value> = serde_json::from_slice(&delivery.payload).unwrap();
        let number = |name: &str| {
            let found = delivery.user_properties.iter().find(|(key, _)| key == name);
            found.map(|(_, number)| number.parse::<u64>().unwrap())
        };
        let numbers = number("prev").zip(number("seq"));
        if let Some((prev, seq)) = numbers.filter(|_| !messages.is_empty()) {
            assert!(prev <= self.last, "{} sees a hole between {} and {prev}", self.who, self.last);
            assert!(seq > self.last || self.heard.is_empty());
            self.last = seq.max(self.last);
        }
        for message in messages.into_iter().filter(is_stored) {
            let heard = self.heard.iter().any(|heard| id(heard) == id(&message));
            if !heard && !self.known.contains(&id(&message)) {
                self.heard.push(message);
            } else if numbers.is_none() {
                assert_eq!(message["user"]["id"], self.who, "{message} came again, and is not for its author");
            } else {
                assert!(!heard, "{message} came twice");
            }
        }
    }
}

pub(super) fn id(message: &Value) -> String {
    message["id"].as_str().unwrap().to_owned()
}

fn is_stored(message: &Value) -> bool {
    !["ENTRANCE", "BROADCAST_UPDATE", "CUSTOM_COUNTER_UPDATE"]
        .contains(&message["type"].as_str().unwrap().trim_start_matches("INTERACTION_TYPE_"))
}

/// All of the history as this person gets it.
pub(super) async fn history(stage: &Stage, who: &str) -> Vec<Value> {
    let token = token_in(&stage.server, &stage.room, who, Role::Viewer).await.token;
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/chatrooms/messages?from_oldest=true&limit=100{after}");
        let page = get(&stage.server, &path, token.expose()).await.json();
        let messages = page["messages"].as_array().unwrap();
        let Some(last) = messages.last() else { return all };
        after = format!("&after_at={}", last["received_at"].as_str().unwrap());
        all.extend(messages.iter().cloned());
    }
}
