//! What a message itself says, safe to show.

use chatroom_wire::{Message, Payload, SafeText, User, names};

/// What the message itself says, if it says anything; with its own line breaks.
pub(super) fn said(message: &Message) -> String {
    match &message.payload {
        Payload::Text(text) => lines(&text.text),
        Payload::PinMessage(pin) | Payload::UnpinMessage(pin) => lines(&pin.message.text),
        Payload::Sticker(Some(sticker)) if sticker.text.is_empty() => lines(sticker.id.as_str()),
        Payload::Sticker(Some(sticker)) => lines(&sticker.text),
        Payload::Custom(custom) => lines(&custom.value),
        Payload::DeleteMessage(deleted) => lines(deleted.id.as_str()),
        Payload::BlockUser(user) | Payload::UnblockUser(user) => name(user).into_string(),
        Payload::PollStarted(Some(it)) | Payload::PollClosed(Some(it)) | Payload::PollArchived(Some(it)) => {
            lines(&it.poll.multi_choice.question)
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
