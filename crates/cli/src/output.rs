//! What is shown: events of a room as lines for stdout, and as notes for stderr.
//!
//! Pure: nothing is written here. All of a stranger's text passes [`SafeText`]. Where it stands is told apart from what
//! the program says: a message begins with `[`, what the program says with [`SYSTEM`], and a mark about a name stands
//! before its `@`.
//!
//! - [`event`]: what happened besides texts; [`clock`]: how times are written

pub(crate) mod clock;
pub(crate) mod event;

use std::{fmt::Write as _, time::Duration};

use chatroom_client::{Event, Gap};
use chatroom_wire::{Kind, Message, Names, Payload, SafeText, Time, names, names::Mark};
use serde::Serialize;
use serde_json::json;

use self::clock::Clock;
use crate::color::{Palette, Style};

/// What stands for a text that the word filter matched (docs/protocol.md, section C.5: it is hidden).
pub(crate) const FILTERED: &str = "(hidden by the word filter)";

/// How a line of the program begins: no message does.
const SYSTEM: &str = "--- ";

/// One thing to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Data: a line of stdout.
    Data(String),
    /// For a person: a line of stderr.
    Note(String),
    /// How far we are: replaces the last one on a terminal's stderr.
    Progress(String),
}

/// Where events go that are no texts: programs that read the lines of texts meet nothing else there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Events {
    /// To stdout, between the texts.
    Data,
    /// To stderr.
    Notes,
}

/// How the events of one room are shown.
#[derive(Debug)]
pub(crate) struct View {
    /// Whether messages are told as JSON, each of any kind, or as plain lines.
    pub(crate) json: bool,
    /// The types of messages that are told, all of them as data; none means texts, and beside them [`event::EVENTS`].
    pub(crate) types: Vec<Kind>,
    /// Where events go that nobody asked for by their type.
    pub(crate) events: Events,
    /// Whether lines hold the ids of messages and people.
    pub(crate) ids: bool,
    /// How times are written.
    pub(crate) clock: Clock,
    /// The colours of stdout.
    pub(crate) out: Palette,
    /// The colours of stderr.
    pub(crate) err: Palette,
    /// The name that we write under, where it is not the token's.
    pub(crate) name: Option<String>,
    /// Whether the room was joined once.
    pub(crate) joined: bool,
    /// The names that nobody else should go by.
    pub(crate) names: Names,
}

impl View {
    /// Plain lines of texts, or JSON.
    #[cfg(test)]
    pub(crate) fn plain(json: bool) -> Self {
        Self {
            json,
            types: Vec::new(),
            events: Events::Notes,
            ids: false,
            clock: Clock::new(clock::TimeStyle::Iso),
            out: Palette::PLAIN,
            err: Palette::PLAIN,
            name: None,
            joined: false,
            names: Names::default(),
        }
    }

    /// What to write about an event, if anything.
    pub(crate) fn show(&mut self, event: &Event) -> Option<Line> {
        match event {
            Event::Joined { first: false, .. } => Some(self.note(Style::Dim, "back in the room")),
            Event::Joined { user, .. } => {
                self.joined = true;
                let own = self.name.as_deref().unwrap_or(&user.custom_name);
                self.names.set_own(user.customer_id.as_ref(), own);
                if user.is_admin {
                    self.names.learn_admin(user.customer_id.as_ref(), own);
                }
                let name = SafeText::name(own, "nobody");
                let role = if user.is_admin { ", an admin" } else { "" };
                Some(self.note(Style::Dim, &format!("joined the room as {name}{role}")))
            }
            Event::Interrupted { cause, retry_in } => {
                let what = if self.joined { "interrupted" } else { "no way in yet" };
                let cause = SafeText::log(&cause.to_string());
                let wait = seconds(*retry_in);
                Some(self.note(Style::Yellow, &format!("{what}: {cause}, trying again in {wait}")))
            }
            Event::Delayed { cause, retry_in } => {
                let cause = SafeText::log(&cause.to_string());
                Some(self.note(Style::Yellow, &format!("{cause}; trying again in {}", seconds(*retry_in))))
            }
            Event::MessageAdded { message, .. } => {
                self.names.learn(message);
                self.message(message, None)
            }
            Event::RoomChanged(room) => {
                self.names.learn_room(&room.admins);
                None
            }
            Event::Gap(gap) => Some(self.gap(gap)),
            Event::Unreadable(element) => {
                let reason = SafeText::log(&element.reason);
                Some(self.note(Style::Yellow, &format!("left out something that is no message: {reason}")))
            }
            _ => None,
        }
    }

    /// A message, if it is one of those that are shown; `received_at` goes before the message's own, where an own one was sent
    /// without it.
    pub(crate) fn message(&self, message: &Message, received_at: Option<Time>) -> Option<Line> {
        let kind = message.kind();
        let is_text = matches!(message.payload, Payload::Text(_));
        let is_data = match (self.types.is_empty(), self.json) {
            (false, _) if !self.types.contains(&kind) => return None,
            (true, false) if !is_text && !event::EVENTS.contains(&kind) => return None,
            (true, false) => is_text || self.events == Events::Data,
            (false, _) | (true, true) => true,
        };
        if self.json {
            return Some(Line::Data(json_line(message)));
        }
        let palette = if is_data { self.out } else { self.err };
        let line = self.line(message, received_at, palette)?;
        Some(if is_data { Line::Data(line) } else { Line::Note(line) })
    }

    /// The line of a message of any type; nothing where it says nothing to a reader.
    pub(crate) fn line(&self, message: &Message, received_at: Option<Time>, palette: Palette) -> Option<String> {
        let time = self.clock.show(received_at.or(message.received_at).or(message.published_at));
        if let Payload::Text(text) = &message.payload {
            let text = if text.filtered == Some(true) { FILTERED } else { &text.text };
            return Some(self.text(message, text, &time));
        }
        let sentence = event::sentence(message, &self.names)?;
        let ids = if self.ids { event::ids(message) } else { String::new() };
        Some(palette.paint(Style::Dim, format_args!("{SYSTEM}[{time}] {ids}{sentence}")).to_string())
    }

    /// Messages that the reader was too slow for, where they would stand.
    pub(crate) fn lagged(&self, count: u64) -> Line {
        if self.json { Line::Data(json_line(&json!({"left_out": count}))) } else { self.left_out(count) }
    }

    /// The same for a person.
    pub(crate) fn left_out(&self, count: u64) -> Line {
        let messages = if count == 1 { "message" } else { "messages" };
        self.note(Style::Yellow, &format!("left out {count} {messages}: what reads the output is too slow"))
    }

    /// A line for a person.
    pub(crate) fn note(&self, style: Style, text: &str) -> Line {
        Line::Note(self.err.paint(style, format_args!("{SYSTEM}{text}")).to_string())
    }

    fn text(&self, message: &Message, text: &str, time: &str) -> String {
        let user = &message.user;
        let name = names::shown(user);
        let person = Style::of_person(name.as_ref());
        let mut line = self.out.paint(Style::Dim, format_args!("[{time}]")).to_string();
        if self.ids {
            let _ = write!(line, " {}", self.out.paint(Style::Dim, event::ids(message).trim_end()));
        }
        match self.names.mark(user) {
            // Without colours a line has the form of the sample, which knows no badge.
            Some(Mark::Admin) if self.out.is_on() => {
                let _ = write!(line, " {}", self.out.paint(Style::Badge, Mark::Admin.label()));
            }
            Some(Mark::Admin) | None => {}
            Some(mark) => {
                let _ = write!(line, " {}", self.out.paint(Style::Yellow, format_args!("({})", mark.label())));
            }
        }
        let _ = write!(line, " {} {}", self.out.paint(person, format_args!("@{name}:")), SafeText::line(text));
        line
    }

    fn gap(&self, gap: &Gap) -> Line {
        if self.json {
            let gap = json!({"gap": {"after": gap.after, "before": gap.before, "reason": gap.reason.to_string()}});
            return Line::Data(json_line(&gap));
        }
        let mut place = String::new();
        if let Some(after) = gap.after {
            let _ = write!(place, " after {after}");
        }
        if let Some(before) = gap.before {
            let _ = write!(place, " before {before}");
        }
        let reason = SafeText::log(&gap.reason.to_string());
        self.note(Style::Yellow, &format!("gap: messages{place} may be missing: {reason} ---"))
    }
}

/// A value as it travels, on one line that is safe to show.
pub(crate) fn json_line(value: &impl Serialize) -> String {
    let json =
        serde_json::to_string(value).expect("what travels holds only texts, numbers and JSON that was read before");
    SafeText::json(&json).into_string()
}

/// A wait as a person says it: whole seconds, tenths below ten of them.
pub(crate) fn seconds(wait: Duration) -> String {
    let tenths = (wait.as_millis() + 50) / 100;
    match (tenths / 10, tenths % 10) {
        (whole, tenth @ 1..) if whole < 10 => format!("{whole}.{tenth} s"),
        (whole, _) => format!("{whole} s"),
    }
}

#[cfg(test)]
mod tests;
