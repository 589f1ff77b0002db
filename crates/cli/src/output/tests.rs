use chatroom_client::{Cause, Event, GapReason, LinkError};
use chatroom_wire::{User, config::SelfUser};

use super::*;

fn view(json: bool) -> View {
    View::plain(json)
}

fn read(json: &str) -> Message {
    serde_json::from_str(json).unwrap()
}

fn added(message: Message) -> Event {
    Event::MessageAdded { message: message.into(), delivery: None, late: false }
}

const TEXT: &str = r#"{"id":"1","user":{"custom_name":"Ada","id":"u"},"type":"INTERACTION_TYPE_TEXT",
    "text_message":{"text":"What a goal!"},"received_at":"2026-06-01T20:15:30.123456789Z"}"#;

#[test]
fn a_text_is_one_line_in_the_form_of_the_sample() {
    let line = view(false).show(&added(read(TEXT)));
    assert_eq!(line, Some(Line::Data("[2026-06-01T20:15:30.123456789Z] @Ada: What a goal!".to_owned())));
}

#[test]
fn a_filtered_text_is_hidden_in_a_line_and_whole_in_json() {
    let filtered = TEXT.replace(r#""text":"What a goal!""#, r#""text":"rude","filtered":true"#);
    let line = view(false).show(&added(read(&filtered)));
    assert_eq!(line, Some(Line::Data("[2026-06-01T20:15:30.123456789Z] @Ada: (hidden by the word filter)".to_owned())));
    let Some(Line::Data(json)) = view(true).show(&added(read(&filtered))) else { unreachable!("it is data") };
    assert!(json.contains("rude"));
}

#[test]
fn colours_wrap_the_same_line() {
    let mut view = View { out: Palette::COLORED, ..view(false) };
    let Some(Line::Data(line)) = view.show(&added(read(TEXT))) else { unreachable!("a text is data") };
    insta::assert_snapshot!(line.replace('\x1b', "ESC"), @"ESC[2m[2026-06-01T20:15:30.123456789Z]ESC[0m ESC[34m@Ada:ESC[0m What a goal!");
}

#[test]
fn what_a_stranger_writes_moves_no_cursor_and_makes_no_second_line() {
    let mut message = read(TEXT);
    message.user.custom_name = "Ada\x1b[2J\u{202e}".to_owned();
    message.payload = Message::text_by(User::default(), "one\ntwo\u{9b}31m\x07").payload;
    for json in [false, true] {
        let Some(Line::Data(line)) = view(json).show(&added(message.clone())) else { unreachable!("it is data") };
        assert!(!line.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)), "{line:?}");
    }
}

#[test]
fn as_json_every_kind_is_one_line_of_the_wire_message() {
    let messages = [
        TEXT.replace('\n', " "),
        r#"{"type":"INTERACTION_TYPE_MUTE","user":{"custom_name":"Ada"}}"#.to_owned(),
        r#"{"type":"INTERACTION_TYPE_OF_TOMORROW","news":{"a": [1, 2]}}"#.to_owned(),
    ];
    for message in messages {
        let Some(Line::Data(line)) = view(true).show(&added(read(&message))) else { unreachable!("it is data") };
        assert_eq!(read(&line), read(&message));
    }
}

#[test]
fn json_that_was_kept_as_it_came_stays_on_one_line() {
    let message = read("{\"type\":\"INTERACTION_TYPE_OF_TOMORROW\",\"news\":{\n\t\"a\":\r\n\"\u{85}\\n\"}}");
    let Some(Line::Data(line)) = view(true).show(&added(message)) else { unreachable!("it is data") };
    assert_eq!(line, r#"{"type":"INTERACTION_TYPE_OF_TOMORROW","news":{"a":"\u0085\n"}}"#);
}

#[test]
fn events_are_notes_unless_they_are_chosen_or_a_terminal_shows_them() {
    let mute = added(read(
        r#"{"type":"INTERACTION_TYPE_MUTE","user":{"custom_name":"Ada","is_admin":true},
            "received_at":"2026-06-01T20:15:30Z"}"#,
    ));
    let told = "--- [2026-06-01T20:15:30Z] room muted by @Ada: only admins can write".to_owned();
    assert_eq!(view(false).show(&mute), Some(Line::Note(told.clone())));
    let terminal = View { events: Events::Data, ..view(false) }.show(&mute);
    assert_eq!(terminal, Some(Line::Data(told.clone())));
    let chosen = View { types: vec![Kind::Mute], ..view(false) }.show(&mute);
    assert_eq!(chosen, Some(Line::Data(told)));
    for json in [false, true] {
        assert_eq!(View { types: vec![Kind::Text], ..view(json) }.show(&mute), None);
    }
    let entrance = added(read(r#"{"type":"INTERACTION_TYPE_ENTRANCE","entrance_message":{"custom_name":"Eve"}}"#));
    assert_eq!(view(false).show(&entrance), None, "what happens all the time is shown where it is asked for");
}

#[test]
fn with_ids_a_line_holds_what_a_moderator_acts_on() {
    let line = View { ids: true, ..view(false) }.show(&added(read(TEXT)));
    let told = "[2026-06-01T20:15:30.123456789Z] id=1 user=u @Ada: What a goal!";
    assert_eq!(line, Some(Line::Data(told.to_owned())));
}

#[test]
fn an_admin_whom_the_room_names_is_known_before_the_admin_wrote() {
    let mut view = view(false);
    let admins = r#"{"id":"r","admins":[{"id":"1","custom_name":"Noor"}]}"#;
    let room = serde_json::from_str::<chatroom_wire::Chatroom>(admins).unwrap();
    view.names.learn_room(&room.admins);
    let Some(Line::Data(line)) = view.show(&from("noor", r#"{"id":"2"}"#)) else { unreachable!("a text is data") };
    assert!(line.contains("] (not the admin) @noor: "), "{line}");
    let Some(Line::Data(line)) = view.show(&from("Ada", r#"{"id":"2","name_taken":true}"#)) else {
        unreachable!("a text is data")
    };
    assert!(line.contains("] (name taken) @Ada: "), "{line}");
}

#[test]
fn trouble_is_told_apart_from_data() {
    let mut view = view(false);
    let user = || SelfUser { is_admin: true, custom_name: "Ada".to_owned(), ..SelfUser::default() };
    let interrupted =
        Event::Interrupted { cause: Cause::Link(LinkError::Closed), retry_in: Duration::from_millis(1980) };
    let events = [
        interrupted.clone(),
        Event::Joined { user: user(), first: true },
        interrupted,
        Event::Joined { user: user(), first: false },
        Event::Gap(gap()),
    ];
    let mut notes = String::new();
    for event in &events {
        let Some(Line::Note(note)) = view.show(event) else { unreachable!("it is a note") };
        notes.push_str(&note);
        notes.push('\n');
    }
    insta::assert_snapshot!(notes, @r"
    --- no way in yet: the server closed the connection, trying again in 2 s
    --- joined the room as Ada, an admin
    --- interrupted: the server closed the connection, trying again in 2 s
    --- back in the room
    --- gap: messages after 2026-06-01T20:15:30Z may be missing: more than 7 messages were missed ---
    ");
}

fn from(name: &str, json: &str) -> Event {
    let message = read(TEXT);
    let user = serde_json::from_str::<User>(json).unwrap();
    added(Message { user: User { custom_name: name.to_owned(), ..user }, ..message })
}

#[test]
fn a_mark_stands_where_no_name_reaches_and_no_message_begins_as_the_program_does() {
    let mut view = view(false);
    let mut lines = String::new();
    for (name, user) in [
        ("Noor", r#"{"id":"1","is_admin":true}"#),
        ("N\u{43e}\u{43e}r", r#"{"id":"2"}"#),
        ("(not the admin) @Ada", r#"{"id":"3"}"#),
        ("Administrator", r#"{"id":"4"}"#),
        ("--- joined the room as", r#"{"id":"5"}"#),
        ("Ada", r#"{"id":"6"}"#),
    ] {
        let Some(Line::Data(line)) = view.show(&from(name, user)) else { unreachable!("a text is data") };
        assert!(line.starts_with('[') && !line.starts_with(SYSTEM), "{line}");
        lines.push_str(line.split_once("Z] ").unwrap().1);
        lines.push('\n');
    }
    insta::assert_snapshot!(lines, @r"
    @Noor: What a goal!
    (not the admin) @Nооr: What a goal!
    (not an admin) @(not the admin) @Ada: What a goal!
    (not an admin) @Administrator: What a goal!
    @--- joined the room as: What a goal!
    @Ada: What a goal!
    ");
}

#[test]
fn the_badge_of_an_admin_is_drawn_in_colours_that_no_text_has() {
    let mut view = View { out: Palette::COLORED, ..view(false) };
    let badge = "\x1b[7madmin\x1b[0m";
    for (name, is_admin) in [("Noor", true), ("admin", false), (badge, false)] {
        let user = format!(r#"{{"is_admin":{is_admin}}}"#);
        let Some(Line::Data(line)) = view.show(&from(name, &user)) else { unreachable!("a text is data") };
        assert_eq!(line.contains(badge), is_admin, "{line:?}");
    }
}

#[test]
fn another_who_goes_by_our_name_is_marked() {
    let mut view = view(false);
    let me = SelfUser { customer_id: Some("me".into()), custom_name: "Ada".to_owned(), ..SelfUser::default() };
    view.show(&Event::Joined { user: me, first: true });
    let mut line = |user| match view.show(&from("Ada", user)) {
        Some(Line::Data(line)) => line,
        _ => unreachable!("a text is data"),
    };
    assert!(line(r#"{"id":"me"}"#).contains("Z] @Ada: "));
    assert!(line(r#"{"id":"you"}"#).contains("Z] (not you) @Ada: "));
}

fn gap() -> Gap {
    Gap { after: Some("2026-06-01T20:15:30Z".parse().unwrap()), before: None, reason: GapReason::TooMuch(7) }
}

#[test]
fn as_json_a_gap_is_data() {
    let line = view(true).show(&Event::Gap(gap()));
    let json = r#"{"gap":{"after":"2026-06-01T20:15:30Z","before":null,"reason":"more than 7 messages were missed"}}"#;
    assert_eq!(line, Some(Line::Data(json.to_owned())));
}

#[test]
fn what_a_slow_reader_misses_is_data_as_json_and_a_line_for_a_person() {
    assert_eq!(view(true).lagged(7), Line::Data(r#"{"left_out":7}"#.to_owned()));
    let told = "--- left out 7 messages: what reads the output is too slow";
    assert_eq!(view(false).lagged(7), Line::Note(told.to_owned()));
    assert_eq!(view(true).left_out(7), Line::Note(told.to_owned()));
}

#[test]
fn somebody_without_a_name_is_called_by_the_device() {
    let mut message = read(TEXT);
    message.user = User { device_id: Some("phone-1".to_owned()), ..User::named(" \u{200b}") };
    let Some(Line::Data(line)) = view(false).show(&added(message)) else { unreachable!("a text is data") };
    assert!(line.contains("] @phone-1: "), "{line}");
}

#[test]
fn waits_are_told_as_people_say_them() {
    for (millis, told) in
        [(0, "0 s"), (400, "0.4 s"), (1_000, "1 s"), (1_980, "2 s"), (2_340, "2.3 s"), (59_600, "59 s")]
    {
        assert_eq!(seconds(Duration::from_millis(millis)), told);
    }
}
