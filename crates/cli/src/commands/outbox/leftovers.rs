//! What an earlier run left, and what becomes of it.

use std::{collections::BTreeMap, time::Duration};

use chatroom_client::{Delivery, Event, Kept};
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
    /// How many of them are sent.
    young: usize,
    /// Those that have waited too long.
    old: Vec<SafeText>,
    /// How long messages may wait in the outbox, if there is one.
    ttl: Option<Duration>,
}

impl Leftovers {
    pub(super) fn of(left: &[Kept], ttl: Duration, now: Timestamp) -> Self {
        let is_old = |kept: &&Kept| {
            let age = now.duration_since(kept.written_at.instant());
            Duration::try_from(age).is_ok_and(|age| age >= ttl)
        };
        let old: Vec<SafeText> = left.iter().filter(is_old).map(|kept| text(&kept.message)).collect();
        let waiting = left.iter().filter_map(|kept| Some((kept.message.id.clone()?, kept.message.clone())));
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
            let told = "whether it arrived in that run is known in about a minute; Ctrl-C leaves that to the next run";
            lines.push(view.note(Style::Dim, told));
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

pub(in crate::commands) fn messages(count: usize) -> String {
    format!("{count} {}", if count == 1 { "message" } else { "messages" })
}

fn is(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn whole(length: Duration) -> String {
    span(SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX))
}

#[cfg(test)]
mod tests {
    use chatroom_wire::{Names, User};

    use super::*;
    use crate::color::Palette;

    fn view() -> View {
        View {
            json: false,
            notices: false,
            out: Palette::PLAIN,
            err: Palette::PLAIN,
            name: None,
            joined: false,
            names: Names::default(),
        }
    }

    fn left(texts: &[(&str, &str)]) -> Leftovers {
        let kept = texts.iter().map(|(written_at, text)| Kept {
            message: Message { id: Some((*text).into()), ..Message::text_by(User::named("ada"), *text) },
            written_at: written_at.parse().unwrap(),
            after: None,
        });
        let now = "2026-06-01T18:02:00Z".parse().unwrap();
        Leftovers::of(&kept.collect::<Vec<_>>(), Duration::from_secs(120), now)
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
        let told = lines(leftovers.staying(&view(), 1));
        assert!(told[0].starts_with("--- 1 message stays in the outbox and is sent when you join"), "{told:?}");
        assert!(leftovers.staying(&view(), 0).is_none() && Leftovers::default().staying(&view(), 1).is_none());
    }
}
