//! Own messages over the end of a program: written before they count, and until they have ended.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chatroom_wire::{Message, MessageId};

use crate::{Delivery, Entry, Event, Kept, Output, Session, WriteId, dating, outbox::Draft, receiving::CLOCKS};

/// What is on its way to the disk.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    next: u64,
    /// Messages whose end is being written, each with its last word if that is told only once it is on the disk: a
    /// message of which the user heard that it will not be delivered must not be sent by the next program.
    ends: BTreeMap<WriteId, Ending>,
    /// Those that the disk refused, and when they are written again.
    refused: Vec<Ending>,
    again_at: Option<Duration>,
}

impl Writes {
    /// Takes back what was to be told of a message once its end is on the disk. Answers whether that is being written.
    fn make_void(&mut self, id: &MessageId) -> bool {
        let ending = self.ends.values_mut().chain(&mut self.refused).find(|ending| ending.id == *id);
        ending.map(|ending| ending.last_word = None).is_some()
    }
}

/// A message that has ended, and what is still to be told of it.
#[derive(Debug)]
struct Ending {
    id: MessageId,
    last_word: Option<Event>,
}

/// How long a disk that took nothing is left alone.
const AGAIN: Duration = Duration::from_secs(5);

impl Session {
    /// Hands an entry to the driver.
    pub(crate) fn write(&mut self, entry: Entry) -> WriteId {
        let ticket = WriteId(self.writes.next);
        self.writes.next += 1;
        self.outputs.push_back(Output::Write { ticket, entry });
        ticket
    }

    pub(crate) fn written(&mut self, ticket: WriteId, result: Result<(), String>) {
        if let Some(ending) = self.writes.ends.remove(&ticket) {
            return self.end_written(ending, result.is_ok());
        }
        match result {
            Ok(()) => {
                if let Some(message) = self.outbox.kept(ticket).cloned() {
                    let message = Arc::new(message);
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
    pub(crate) fn settle(&mut self, id: MessageId, delivery: Delivery, echo: Option<Arc<Message>>) {
        let delivered = matches!(delivery, Delivery::Delivered { .. });
        let event = Event::DeliveryChanged { id: id.clone(), delivery, echo };
        if !self.options.durable {
            return self.tell(event);
        }
        if delivered && self.writes.make_void(&id) {
            return self.tell(event);
        }
        let last_word = if delivered {
            // Another program would find it delivered too.
            self.tell(event);
            None
        } else {
            Some(event)
        };
        self.write_end(Ending { id, last_word });
    }

    fn write_end(&mut self, ending: Ending) {
        let ticket = self.write(Entry::End(ending.id.clone()));
        self.writes.ends.insert(ticket, ending);
    }

    fn end_written(&mut self, ending: Ending, written: bool) {
        if !written {
            self.writes.refused.push(ending);
            self.writes.again_at.get_or_insert(self.now.mono + AGAIN);
        } else if let Some(event) = ending.last_word {
            self.tell(event);
        }
    }

    pub(crate) fn handle_write_deadline(&mut self) {
        if self.writes.again_at.take_if(|at| *at <= self.now.mono).is_some() {
            for ending in std::mem::take(&mut self.writes.refused) {
                self.write_end(ending);
            }
        }
    }

    pub(crate) fn write_deadline(&self) -> Option<Duration> {
        self.writes.again_at
    }

    /// Takes what an earlier session kept; it may have sent it.
    pub(crate) fn restore(&mut self) {
        for kept in std::mem::take(&mut self.options.kept) {
            let Kept { message, written_at, after } = kept;
            let Some(id) = message.id.clone() else { continue };
            let age = Duration::try_from(self.now.wall.duration_since(written_at.instant())).unwrap_or_default();
            let expires = self.now.mono + self.options.limits.time_to_live.saturating_sub(age);
            let dated = after.is_none().then_some(written_at);
            let after = after.or_else(|| Some(dating::before(written_at)));
            // So long after its last chance to be sent, whatever the clocks did, nothing of it is under way.
            let long_ago = age > self.options.limits.time_to_live + self.options.limits.settle + CLOCKS;
            let draft = Draft { id, message: message.clone(), after, dated, expires };
            self.outbox.push_kept(self.now.mono, age, long_ago, draft);
            let message = Arc::new(message);
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
        let writes = std::mem::take(&mut self.writes.ends).into_values();
        for event in writes.filter_map(|ending| ending.last_word).collect::<Vec<_>>() {
            self.tell(event);
        }
        // What the disk does not know of is found there by the next program, which will say how it ended.
        for ending in std::mem::take(&mut self.writes.refused) {
            if ending.last_word.is_some() {
                self.tell(Event::DeliveryChanged { id: ending.id, delivery: Delivery::Kept, echo: None });
            }
        }
    }
}
