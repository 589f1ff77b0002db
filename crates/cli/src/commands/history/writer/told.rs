//! What a message says: its own text, and a sentence about it. Both are safe to show.

use chatroom_wire::{
    Message, Payload, SafeText, User, names,
    payload::{CustomMessage, PinUnpin},
    poll::PollMessage,
};

use crate::words::thousands;

/// What happened, as a sentence that begins with who did it.
pub(super) fn told(message: &Message) -> String {
    let who = format!("@{}", name(&message.user));
    match &message.payload {
        Payload::Text(text) => format!("{who}: {}", SafeText::line(&text.text)),
        Payload::Mute => format!("{who} muted the room: only admins can write"),
        Payload::Unmute => format!("{who} opened the room again: everybody can write"),
        Payload::PinMessage(pin) => format!("{who} pinned {}", pinned(pin)),
        Payload::UnpinMessage(pin) => format!("{who} unpinned {}", pinned(pin)),
        Payload::DeleteMessage(deleted) => format!("{who} deleted the message {}", SafeText::log(deleted.id.as_str())),
        Payload::BlockUser(user) => format!("{who} blocked @{}", name(user)),
        Payload::UnblockUser(user) => format!("{who} unblocked @{}", name(user)),
        Payload::PollStarted(poll) => format!("{who} started a poll{}", question(poll.as_ref())),
        Payload::PollClosed(poll) => format!("{who} closed a poll{}", question(poll.as_ref())),
        Payload::PollArchived(poll) => format!("{who} archived a poll{}", question(poll.as_ref())),
        Payload::PollUpdate(poll) => format!("the votes of a poll changed{}", question(poll.as_ref())),
        Payload::PollUserVote(_) => format!("{who} voted"),
        Payload::Sticker(_) => format!("{who} sent a sticker: {}", said(message)),
        Payload::ViewerInfoEnabled(_) => format!("{who} shows the number of viewers"),
        Payload::ViewerInfoDisabled(_) => format!("{who} hides the number of viewers"),
        Payload::ViewerInfoUpdate(info) => {
            format!("{} viewers", thousands(info.as_ref().map_or(0, |info| info.count)))
        }
        Payload::Custom(custom) => format!("{who} {}", press(custom)),
        Payload::Entrance(entrance) => format!("@{} came in", SafeText::name(&entrance.custom_name, "nobody")),
        Payload::CustomCounterUpdate(counter) => {
            format!("{} is at {}", SafeText::name(&counter.key, "?"), thousands(counter.value))
        }
        Payload::BroadcastUpdate(broadcast) => {
            format!("{} viewers", thousands(broadcast.viewer_metrics.concurrent.count))
        }
        Payload::Unknown(kind) => {
            format!("{who}: a message of the type {}", SafeText::log(kind.as_str().trim_matches('"')))
        }
        _ => format!("{who}: a message of another type"),
    }
}

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

fn pinned(pin: &PinUnpin) -> String {
    let text = SafeText::line(&pin.message.text);
    match &pin.message.sender {
        Some(sender) => format!("@{}: {text}", name(sender)),
        None => text.into_string(),
    }
}

fn question(poll: Option<&PollMessage>) -> String {
    poll.map(|poll| format!(": {}", SafeText::line(&poll.poll.multi_choice.question))).unwrap_or_default()
}

fn press(custom: &CustomMessage) -> String {
    match &custom.incr {
        Some(incr) => format!("pressed {}", SafeText::name(&incr.key, "?")),
        None => format!("sent {}", SafeText::log(&custom.value)),
    }
}
