//! Messages in a format: what stands before them, each of them, and what stands behind. Pure.
//!
//! Whatever the messages hold, and wherever it ends, what was written is well-formed. Each piece is given without its
//! last newline.
//!
//! - [`told`]: what a message says, as a sentence; [`csv`]: a row; [`html`]: a page

mod csv;
mod html;
mod told;

use std::io;

use chatroom_wire::{Message, Names};

use self::html::Page;
use crate::{
    args::{GlobalArgs, history::Format},
    color::{ColorChoice, Palette, Style},
    output::{Line, View, json_line},
};

/// Writes messages in a format.
pub(super) enum Writer {
    /// The lines of `chatroom tail`.
    Lines(View),
    /// A table.
    Csv,
    /// One array; whether it has an element yet.
    Json { begun: bool },
    /// A line for each.
    Ndjson,
    /// A page.
    Html(Page),
}

impl Writer {
    /// A writer of a room's messages.
    pub(super) fn new(format: Format, room: &str, to_stdout: bool, global: &GlobalArgs) -> Self {
        match format {
            Format::Txt => {
                let choice = if to_stdout { global.color } else { ColorChoice::Never };
                Self::Lines(view(choice.palette(&io::stdout())))
            }
            Format::Csv => Self::Csv,
            Format::Json => Self::Json { begun: false },
            Format::Ndjson => Self::Ndjson,
            Format::Html => Self::Html(Page::new(room)),
        }
    }

    /// What stands before the first message.
    pub(super) fn begin(&self) -> Option<String> {
        match self {
            Self::Lines(_) | Self::Ndjson => None,
            Self::Csv => Some(csv::head()),
            Self::Json { .. } => Some("[".to_owned()),
            Self::Html(page) => Some(page.begin()),
        }
    }

    /// A message.
    pub(super) fn message(&mut self, message: &Message) -> String {
        match self {
            Self::Lines(view) => {
                view.names.learn(message);
                line(view, message)
            }
            Self::Csv => csv::row(message),
            Self::Json { begun } => {
                let comma = if std::mem::replace(begun, true) { "," } else { "" };
                format!("{comma}{}", json_line(message))
            }
            Self::Ndjson => json_line(message),
            Self::Html(page) => page.message(message),
        }
    }

    /// What stands behind the last message.
    pub(super) fn end(&self, complete: bool) -> Option<String> {
        match self {
            Self::Lines(_) | Self::Ndjson | Self::Csv => None,
            Self::Json { .. } => Some("]".to_owned()),
            Self::Html(page) => Some(page.end(complete)),
        }
    }
}

fn view(out: Palette) -> View {
    View { json: false, notices: false, out, err: out, name: None, joined: false, names: Names::default() }
}

/// A text as `chatroom tail` has it; whatever else happened as a sentence behind a star, where a name would begin.
fn line(view: &View, message: &Message) -> String {
    if message.text().is_some()
        && let Some(Line::Data(line)) = view.message(message, None)
    {
        return line;
    }
    let time = message.received_at.map_or_else(|| "-".to_owned(), |time| time.to_string());
    format!("{} * {}", view.out.paint(Style::Dim, format_args!("[{time}]")), told::told(message))
}

#[cfg(test)]
mod tests;
