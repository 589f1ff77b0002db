//! Own messages over the end of a program: written before they count, and until they have ended.

use std::{collections::BTreeMap, time::Duration};

use chatroom_wire::{Message, MessageId};

use crate::{Delivery, Entry, Event, Kept, Output, Session, WriteId, outbox::Draft, receiving::CLOCKS};

/// What is on its way to the disk.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    next: u64,
    /// Last words that are told once they are on the disk: a message of which the user heard that it will not be
    /// delivered must not be sent by the next program.
    last_words: BTreeMap<WriteId, Event>,
}

impl Session {
    /// Hands an entry to the driver.
    pub(crate) fn write(&mut self, entry: Entry) -> WriteId {
        let ticket = WriteId(self.writes.next);
        self.writes.next += 1;
        self.outputs.push_back(Output::Write { ticket, entry });
        ticket
    }

    pub(crate) fn written(&mut self, ticket: WriteId, result: Result<(), String>) {
        if let Some(event) = self.writes.last_words.remove(&ticket) {
            // What the disk does not take is told all the same: it is true now.
            return self.tell(event);
        }
        match result {
            Ok(()) => {
                if let Some(message) = self.outbox.kept(ticket).cloned() {
                    self.tell(Event::MessageAdded { message, delivery: Some(Delivery::Queued), late: false });
                }
            }
            Err(reason) => {
                if let Some(id) = self.outbox.not_kept(ticket) {
                    self.tell(Event::NotKept { id, reason });
                }
            }
        }
    }

    /// Tells the last word on an own message, and forgets it on the disk.
    pub(crate) fn settle(&mut self, id: MessageId, delivery: Delivery, echo: Option<Box<Message>>) {
        let delivered = matches!(delivery, Delivery::Delivered { .. });
        let event = Event::DeliveryChanged { id: id.clone(), delivery, echo };
        if !self.options.durable {
            return self.tell(event);
        }
        let ticket = self.write(Entry::End(id));
        if delivered {
            // Another program would find it delivered too.
            self.tell(event);
        } else {
            self.writes.last_words.insert(ticket, event);
        }
    }

    /// Takes what an earlier session kept; it may have sent it.
    pub(crate) fn restore(&mut self) {
        for kept in std::mem::take(&mut self.options.kept) {
            let Kept { message, written_at, after } = kept;
            let Some(id) = message.id.clone() else { continue };
            let age = Duration::try_from(self.now.wall.duration_since(written_at.instant())).unwrap_or_default();
            let expires = self.now.mono + self.options.limits.time_to_live.saturating_sub(age);
            let after = after.or_else(|| Some(written_at.earlier(CLOCKS)));
            self.outbox.push_kept(self.now.mono, age, Draft { id, message: message.clone(), after, expires });
            self.tell(Event::MessageAdded { message, delivery: Some(Delivery::Queued), late: false });
        }
    }

    /// The session is over: every own message gets its last word.
    pub(crate) fn end_outbox(&mut self) {
        let durable = self.options.durable;
        for (id, delivery) in self.outbox.end(durable) {
            match delivery {
                // What the disk has not answered for was never taken, and must not come back.
                Delivery::Rejected(rejection) if durable => {
                    self.write(Entry::End(id.clone()));
                    self.tell(Event::NotKept { id, reason: rejection.to_string() });
                }
                delivery => self.tell(Event::DeliveryChanged { id, delivery, echo: None }),
            }
        }
        for event in std::mem::take(&mut self.writes.last_words).into_values() {
            self.tell(event);
        }
    }
}
