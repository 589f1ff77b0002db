//! Messages as one page that needs nothing besides itself: no script, no font, no picture.

use std::fmt::Write as _;

use chatroom_wire::{Message, Names, Payload, SafeText, Time, User, names::Mark};

use super::told::{name, said};
use crate::{output::event::sentence, words::thousands};

/// A page on its way.
pub(in crate::commands::history) struct Page {
    room: String,
    /// The day under whose heading we are.
    day: String,
    count: u64,
    names: Names,
}

const STYLE: &str = include_str!("page.css");

impl Page {
    pub(super) fn new(room: &str) -> Self {
        Self {
            room: escaped(SafeText::name(room, "?").as_ref()),
            day: String::new(),
            count: 0,
            names: Names::default(),
        }
    }

    pub(super) fn learn_room(&mut self, admins: &[User]) {
        self.names.learn_room(admins);
    }

    /// The page's head. Its policy forbids whatever a mistake in escaping would let in.
    pub(super) fn begin(&self) -> String {
        let room = &self.room;
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>Chatroom {room}</title>\n<style>\n{}\n</style>\n</head>\n<body>\n<main>\n\
             <h1>Chatroom <small>{room}</small></h1>",
            STYLE.trim_end()
        )
    }

    /// A message, below its day.
    pub(super) fn message(&mut self, message: &Message) -> Option<String> {
        self.names.learn(message);
        let told = sentence(message, &self.names)?;
        self.count += 1;
        let mut html = String::new();
        let time = message.received_at.map(|at| Time::seconds(at.instant()).to_string()).unwrap_or_default();
        let (day, clock) = time.split_once('T').unwrap_or(("", ""));
        if day != self.day {
            day.clone_into(&mut self.day);
            html = format!("<h2>{}</h2>\n", escaped(day));
        }
        let stamp = message.received_at.map(|at| at.to_string()).unwrap_or_default();
        let clock = format!("<time datetime=\"{stamp}\">{}</time>", clock.trim_end_matches('Z'));
        let Payload::Text(text) = &message.payload else {
            let _ = write!(html, "<p class=\"act\">{clock} <span dir=\"auto\">{}</span></p>", escaped(&told));
            return Some(html);
        };
        let name = name(&message.user);
        let mut marks = String::new();
        let marked = [
            self.names.mark(&message.user).map(Mark::label),
            (text.filtered == Some(true)).then_some("filtered"),
            message.user.is_blocked().then_some("blocked"),
        ];
        for mark in marked.into_iter().flatten() {
            let _ = write!(marks, " <i>{mark}</i>");
        }
        let class = if text.filtered == Some(true) || message.user.is_blocked() { " class=\"dim\"" } else { "" };
        let _ = write!(
            html,
            "<p{class}>{clock} <b dir=\"auto\" style=\"--hue:{}\">{}</b>{marks} <span dir=\"auto\">{}</span></p>",
            hue(name.as_ref()),
            escaped(name.as_ref()),
            escaped(&said(message)).replace('\n', "<br>"),
        );
        Some(html)
    }

    /// The page's foot.
    pub(super) fn end(&self, complete: bool) -> String {
        let messages = if self.count == 1 { "message" } else { "messages" };
        let rest = if complete { "" } else { " The export was interrupted: there are more." };
        let count = thousands(self.count);
        format!("<footer>{count} {messages}. Times are in UTC.{rest}</footer>\n</main>\n</body>\n</html>")
    }
}

/// Always the same colour for the same person.
fn hue(name: &str) -> u32 {
    name.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte))) % 360
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
    html
}
