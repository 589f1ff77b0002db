//! Messages in a format: what stands before them, each of them, and what stands behind. Pure.
//!
//! Whatever the messages hold, and wherever it ends, what was written is well-formed. Each piece is given without its
//! last newline.
//!
//! - [`told`]: what a message itself says; [`csv`]: a row; [`html`]: a page

mod csv;
mod html;
mod told;

use std::io::{self, IsTerminal as _};

use chatroom_wire::{Message, Names, User};

use self::html::Page;
use crate::{
    args::{GlobalArgs, LineArgs, history::Format},
    color::{ColorChoice, Palette},
    commands::clock,
    output::{Events, View, clock::Clock, json_line},
};

/// Writes messages in a format.
pub(super) enum Writer {
    /// The lines of `chatroom tail`.
    Lines(View),
    /// A table; with a byte order mark, without which spreadsheets don't take it for UTF-8.
    Csv { bom: bool },
    /// One array; whether it has an element yet.
    Json { begun: bool },
    /// A line for each.
    Ndjson,
    /// A page.
    Html(Page),
}

impl Writer {
    /// A writer of a room's messages.
    pub(super) fn new(format: Format, room: &str, to_stdout: bool, lines: &LineArgs, global: &GlobalArgs) -> Self {
        match format {
            Format::Txt => {
                let choice = if to_stdout { global.color } else { ColorChoice::Never };
                let clock = clock(lines, to_stdout && io::stdout().is_terminal());
                Self::Lines(view(choice.palette(&io::stdout()), clock, lines.ids))
            }
            // A program that reads stdout would take the mark for a part of the first name.
            Format::Csv => Self::Csv { bom: !to_stdout },
            Format::Json => Self::Json { begun: false },
            Format::Ndjson => Self::Ndjson,
            Format::Html => Self::Html(Page::new(room)),
        }
    }

    /// Marks names that look like those of these admins.
    pub(super) fn learn_room(&mut self, admins: &[User]) {
        match self {
            Self::Lines(view) => view.names.learn_room(admins),
            Self::Html(page) => page.learn_room(admins),
            Self::Csv { .. } | Self::Json { .. } | Self::Ndjson => {}
        }
    }

    /// What stands before the first message.
    pub(super) fn begin(&self) -> Option<String> {
        match self {
            Self::Lines(_) | Self::Ndjson => None,
            Self::Csv { bom } => Some(csv::head(*bom)),
            Self::Json { .. } => Some("[".to_owned()),
            Self::Html(page) => Some(page.begin()),
        }
    }

    /// A message; nothing where it says nothing to a reader.
    pub(super) fn message(&mut self, message: &Message) -> Option<String> {
        match self {
            Self::Lines(view) => {
                view.names.learn(message);
                view.line(message, None, view.out)
            }
            Self::Csv { .. } => Some(csv::row(message)),
            Self::Json { begun } => {
                let comma = if std::mem::replace(begun, true) { "," } else { "" };
                Some(format!("{comma}{}", json_line(message)))
            }
            Self::Ndjson => Some(json_line(message)),
            Self::Html(page) => page.message(message),
        }
    }

    /// What stands behind the last message.
    pub(super) fn end(&self, complete: bool) -> Option<String> {
        match self {
            Self::Lines(_) | Self::Ndjson | Self::Csv { .. } => None,
            Self::Json { .. } => Some("]".to_owned()),
            Self::Html(page) => Some(page.end(complete)),
        }
    }
}

fn view(out: Palette, clock: Clock, ids: bool) -> View {
    let names = Names::default();
    View {
        json: false,
        types: Vec::new(),
        events: Events::Data,
        ids,
        clock,
        out,
        err: out,
        name: None,
        joined: false,
        names,
    }
}

#[cfg(test)]
mod tests;
