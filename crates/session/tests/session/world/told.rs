//! What a client was told.

use std::collections::BTreeSet;

use chatroom_session::{Delivery, Event};
use chatroom_wire::{Message, MessageId};

use super::Client;

impl Client {
    /// The texts that were told, in the order of telling; own ones when they came back.
    pub(crate) fn heard(&self) -> Vec<String> {
        let text = |message: &Message| message.text().map(str::to_owned);
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::MessageAdded { message, delivery: None, .. } => text(message),
                Event::DeliveryChanged { echo: Some(message), .. } => text(message),
                _ => None,
            })
            .collect()
    }

    /// The last word on a message.
    pub(crate) fn fate(&self, wanted: &MessageId) -> Option<Delivery> {
        let finals: Vec<&Delivery> = self
            .events
            .iter()
            .filter_map(|event| match event {
                Event::DeliveryChanged { id, delivery, .. } if id == wanted && delivery.is_final() => Some(delivery),
                _ => None,
            })
            .collect();
        // Only what was unconfirmed may still turn out delivered.
        let once = matches!(finals.as_slice(), [] | [_] | [Delivery::Unconfirmed, Delivery::Delivered { .. }]);
        assert!(once, "a message ends once: {finals:?}");
        finals.last().map(|delivery| (*delivery).clone())
    }

    pub(crate) fn joins(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Joined { .. })).count()
    }

    pub(crate) fn interruptions(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Interrupted { .. })).count()
    }

    pub(crate) fn gaps(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Gap(_))).count()
    }

    pub(crate) fn end(&self) -> Option<String> {
        self.events.iter().find_map(|event| match event {
            Event::Ended(end) => Some(end.to_string()),
            _ => None,
        })
    }

    /// All told texts must be different, and the room's own texts in the room's order.
    pub(crate) fn assert_once_and_in_order(&self, log: &[Message]) {
        let heard = self.heard();
        let distinct: BTreeSet<&String> = heard.iter().collect();
        assert_eq!(distinct.len(), heard.len(), "told twice: {heard:?}");
        let order: Vec<&str> = log.iter().filter_map(Message::text).collect();
        let places: Vec<usize> = heard.iter().filter_map(|text| order.iter().position(|other| other == text)).collect();
        assert!(places.is_sorted(), "out of order: {heard:?}");
    }
}
