//! What a message itself says, safe to show.

use std::fmt::Write as _;

use chatroom_wire::{Message, Payload, SafeText, User, names, poll::PollMessage};

use crate::{output::FILTERED, words::thousands};

/// What the message itself says, if it says anything; with its own line breaks. What the word filter matched is hidden, as
/// everywhere but in JSON.
pub(super) fn said(message: &Message) -> String {
    match &message.payload {
        Payload::Text(text) if text.filtered == Some(true) => FILTERED.to_owned(),
        Payload::Text(text) => lines(&text.text),
        Payload::PinMessage(pin) | Payload::UnpinMessage(pin) => lines(&pin.message.text),
        Payload::Sticker(Some(sticker)) if sticker.text.is_empty() => lines(sticker.id.as_str()),
        Payload::Sticker(Some(sticker)) => lines(&sticker.text),
        Payload::Custom(custom) => lines(&custom.value),
        Payload::DeleteMessage(deleted) => lines(deleted.id.as_str()),
        Payload::BlockUser(user) | Payload::UnblockUser(user) => name(user).into_string(),
        Payload::PollStarted(Some(it)) => poll(it, false),
        Payload::PollClosed(Some(it)) | Payload::PollArchived(Some(it)) | Payload::PollUpdate(Some(it)) => {
            poll(it, true)
        }
        _ => String::new(),
    }
}

/// Whom to name.
pub(super) fn name(user: &User) -> SafeText {
    names::shown(user)
}

/// Safe, and with its line breaks.
fn lines(text: &str) -> String {
    let safe: Vec<String> = text.lines().map(|line| SafeText::line(line).into_string()).collect();
    safe.join("\n")
}

/// The question, and each option with its number, on a line each.
fn poll(told: &PollMessage, votes: bool) -> String {
    let choice = &told.poll.multi_choice;
    let mut text = SafeText::line(&choice.question).into_string();
    for (number, option) in (1..).zip(&choice.options) {
        let _ = write!(text, "\n{number}. {}", SafeText::line(&option.text));
        if votes {
            let _ = write!(text, " ({})", thousands(option.votes_count));
        }
    }
    text
}
