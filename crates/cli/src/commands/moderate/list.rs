//! How things stand: muted, blocked, pinned.

use chatroom_wire::{Chatroom, SafeText, User};

use super::{Desk, failed};
use crate::{cells, commands::print_lines, failure::Failure, output::json_line};

pub(super) async fn run(desk: &Desk<'_>) -> Result<(), Failure> {
    let room = desk.visitor.chatroom().await.map_err(failed("the room can't be read"))?;
    print_lines(if desk.json { vec![json_line(&room)] } else { lines(&room) }).await
}

fn lines(room: &Chatroom) -> Vec<String> {
    let mut lines =
        vec![if room.muted { "muted: only admins can write" } else { "open: everybody can write" }.to_owned()];
    lines.push(match &room.viewer_info {
        Some(info) if info.enabled => format!("viewers: {}, shown to everybody", info.count.max(0)),
        Some(_) | None => "viewers: not shown".to_owned(),
    });
    let blocked: Vec<[String; 3]> =
        room.blocked_users.iter().map(|user| [id(user), name(user), by(user.action_taker.as_deref())]).collect();
    lines.push(format!("blocked: {}", blocked.len()));
    lines.extend(indented(cells::columns(&blocked)));
    let pinned: Vec<[String; 3]> = room
        .pinned_messages
        .iter()
        .map(|pinned| {
            let id = pinned.message.id.as_ref().map_or("-", |id| id.as_str());
            let sender = pinned.message.sender.as_ref().map(name).unwrap_or_default();
            let text = SafeText::line(&pinned.message.text);
            [
                SafeText::line(id).into_string(),
                format!("@{sender}"),
                format!("{text} {}", by(pinned.action_taker.as_ref())),
            ]
        })
        .collect();
    lines.push(format!("pinned: {}", pinned.len()));
    lines.extend(indented(cells::columns(&pinned)));
    lines
}

fn indented(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| format!("  {line}"))
}

fn id(user: &User) -> String {
    SafeText::line(user.id.as_ref().map_or("-", |id| id.as_str())).into_string()
}

fn name(user: &User) -> String {
    SafeText::name(&user.custom_name, "nobody").into_string()
}

fn by(actor: Option<&User>) -> String {
    actor.map(|actor| format!("(by {})", name(actor))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(json: &str) -> Chatroom {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_quiet_room_says_so() {
        insta::assert_snapshot!(lines(&room(r#"{"id":"r"}"#)).join("\n"));
    }

    #[test]
    fn who_is_blocked_and_what_is_pinned_stands_in_columns_and_moves_no_cursor() {
        let room = room(
            r#"{"id":"r","muted":true,"viewer_info":{"enabled":true,"count":"417"},
                "blocked_users":[{"id":"u-1","custom_name":"Eve","action_taker":{"custom_name":"Host"}},
                                 {"id":"somebody-else","custom_name":"由紀\u001b[2J"}],
                "pinned_messages":[{"message":{"id":"m-1","text":"Be nice\nplease","sender":{"custom_name":"Ada"}},
                                    "action_taker":{"custom_name":"Host"}}]}"#,
        );
        let lines = lines(&room);
        assert!(lines.iter().all(|line| !line.chars().any(char::is_control)), "{lines:?}");
        insta::assert_snapshot!(lines.join("\n"));
    }
}
