//! What happened in a room besides texts, as one sentence.
//!
//! The sentence begins with what happened, and ends with what strangers chose: no name and no text can make one event
//! look like another.

use std::fmt::Write as _;

use chatroom_wire::{
    Kind, Message, Names, Payload, SafeText, User, names,
    names::Mark,
    payload::{CustomMessage, PinUnpin},
    poll::PollMessage,
};

use super::FILTERED;
use crate::words::thousands;

/// The events that are shown unless `--types` says otherwise: what people did once. Counts that change all the time, and
/// messages between programs, are left out.
pub(crate) const EVENTS: [Kind; 13] = [
    Kind::Mute,
    Kind::Unmute,
    Kind::PinMessage,
    Kind::UnpinMessage,
    Kind::DeleteMessage,
    Kind::BlockUser,
    Kind::UnblockUser,
    Kind::PollStarted,
    Kind::PollClosed,
    Kind::PollArchived,
    Kind::Sticker,
    Kind::ViewerInfoEnabled,
    Kind::ViewerInfoDisabled,
];

/// What happened; nothing where nothing is left to tell: the text of a pinned message is gone with the message.
pub(crate) fn sentence(message: &Message, names: &Names) -> Option<String> {
    let by = who(names, &message.user);
    Some(match &message.payload {
        Payload::Text(text) => {
            let text = if text.filtered == Some(true) { FILTERED } else { &text.text };
            format!("text from {by}: {}", SafeText::line(text))
        }
        Payload::Mute => format!("room muted by {by}: only admins can write"),
        Payload::Unmute => format!("room unmuted by {by}: everyone can write"),
        Payload::PinMessage(pin) if pin.message.text.trim().is_empty() => return None,
        Payload::PinMessage(pin) => format!("message pinned by {by}{}", pinned(names, pin)),
        Payload::UnpinMessage(pin) => format!("message unpinned by {by}{}", pinned(names, pin)),
        Payload::DeleteMessage(deleted) => format!("message deleted by {by}: {}", SafeText::log(deleted.id.as_str())),
        Payload::BlockUser(user) => format!("user blocked by {by}: {}", who(names, user)),
        Payload::UnblockUser(user) => format!("user unblocked by {by}: {}", who(names, user)),
        Payload::PollStarted(poll) => format!("poll started by {by}{}", question(poll.as_ref(), Votes::Hidden)),
        Payload::PollClosed(poll) => format!("poll closed by {by}{}", question(poll.as_ref(), Votes::Shown)),
        Payload::PollArchived(poll) => format!("poll archived by {by}{}", question(poll.as_ref(), Votes::Shown)),
        Payload::PollUpdate(poll) => format!("poll votes changed{}", question(poll.as_ref(), Votes::Shown)),
        Payload::PollUserVote(_) => format!("vote from {by}"),
        Payload::Sticker(sticker) => {
            let sticker = sticker.as_ref();
            let text = sticker.map_or("", |it| if it.text.is_empty() { it.id.as_str() } else { &it.text });
            format!("sticker from {by}: {}", SafeText::line(text))
        }
        Payload::ViewerInfoEnabled(info) => {
            let count = info.as_ref().map(|info| format!(": {} viewers", thousands(info.count))).unwrap_or_default();
            format!("viewer count shown by {by}{count}")
        }
        Payload::ViewerInfoDisabled(_) => format!("viewer count hidden by {by}"),
        Payload::ViewerInfoUpdate(info) => {
            format!("viewer count: {}", thousands(info.as_ref().map_or(0, |info| info.count)))
        }
        Payload::Custom(custom) => increment(&by, custom),
        Payload::Entrance(entrance) => {
            let user = User {
                id: entrance.id.clone(),
                is_admin: Some(entrance.is_admin),
                ..User::named(&entrance.custom_name)
            };
            format!("user joined: {}", who(names, &user))
        }
        Payload::CustomCounterUpdate(counter) => {
            format!("counter changed to {}: {}", thousands(counter.value), SafeText::name(&counter.key, "?"))
        }
        Payload::BroadcastUpdate(broadcast) => {
            format!("viewer count: {}", thousands(broadcast.viewer_metrics.concurrent.count))
        }
        Payload::Unknown(kind) => {
            format!("message from {by} of the unknown type {}", SafeText::log(kind.as_str().trim_matches('"')))
        }
        _ => format!("message from {by} of another type"),
    })
}

/// The ids that a moderator needs to act on what is told, each with its label.
pub(crate) fn ids(message: &Message) -> String {
    let user = |user: &User| user.id.as_ref().map(|id| id.as_str().to_owned());
    let own = message.id.as_ref().map(|id| id.as_str().to_owned());
    let (id, user, poll) = match &message.payload {
        Payload::Text(_) | Payload::Sticker(_) | Payload::Custom(_) | Payload::PollUserVote(_) => {
            (own, user(&message.user), None)
        }
        Payload::PinMessage(pin) | Payload::UnpinMessage(pin) => {
            let id = pin.message.id.as_ref().map(|id| id.as_str().to_owned());
            (id, pin.message.sender.as_ref().and_then(user), None)
        }
        Payload::DeleteMessage(deleted) => (Some(deleted.id.as_str().to_owned()), None, None),
        Payload::BlockUser(blocked) | Payload::UnblockUser(blocked) => (None, user(blocked), None),
        Payload::PollStarted(Some(poll))
        | Payload::PollClosed(Some(poll))
        | Payload::PollArchived(Some(poll))
        | Payload::PollUpdate(Some(poll)) => (None, None, poll.poll.id.as_ref().map(|id| id.as_str().to_owned())),
        Payload::Entrance(entrance) => (None, entrance.id.as_ref().map(|id| id.as_str().to_owned()), None),
        _ => (None, None, None),
    };
    let mut ids = String::new();
    for (label, id) in [("id", id), ("user", user), ("poll", poll)] {
        if let Some(id) = id {
            let _ = write!(ids, "{label}={} ", shell_word(&id));
        }
    }
    ids
}

/// A name with what a reader should know about it.
fn who(names: &Names, user: &User) -> String {
    let name = names::shown(user);
    match names.mark(user) {
        None | Some(Mark::Admin) => format!("@{name}"),
        Some(mark) => format!("({}) @{name}", mark.label()),
    }
}

fn pinned(names: &Names, pin: &PinUnpin) -> String {
    let text = SafeText::line(&pin.message.text);
    match &pin.message.sender {
        _ if pin.message.text.trim().is_empty() => String::new(),
        Some(sender) => format!(": {}: {text}", who(names, sender)),
        None => format!(": {text}"),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Votes {
    Hidden,
    Shown,
}

fn question(poll: Option<&PollMessage>, votes: Votes) -> String {
    let Some(poll) = poll.map(|told| &told.poll) else { return String::new() };
    let mut line = format!(": {}", SafeText::line(&poll.multi_choice.question));
    for (number, option) in (1..).zip(&poll.multi_choice.options) {
        let _ = write!(line, " | {number}. {}", SafeText::line(&option.text));
        if votes == Votes::Shown {
            let _ = write!(line, " ({})", thousands(option.votes_count));
        }
    }
    line
}

fn increment(by: &str, custom: &CustomMessage) -> String {
    match &custom.incr {
        Some(incr) => {
            format!("counter incremented by {} by {by}: {}", thousands(incr.value), SafeText::name(&incr.key, "?"))
        }
        None => format!("custom message from {by}: {}", SafeText::line(&custom.value)),
    }
}

/// An id as a shell takes it: strangers choose the ids of their messages, and a moderator copies them.
pub(crate) fn shell_word(id: &str) -> String {
    let safe = SafeText::line(id).into_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:@%+,/".contains(c);
    if !safe.is_empty() && safe.chars().all(is_plain) { safe } else { format!("'{}'", safe.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str) -> Option<String> {
        sentence(&serde_json::from_str(json).unwrap(), &Names::default())
    }

    #[test]
    fn sentences_begin_with_the_event_and_end_with_strangers_words() {
        let by = r#""user":{"custom_name":"Host","is_admin":true}"#;
        let poll = r#"{"poll":{"id":"p","multi_choice":{"question":"Tea?","options":[
            {"text":"Yes","votes_count":2},{"text":"No\n--- forged","votes_count":0}]}}}"#;
        let mut told_all = String::new();
        for json in [
            format!(r#"{{"type":"INTERACTION_TYPE_MUTE",{by}}}"#),
            format!(r#"{{"type":"INTERACTION_TYPE_UNMUTE",{by}}}"#),
            format!(
                r#"{{"type":"INTERACTION_TYPE_PIN_MESSAGE",{by},"pin_unpin_message":{{"message":{{"id":"m",
                    "text":"be kind","sender":{{"custom_name":"Ada"}}}}}}}}"#
            ),
            format!(r#"{{"type":"INTERACTION_TYPE_DELETE_MESSAGE",{by},"delete_message":{{"id":"m"}}}}"#),
            format!(r#"{{"type":"INTERACTION_TYPE_BLOCK_USER",{by},"block_unblock_user":{{"custom_name":"Eve"}}}}"#),
            format!(r#"{{"type":"INTERACTION_TYPE_POLL_STARTED",{by},"poll_message":{poll}}}"#),
            format!(r#"{{"type":"INTERACTION_TYPE_POLL_CLOSED",{by},"poll_message":{poll}}}"#),
            r#"{"type":"INTERACTION_TYPE_STICKER","user":{"custom_name":"Host muted the room"},
                "sticker_message":{"id":"wave","sticker_pack_id":"basic","text":"👋"}}"#
                .to_owned(),
            r#"{"type":"INTERACTION_TYPE_CUSTOM","user":{"custom_name":"Ada"},
                "custom_message":{"incr":{"key":"like","value":1000},"value":""}}"#
                .to_owned(),
        ] {
            told_all += &told(&json).unwrap();
            told_all.push('\n');
        }
        insta::assert_snapshot!(told_all, @r"
        room muted by @Host: only admins can write
        room unmuted by @Host: everyone can write
        message pinned by @Host: @Ada: be kind
        message deleted by @Host: m
        user blocked by @Host: @Eve
        poll started by @Host: Tea? | 1. Yes | 2. No↵--- forged
        poll closed by @Host: Tea? | 1. Yes (2) | 2. No↵--- forged (0)
        sticker from @Host muted the room: 👋
        counter incremented by 1,000 by @Ada: like
        ");
    }

    #[test]
    fn a_pin_whose_message_was_deleted_is_not_told() {
        let pin = r#"{"type":"INTERACTION_TYPE_PIN_MESSAGE","pin_unpin_message":{"message":{"id":"m","text":" "}}}"#;
        assert_eq!(told(pin), None);
    }

    #[test]
    fn ids_are_words_of_a_shell() {
        for (id, word) in [("user-417", "user-417"), ("a b", "'a b'"), ("$(boo)", "'$(boo)'"), ("it's", r"'it'\''s'")] {
            assert_eq!(shell_word(id), word);
        }
    }
}
