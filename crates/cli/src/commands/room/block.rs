//! The state of a room as aligned lines.

use std::fmt::Write as _;

use chatroom_wire::{Chatroom, SafeText, User, names, payload::PinUnpin};

use crate::{
    color::{Palette, Style},
    commands::poll::chart::{Look, chart},
    words::{padded, thousands, widest},
};

/// How many cells a label takes, with the space behind it.
const LABEL: usize = 10;

/// What `room show` prints.
pub(super) fn lines(room: &Chatroom, look: Look) -> Vec<String> {
    let palette = look.palette;
    let mut block = Block { lines: Vec::new(), palette };
    block.add("room", [SafeText::line(room.id.as_str())]);
    block.add("status", [status(&room.status)]);
    block.add("writing", [if room.muted { "muted: only admins can write" } else { "open to everybody" }]);
    block.add("viewers", [viewers(room)]);
    if let Some(at) = room.created_at.filter(|at| at.is_known()) {
        block.add("made", [at]);
    }
    if let Some(at) = room.updated_at.filter(|at| at.is_known()) {
        block.add("changed", [at]);
    }
    block.add("counters", or_none(counters(room)));
    block.add("pinned", or_none(room.pinned_messages.iter().map(|pin| pinned(pin, palette)).collect()));
    block.add("blocked", or_none(room.blocked_users.iter().map(|user| blocked(user, palette)).collect()));
    let beside = Look { width: look.width.saturating_sub(LABEL), ..look };
    block.add("poll", or_none(room.active_poll.as_ref().map(|poll| chart(poll, beside)).unwrap_or_default()));
    block.lines
}

struct Block {
    lines: Vec<String>,
    palette: Palette,
}

impl Block {
    /// Lines under one label.
    fn add<T: std::fmt::Display>(&mut self, label: &str, texts: impl IntoIterator<Item = T>) {
        let mut label = label;
        for text in texts {
            let shown = self.palette.paint(Style::Dim, padded(label, LABEL));
            self.lines.push(format!("{shown}{text}"));
            label = "";
        }
    }
}

fn or_none(texts: Vec<String>) -> Vec<String> {
    if texts.is_empty() { vec!["none".to_owned()] } else { texts }
}

fn status(name: &str) -> String {
    match name {
        "CHAT_STATUS_ACTIVE" => "active".to_owned(),
        "CHAT_STATUS_INACTIVE" => "inactive".to_owned(),
        "" => "not told".to_owned(),
        other => SafeText::log(other).into_string(),
    }
}

fn viewers(room: &Chatroom) -> String {
    match &room.viewer_info {
        Some(info) if info.enabled => thousands(info.count),
        Some(_) | None => "not shown".to_owned(),
    }
}

fn counters(room: &Chatroom) -> Vec<String> {
    let keys: Vec<SafeText> = room.custom_counters.iter().map(|counter| SafeText::name(&counter.key, "?")).collect();
    let values: Vec<String> = room.custom_counters.iter().map(|counter| thousands(counter.value)).collect();
    let (of_key, of_value) = (widest(keys.iter().map(AsRef::as_ref)), widest(values.iter().map(String::as_str)));
    let line = |((counter, key), value): ((&chatroom_wire::chatroom::CustomCounter, &SafeText), &String)| {
        let off = if counter.disabled { "  switched off" } else { "" };
        format!("{}  {value:>of_value$}{off}", padded(key.as_ref(), of_key))
    };
    room.custom_counters.iter().zip(&keys).zip(&values).map(line).collect()
}

fn pinned(pin: &PinUnpin, palette: Palette) -> String {
    let message = &pin.message;
    let sender = message.sender.as_ref().map_or_else(|| SafeText::line("nobody"), name);
    let mut line = format!("@{sender}: {}", SafeText::line(&message.text));
    let id = message.id.as_ref().map(|id| format!("id {}", SafeText::log(id.as_str())));
    let by = pin.action_taker.as_ref().map(|user| format!("by @{}", name(user)));
    add_details(&mut line, [id, by], palette);
    line
}

fn blocked(user: &User, palette: Palette) -> String {
    let mut line = format!("@{}", name(user));
    let id = user.id.as_ref().map(|id| format!("id {}", SafeText::log(id.as_str())));
    let by = user.action_taker.as_ref().map(|user| format!("by @{}", name(user)));
    add_details(&mut line, [id, by], palette);
    line
}

fn add_details(line: &mut String, details: [Option<String>; 2], palette: Palette) {
    let details = details.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if !details.is_empty() {
        let _ = write!(line, " {}", palette.paint(Style::Dim, format_args!("({details})")));
    }
}

fn name(user: &User) -> SafeText {
    match (&user.device_id, &user.id) {
        (None, Some(id)) => SafeText::name(&user.custom_name, id.as_str()),
        _ => names::shown(user),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> String {
        let room: Chatroom = serde_json::from_str(json).unwrap();
        lines(&room, Look { width: 80, unicode: true, palette: Palette::PLAIN }).join("\n")
    }

    #[test]
    fn a_room_of_which_little_is_said_is_shown() {
        insta::assert_snapshot!(shown(r#"{"id":"room-1"}"#));
    }

    #[test]
    fn all_that_is_in_a_room_is_aligned_and_no_stranger_moves_the_cursor() {
        let room = r#"{
            "id": "room-1", "status": "CHAT_STATUS_ACTIVE", "muted": true,
            "created_at": "2026-06-01T18:00:00Z", "updated_at": "2026-06-01T20:15:30Z",
            "viewer_info": {"enabled": true, "count": 1234, "version_number": "1", "updated_at": "2026-06-01T20:15:30Z"},
            "custom_counters": [
                {"key": "like", "value": 12300, "version_number": "1"},
                {"key": "拍手", "value": 7, "version_number": "1", "disabled": true}
            ],
            "pinned_messages": [{
                "message": {"id": "m1", "text": "be kind\nplease\u001b[2J", "sender": {"custom_name": "Grace\u202e"}},
                "action_taker": {"custom_name": "Host"}
            }],
            "blocked_users": [{"id": "u7", "custom_name": "", "device_id": "phone",
                "action_taker": {"custom_name": "Host"}}],
            "active_poll": {"id": "p1", "status": "POLL_STATUS_ACTIVE", "votes_count": 3, "multi_choice": {
                "question": "Tea?", "options": [
                    {"id": "a", "text": "Yes", "votes_count": 2}, {"id": "b", "text": "No", "votes_count": 1}
                ]}}
        }"#;
        let shown = shown(room);
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
        insta::assert_snapshot!(shown);
    }
}
