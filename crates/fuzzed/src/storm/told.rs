//! What a session has told, and what it may not tell then.

use std::collections::{BTreeMap, BTreeSet};

use chatroom_session::{Delivery, Entry, Event, Kept, Output};
use chatroom_wire::MessageId;

use super::{is_end, service::SECRETS};

/// Everything that one session has told.
pub(super) struct Told {
    durable: bool,
    /// Own messages that were taken or handed over, with their last word.
    own: BTreeMap<MessageId, Vec<Delivery>>,
    added: BTreeSet<MessageId>,
    on_disk: BTreeSet<MessageId>,
    ended: bool,
}

impl Told {
    pub(super) fn new(durable: bool, kept: &[Kept]) -> Self {
        let kept: BTreeSet<MessageId> = kept.iter().filter_map(|kept| kept.message.id.clone()).collect();
        Self { durable, own: BTreeMap::new(), added: BTreeSet::new(), on_disk: kept, ended: false }
    }

    /// The session took a message.
    pub(super) fn taken(&mut self, id: MessageId) {
        assert!(!self.ended, "nothing is taken after the end");
        assert!(self.own.insert(id, Vec::new()).is_none(), "an id is given once");
    }

    pub(super) fn on_disk(&mut self, kept: &Kept) {
        self.on_disk.extend(kept.message.id.clone());
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Holds an output against what was told before.
    pub(super) fn check(&mut self, output: &Output) {
        if let Output::Timeout(deadline) = output {
            assert!(!self.ended || deadline.is_none(), "nothing is awaited after the end");
            return;
        }
        let printed = format!("{output:?}");
        assert!(SECRETS.iter().all(|secret| !printed.contains(secret)), "{printed}");
        // The outbox is tidied up behind the last word, and who asks for something then is told that it is too late.
        let tidies = matches!(
            output,
            Output::Write { entry: Entry::End(_), .. } | Output::Disconnect(_) | Output::Answered { .. }
        );
        assert!(!self.ended || tidies, "nothing follows the end: {printed}");
        match output {
            Output::Write { entry, .. } => {
                assert!(self.durable, "there is no outbox on disk");
                if let (Entry::Keep(kept), true) = (entry, self.ended) {
                    panic!("taken after the end: {kept:?}");
                }
            }
            Output::Event(event) => self.event(event),
            _ => {}
        }
    }

    fn event(&mut self, event: &Event) {
        self.ended |= is_end(event);
        match event {
            Event::MessageAdded { message, delivery, .. } => {
                let Some(id) = &message.id else { return };
                assert!(self.added.insert(id.clone()), "told twice: {message:?}");
                if delivery.is_some() {
                    assert!(!self.durable || self.on_disk.contains(id), "told before it is written: {message:?}");
                    self.own.entry(id.clone()).or_default();
                }
            }
            Event::DeliveryChanged { id, delivery, .. } => {
                let own = self.own.entry(id.clone()).or_default();
                own.push(delivery.clone());
                let finals: Vec<&Delivery> = own.iter().filter(|delivery| delivery.is_final()).collect();
                let once = matches!(finals.as_slice(), [] | [_] | [Delivery::Unconfirmed, Delivery::Delivered { .. }]);
                assert!(once, "a message ends once: {finals:?}");
                assert!(self.added.contains(id), "it was never told: {id:?}");
            }
            Event::NotKept { id, .. } => {
                assert!(!self.added.contains(id), "it was told as taken: {id:?}");
                self.own.remove(id);
            }
            _ => {}
        }
    }

    /// At the end of a session each own message has its last word.
    pub(super) fn check_ends(&self) {
        for (id, words) in &self.own {
            let told = self.added.contains(id);
            assert!(!told || words.iter().any(Delivery::is_final), "no last word on {id:?}: {words:?}");
        }
    }
}
