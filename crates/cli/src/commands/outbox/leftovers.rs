//! What an earlier run left, and what becomes of it.

use std::{collections::BTreeMap, time::Duration};

use chatroom_client::{Delivery, Event, Kept};
use chatroom_wire::{Message, MessageId, Payload, SafeText};
use jiff::{SignedDuration, Timestamp};

use crate::{
    args::value::short_name,
    color::Style,
    output::{Line, View},
    words::{messages, span},
};

/// Messages of an earlier run that have not ended.
#[derive(Debug, Default)]
pub(in crate::commands) struct Leftovers {
    waiting: BTreeMap<MessageId, Waiting>,
    /// How many of them are sent.
    young: usize,
    /// Those that have waited too long.
    old: Vec<SafeText>,
    /// How long messages may wait in the outbox, if there is one.
    ttl: Option<Duration>,
}

#[derive(Debug)]
struct Waiting {
    message: Message,
    written_at: Timestamp,
}

impl Leftovers {
    pub(super) fn of(left: &[Kept], ttl: Duration, now: Timestamp) -> Self {
        let old = left.iter().filter(|kept| is_old(kept.written_at.instant(), ttl, now));
        let old: Vec<SafeText> = old.map(|kept| text(&kept.message)).collect();
        let waiting = left.iter().filter_map(|Kept { message, written_at, .. }| {
            Some((message.id.clone()?, Waiting { message: message.clone(), written_at: written_at.instant() }))
        });
        Self { waiting: waiting.collect(), young: left.len() - old.len(), old, ttl: Some(ttl) }
    }

    /// What to say about them at first.
    pub(in crate::commands) fn told(&self, view: &View) -> Vec<Line> {
        let mut lines = Vec::new();
        if self.young > 0 {
            let told = format!("{} of an earlier run {} sent first", messages(self.young), is(self.young));
            lines.push(view.note(Style::Dim, &told));
        }
        for text in &self.old {
            let ttl = whole(self.ttl.unwrap_or_default());
            let told = format!(
                "a message of an earlier run waited longer than {ttl} (--ttl) and is not sent any more: {text}"
            );
            lines.push(view.note(Style::Yellow, &told));
        }
        if !self.old.is_empty() {
            let told = "whether it arrived in that run is known in about a minute; whoever leaves before leaves that to the next run";
            lines.push(view.note(Style::Dim, told));
        }
        lines
    }

    /// How many have no last word yet.
    pub(in crate::commands) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// What the message with this id says, if it is one of them.
    pub(in crate::commands) fn text_of(&self, id: &MessageId) -> Option<&str> {
        self.waiting.get(id).map(|waiting| waiting.message.text().unwrap_or_default())
    }

    /// Takes one out whose end counts elsewhere. Answers whether it was there.
    pub(in crate::commands) fn take(&mut self, id: &MessageId) -> bool {
        self.waiting.remove(id).is_some()
    }

    /// Whether all of them have their last word.
    pub(in crate::commands) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many of those that have no last word yet may still be sent.
    pub(in crate::commands) fn sent_first(&self, now: Timestamp) -> usize {
        self.waiting.len() - self.given_up(now)
    }

    /// How many of them have waited too long to be sent: it is only looked for whether they arrived.
    fn given_up(&self, now: Timestamp) -> usize {
        let ttl = self.ttl.unwrap_or(Duration::MAX);
        self.waiting.values().filter(|waiting| is_old(waiting.written_at, ttl, now)).count()
    }

    /// Takes the last word on one of them; one that stays in the outbox has none.
    pub(in crate::commands) fn ended(&mut self, event: &Event) -> Option<(Message, Delivery)> {
        match event {
            Event::DeliveryChanged { id, delivery, .. } if delivery.is_final() && *delivery != Delivery::Kept => {
                Some((self.waiting.remove(id)?.message, delivery.clone()))
            }
            _ => None,
        }
    }

    /// Whether messages outlive the program.
    pub(in crate::commands) fn are_kept(&self) -> bool {
        self.ttl.is_some()
    }

    /// What to say when the command ends and so many messages stay in the outbox, these among them, if there is one.
    pub(in crate::commands) fn staying(&self, view: &View, count: usize, now: Timestamp) -> Vec<Line> {
        let Some(ttl) = self.ttl else { return Vec::new() };
        let old = self.given_up(now).min(count);
        let young = count - old;
        let mut lines = Vec::new();
        if young > 0 {
            lines.push(format!(
                "{} {} in the outbox and {} sent when you join or send in this room again, within {} (--ttl) of writing {}",
                messages(young),
                stay(young),
                is(young),
                whole(ttl),
                it(young),
            ));
        }
        if old > 0 {
            lines.push(format!(
                "{} of an earlier run {} in the outbox and {} not sent any more: whether {} arrived is looked up when you \
                 join or send in this room again",
                messages(old),
                stay(old),
                is(old),
                if old == 1 { "it" } else { "they" },
            ));
        }
        lines.iter().map(|told| view.note(Style::Yellow, told)).collect()
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

/// Whether what was written then has waited for longer than it may.
fn is_old(written_at: Timestamp, ttl: Duration, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(written_at)).is_ok_and(|age| age >= ttl)
}

fn stay(count: usize) -> &'static str {
    if count == 1 { "stays" } else { "stay" }
}

fn it(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

fn is(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn whole(length: Duration) -> String {
    span(SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX))
}

#[cfg(test)]
mod tests {
    use chatroom_wire::User;

    use super::*;

    fn view() -> View {
        View::plain(false)
    }

    fn left(texts: &[(&str, &str)]) -> Leftovers {
        let kept = texts.iter().map(|(written_at, text)| Kept {
            message: Message { id: Some((*text).into()), ..Message::text_by(User::named("ada"), *text) },
            written_at: written_at.parse().unwrap(),
            after: None,
        });
        Leftovers::of(&kept.collect::<Vec<_>>(), Duration::from_secs(120), now())
    }

    fn now() -> Timestamp {
        "2026-06-01T18:02:00Z".parse().unwrap()
    }

    fn lines(lines: impl IntoIterator<Item = Line>) -> Vec<String> {
        let note = |line| match line {
            Line::Note(text) => text,
            other => panic!("no note: {other:?}"),
        };
        lines.into_iter().map(note).collect()
    }

    #[test]
    fn what_is_sent_and_what_has_waited_too_long_are_told_apart() {
        let two = left(&[("2026-06-01T18:01:00Z", "a"), ("2026-06-01T18:00:01Z", "b")]);
        assert_eq!(lines(two.told(&view())), ["--- 2 messages of an earlier run are sent first"]);
        let old = left(&[("2026-06-01T18:00:00Z", "\x1b[2Jold"), ("2026-06-01T19:00:00Z", "written by a wrong clock")]);
        let told = lines(old.told(&view()));
        assert_eq!(told[0], "--- 1 message of an earlier run is sent first");
        assert_eq!(
            told[1],
            "--- a message of an earlier run waited longer than 2 min (--ttl) and is not sent any more: �old"
        );
        assert_eq!(told.len(), 3);
        assert!(Leftovers::default().told(&view()).is_empty());
    }

    #[test]
    fn a_last_word_ends_the_waiting_and_what_stays_is_told_in_sum() {
        let mut leftovers = left(&[("2026-06-01T18:01:00Z", "a"), ("2026-06-01T18:01:00Z", "b")]);
        let changed = |id: &str, delivery| Event::DeliveryChanged { id: id.into(), delivery, echo: None };
        for event in [changed("a", Delivery::Sent), changed("a", Delivery::Kept), changed("c", Delivery::Expired)] {
            assert!(leftovers.ended(&event).is_none(), "{event:?}");
        }
        let (message, delivery) = leftovers.ended(&changed("a", Delivery::Expired)).unwrap();
        assert_eq!((message.text(), delivery), (Some("a"), Delivery::Expired));
        assert_eq!(leftovers.len(), 1);
        let told = lines(leftovers.staying(&view(), 1, now()));
        assert!(told[0].starts_with("--- 1 message stays in the outbox and is sent when you join"), "{told:?}");
        assert!(leftovers.staying(&view(), 0, now()).is_empty());
        assert!(Leftovers::default().staying(&view(), 1, now()).is_empty());
    }

    #[test]
    fn what_stays_and_is_not_sent_any_more_is_told_apart() {
        let leftovers = left(&[("2026-06-01T17:00:00Z", "old"), ("2026-06-01T18:01:00Z", "young")]);
        assert_eq!((leftovers.len(), leftovers.sent_first(now())), (2, 1));
        let told = lines(leftovers.staying(&view(), 4, now()));
        assert!(told[0].starts_with("--- 3 messages stay in the outbox and are sent when you"), "{told:?}");
        assert_eq!(
            told[1],
            "--- 1 message of an earlier run stays in the outbox and is not sent any more: whether it arrived is looked \
             up when you join or send in this room again"
        );
        let later = now() + SignedDuration::from_mins(1);
        assert_eq!(leftovers.sent_first(later), 0);
        let told = lines(leftovers.staying(&view(), 2, later));
        assert!(told[0].starts_with("--- 2 messages of an earlier run stay in the outbox and are not"), "{told:?}");
        assert_eq!(told.len(), 1);
    }
}
