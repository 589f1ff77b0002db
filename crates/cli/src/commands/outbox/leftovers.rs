//! What an earlier run left, and what becomes of it.

use std::{collections::BTreeMap, time::Duration};

use chatroom_client::{Delivery, Event, Kept, Outbox};
use chatroom_wire::{Message, MessageId, Payload, SafeText};
use jiff::{SignedDuration, Timestamp};

use crate::{
    args::value::short_name,
    color::Style,
    output::{Line, View},
    words::span,
};

/// Messages of an earlier run that have not ended.
#[derive(Debug, Default)]
pub(in crate::commands) struct Leftovers {
    waiting: BTreeMap<MessageId, Message>,
    /// Those that are sent, and those that have waited too long.
    young: usize,
    old: usize,
    /// How long messages may wait in the outbox, if there is one.
    ttl: Option<Duration>,
}

impl Leftovers {
    pub(super) fn of(outbox: &Outbox, ttl: Duration, now: Timestamp) -> Self {
        let left = outbox.left();
        let too_old = |kept: &&Kept| {
            let age = now.duration_since(kept.written_at.instant());
            Duration::try_from(age).is_ok_and(|age| age >= ttl)
        };
        let old = left.iter().filter(too_old).count();
        let waiting = left.iter().filter_map(|kept| Some((kept.message.id.clone()?, kept.message.clone())));
        Self { waiting: waiting.collect(), young: left.len() - old, old, ttl: Some(ttl) }
    }

    /// What to say about them at first.
    pub(in crate::commands) fn told(&self, view: &View) -> Vec<Line> {
        let mut lines = Vec::new();
        if self.young > 0 {
            let told = format!("{} of an earlier run {} sent first", messages(self.young), is(self.young));
            lines.push(view.note(Style::Dim, &told));
        }
        if self.old > 0 {
            let told = format!(
                "{} of an earlier run waited longer than {} (--ttl) and {} not sent any more; in about a minute it is \
                 known whether {} arrived",
                messages(self.old),
                whole(self.ttl.unwrap_or_default()),
                is(self.old),
                if self.old == 1 { "it" } else { "they" },
            );
            lines.push(view.note(Style::Yellow, &told));
        }
        lines
    }

    /// How many have no last word yet.
    pub(in crate::commands) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether all of them have their last word.
    pub(in crate::commands) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes the last word on one of them; one that stays in the outbox has none.
    pub(in crate::commands) fn ended(&mut self, event: &Event) -> Option<(Message, Delivery)> {
        match event {
            Event::DeliveryChanged { id, delivery, .. } if delivery.is_final() && *delivery != Delivery::Kept => {
                Some((self.waiting.remove(id)?, delivery.clone()))
            }
            _ => None,
        }
    }

    /// Whether messages outlive the program.
    pub(in crate::commands) fn are_kept(&self) -> bool {
        self.ttl.is_some()
    }

    /// What to say when the command ends and so many messages stay in the outbox, if there is one.
    pub(in crate::commands) fn staying(&self, view: &View, count: usize) -> Option<Line> {
        let ttl = self.ttl.filter(|_| count > 0)?;
        let told = format!(
            "{} {} in the outbox and {} sent when you join or send in this room again, within {} (--ttl) of writing {}",
            messages(count),
            if count == 1 { "stays" } else { "stay" },
            is(count),
            whole(ttl),
            if count == 1 { "it" } else { "them" },
        );
        Some(view.note(Style::Yellow, &told))
    }

    /// Last words may have been missed: nothing is awaited any more.
    pub(in crate::commands) fn forget(&mut self) {
        self.waiting.clear();
    }
}

/// What a message says, for a line.
pub(in crate::commands) fn text(message: &Message) -> SafeText {
    match &message.payload {
        Payload::Text(text) => SafeText::log(&text.text),
        _ => SafeText::log(&format!("({})", short_name(message.kind()).to_lowercase())),
    }
}

pub(super) fn messages(count: usize) -> String {
    format!("{count} {}", if count == 1 { "message" } else { "messages" })
}

fn is(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn whole(length: Duration) -> String {
    span(SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX))
}
