use chatroom_wire::Kind;

use super::*;
use crate::output::{clock::TimeStyle, event::sentence};

/// A text, another with all that is dangerous in one of the formats, and something of each other type.
fn messages() -> Vec<Message> {
    let user = |name: &str| format!(r#"{{"id":"u-{}","custom_name":"{name}","is_admin":true}}"#, name.len());
    let mut all = vec![
        r#"{"id":"m1","user":{"id":"u1","custom_name":"Ada"},"type":"INTERACTION_TYPE_TEXT",
            "text_message":{"text":"What a goal!"},"received_at":"2026-06-01T23:59:59.123456789Z"}"#
            .to_owned(),
        r#"{"id":"m2","user":{"id":"u2","custom_name":"=cmd|<b>\u202e","blocked":true},"type":"INTERACTION_TYPE_TEXT",
            "text_message":{"text":"=1+1, \"two\"\nlines \u001b[2J<script>alert('x')</script> 由紀","filtered":true},
            "received_at":"2026-06-02T00:00:01Z"}"#
            .to_owned(),
    ];
    for (kind, payload) in [
        ("MUTE", String::new()),
        (
            "PIN_MESSAGE",
            r#","pin_unpin_message":{"message":{"id":"m1","text":"What a goal!","sender":{"custom_name":"Ada"}}}"#
                .to_owned(),
        ),
        ("DELETE_MESSAGE", r#","delete_message":{"id":"m9"}"#.to_owned()),
        ("BLOCK_USER", format!(r#","block_unblock_user":{}"#, user("troll"))),
        ("POLL_STARTED", r#","poll_message":{"poll":{"id":"p","multi_choice":{"question":"Tea?"}}}"#.to_owned()),
        ("POLL_USER_VOTE", r#","poll_user_vote":{"poll_id":"p","option_ids":["o"]}"#.to_owned()),
        ("STICKER", r#","sticker_message":{"sticker_pack_id":"s","id":"wave","text":"👋"}"#.to_owned()),
        ("CUSTOM", r#","custom_message":{"value":"[1,2]","incr":{"key":"like","value":2}}"#.to_owned()),
        ("OF_TOMORROW", r#","news":1"#.to_owned()),
    ] {
        all.push(format!(
            r#"{{"id":"x","user":{},"type":"INTERACTION_TYPE_{kind}","received_at":"2026-06-02T00:00:02Z"{payload}}}"#,
            user("Host")
        ));
    }
    all.iter().map(|json| serde_json::from_str(json).unwrap()).collect()
}

fn as_lines() -> Writer {
    Writer::Lines(view(Palette::PLAIN, Clock::new(TimeStyle::Iso), false))
}

fn written(mut writer: Writer, messages: &[Message], complete: bool) -> String {
    let mut text = writer.begin().map(|head| head + "\n").unwrap_or_default();
    for message in messages {
        text.extend(writer.message(message).map(|piece| piece + "\n"));
    }
    text.extend(writer.end(complete).map(|foot| foot + "\n"));
    text
}

/// No stranger moves a cursor or turns a direction.
fn assert_safe(text: &str) {
    let bad = |c: char| (c.is_control() && !matches!(c, '\n' | '\r')) || matches!(c, '\u{202a}'..='\u{202e}');
    assert!(!text.contains(bad), "{text:?}");
}

#[test]
fn lines_are_those_of_tail_and_sentences_for_what_is_no_text() {
    let text = written(as_lines(), &messages(), true);
    assert_safe(&text);
    insta::assert_snapshot!(text);
}

#[test]
fn a_table_has_a_row_for_each_message_and_no_formula() {
    let text = written(Writer::Csv { bom: false }, &messages(), true);
    assert_safe(&text);
    assert!(text.split_inclusive("\r\n").all(|row| row.ends_with("\r\n")));
    insta::assert_snapshot!(text.replace('\r', "<CR>"));
}

#[test]
fn an_array_and_lines_of_json_give_back_what_came_over_the_wire() {
    let messages = messages();
    for some in 0..=messages.len() {
        let messages = &messages[..some];
        let array = written(Writer::Json { begun: false }, messages, false);
        assert_safe(&array);
        assert_eq!(serde_json::from_str::<Vec<Message>>(&array).unwrap(), messages);
        let lines = written(Writer::Ndjson, messages, false);
        let read: Vec<Message> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, messages);
    }
}

#[test]
fn a_page_is_whole_wherever_it_ends_and_runs_nothing() {
    for complete in [true, false] {
        let page = written(Writer::Html(Page::new("room-1<")), &messages(), complete);
        assert_safe(&page);
        for wanted in ["<!doctype html>", "default-src 'none'", "width=device-width", "prefers-color-scheme", "</html>"]
        {
            assert!(page.contains(wanted), "{wanted} is missing");
        }
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"), "{page}");
        assert_eq!(page.contains("interrupted"), !complete);
    }
}

#[test]
fn a_page_shows_texts_by_day_with_names_and_marks() {
    let page = written(Writer::Html(Page::new("room-1")), &messages(), true);
    let body = page.split_once("<main>").unwrap().1;
    insta::assert_snapshot!(body);
}

#[test]
fn a_double_of_an_admin_is_marked_where_people_read() {
    let said = |user: &str| {
        let json = format!(r#"{{"user":{user},"type":"INTERACTION_TYPE_TEXT","text_message":{{"text":"hi"}}}}"#);
        serde_json::from_str::<Message>(&json).unwrap()
    };
    let host = said(r#"{"id":"1","custom_name":"Host","is_admin":true}"#);
    let messages = [host, said(r#"{"id":"2","custom_name":"H\u043est"}"#)];
    let lines = written(as_lines(), &messages, true);
    assert_eq!(lines, "[time unknown] @Host: hi\n[time unknown] (not the admin) @H\u{43e}st: hi\n");
    let page = written(Writer::Html(Page::new("room-1")), &messages, true);
    assert!(page.contains("Host</b> <i>admin</i>") && page.contains("st</b> <i>not the admin</i>"), "{page}");
}

#[test]
fn a_double_of_an_admin_whom_the_room_names_is_marked_before_the_admin_wrote() {
    let said = |id: &str| {
        let json = format!(
            r#"{{"user":{{"id":"{id}","custom_name":"Hanna"}},"type":"INTERACTION_TYPE_TEXT","text_message":{{"text":"hi"}}}}"#
        );
        serde_json::from_str::<Message>(&json).unwrap()
    };
    let admin = User { id: Some("host".into()), ..User::named("Hanna") };
    for mut writer in [as_lines(), Writer::Html(Page::new("r"))] {
        writer.learn_room(std::slice::from_ref(&admin));
        let text = written(writer, &[said("fake"), said("host")], true);
        assert_eq!(text.matches("not the admin").count(), 1, "{text}");
        assert!(text.find("not the admin") < text.rfind("Hanna"), "{text}");
    }
}

#[test]
fn every_known_type_has_a_sentence_of_its_own() {
    for kind in Kind::known() {
        let json = format!(r#"{{"type":"{}","user":{{"custom_name":"Ada"}}}}"#, kind.name());
        // Types that can't do without a payload are read as unknown ones.
        if let Ok(message) = serde_json::from_str::<Message>(&json)
            && message.kind() == kind
        {
            let told = sentence(&message, &Names::default()).unwrap_or_default();
            assert!(!told.contains("another type"), "{kind:?}");
        }
    }
}
