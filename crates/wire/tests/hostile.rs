//! JSON as nobody should send it: what can be read is read, the rest is kept apart, and nothing panics.

use chatroom_wire::{
    Message, Payload,
    envelope::{self, EnvelopeError},
};

const GOOD: &str = r#"{"type":1,"user":{"custom_name":"ada"},"text_message":{"text":"good"}}"#;

/// `None` for a message, else the reason why an element is none.
fn reasons(payload: &[u8]) -> Vec<Option<String>> {
    let elements = envelope::decode(payload).expect("the payload as a whole can be read");
    elements.into_iter().map(|element| element.err().map(|bad| bad.reason)).collect()
}

fn one(payload: &str) -> Message {
    envelope::decode(payload.as_bytes()).expect("an object").remove(0).expect("a message")
}

/// What it is, its bytes, and whether this is the right refusal.
type Refused<'a> = (&'a str, &'a [u8], fn(&EnvelopeError) -> bool);

#[test]
fn a_payload_that_is_no_message_at_all_is_refused_by_its_fault() {
    let deep_open = "[".repeat(100_000);
    let many = format!("[{}0]", "0,".repeat(100_000));
    let table: &[Refused<'_>] = &[
        ("nothing", b"", |e| *e == EnvelopeError::Empty),
        ("white space", b" \r\n\t", |e| *e == EnvelopeError::Empty),
        ("a BOM alone", b"\xef\xbb\xbf", |e| *e == EnvelopeError::Empty),
        ("null", b"null", |e| *e == EnvelopeError::NotMessages),
        ("a number", b"12", |e| *e == EnvelopeError::NotMessages),
        ("a string", b"\"hi\"", |e| *e == EnvelopeError::NotMessages),
        ("NaN", b"NaN", |e| matches!(e, EnvelopeError::NotJson(_))),
        ("Infinity in an array", b"[Infinity]", |e| matches!(e, EnvelopeError::NotJson(_))),
        ("trailing data", b"[] []", |e| matches!(e, EnvelopeError::NotJson(_))),
        ("a trailing comma", b"[{},]", |e| matches!(e, EnvelopeError::NotJson(_))),
        ("an open array", b"[{}", |e| matches!(e, EnvelopeError::NotJson(_))),
        ("an open string", b"{\"type", |e| matches!(e, EnvelopeError::NotJson(_))),
        ("a NUL byte in a string", b"{\"type\":\"\0\"}", |e| matches!(e, EnvelopeError::NotJson(_))),
        ("invalid UTF-8", b"{\"type\":\"\xff\"}", |e| *e == EnvelopeError::NotUtf8),
        ("overlong UTF-8", b"{\"type\":\"\xc0\xaf\"}", |e| *e == EnvelopeError::NotUtf8),
        ("a surrogate in UTF-8", b"{\"type\":\"\xed\xa0\x80\"}", |e| *e == EnvelopeError::NotUtf8),
        ("UTF-16", b"\xff\xfe[\0]\0", |e| *e == EnvelopeError::NotUtf8),
        ("10^5 arrays that never close", deep_open.as_bytes(), |e| matches!(e, EnvelopeError::NotJson(_))),
        ("10^5 elements", many.as_bytes(), |e| *e == EnvelopeError::TooMany),
    ];
    for (name, payload, is_expected) in table {
        match envelope::decode(payload) {
            Err(error) => assert!(is_expected(&error), "{name}: {error:?}"),
            Ok(elements) => panic!("{name}: read as {elements:?}"),
        }
    }
}

#[test]
fn one_bad_element_in_a_good_batch_spoils_no_other() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let bad = [
        "null".to_owned(),
        "7".to_owned(),
        "\"hi\"".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"type":1}"#.to_owned(),
        r#"{"type":1,"text_message":null}"#.to_owned(),
        r#"{"type":1,"text_message":"hi"}"#.to_owned(),
        r#"{"type":1,"text_message":{}}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":null}}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":"\ud800"}}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":"a"},"user":{"custom_name":"a","x":1e999}}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":"a"},"x":1e999}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":"a"},"x":"\ud800"}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":"a"},"x":{"\udfff":1}}"#.to_owned(),
        r#"{"type":1e999,"x":1}"#.to_owned(),
        r#"{"type":"INTERACTION_TYPE_DELETE_MESSAGE","delete_message":{}}"#.to_owned(),
        format!(r#"{{"type":2,"x":{deep}}}"#),
        format!(r#"{{"type":{deep}}}"#),
        format!(r#"{{"type":1,"text_message":{deep}}}"#),
        format!(r#"{{"type":1,"text_message":{{"text":"a","x":{deep}}}}}"#),
        deep,
    ];
    for element in &bad {
        let short: String = element.chars().take(120).collect();
        let payload = format!("[{GOOD},{element},{GOOD}]");
        let reasons = reasons(payload.as_bytes());
        assert_eq!((reasons.len(), &reasons[0], &reasons[2]), (3, &None, &None), "{short}");
        let reason = reasons[1].as_ref().unwrap_or_else(|| panic!("taken for a message: {short}"));
        assert!(!reason.is_empty() && reason.chars().count() <= 500, "{short}: {reason}");
        assert!(!reason.contains(" at line "), "a place in a part misleads: {reason}");
        let kept = envelope::decode(payload.as_bytes()).unwrap().remove(1).unwrap_err();
        assert_eq!((kept.index, kept.raw.as_str()), (1, element.as_str()), "{short}");
    }
}

#[test]
fn odd_messages_are_still_messages() {
    let long = "x".repeat(120 * 1024);
    let odd = [
        r#"{"type":2}"#.to_owned(),
        "\u{feff} [{\"type\":2}] ".to_owned(),
        r#"{"type":2,"user":null,"id":null}"#.to_owned(),
        r#"{"type":null}"#.to_owned(),
        r#"{"type":true}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":7}}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":"a","text":"b"}}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":"a","filtered":"no"},"user":"ada"}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":"a"},"user":{"custom_name":7,"is_admin":"yes"}}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":"a"},"id":[],"sent_at":""}"#.to_owned(),
        r#"{"type":"INTERACTION_TYPE_VIEWER_INFO_UPDATE","viewer_info":{"enabled":null,"count":null}}"#.to_owned(),
        r#"{"type":"INTERACTION_TYPE_CUSTOM_COUNTER_UPDATE","custom_counter":{"key":"k","version_number":null}}"#
            .to_owned(),
        r#"{"type":"INTERACTION_TYPE_CUSTOM","custom_message":{"value":null,"incr":null}}"#.to_owned(),
        r#"{"type":"INTERACTION_TYPE_CUSTOM","custom_message":{"incr":{"key":"k","value":9223372036854775808}}}"#
            .to_owned(),
        r#"{"type":"INTERACTION_TYPE_ENTRANCE","entrance_message":{"custom_name":null,"is_admin":null}}"#.to_owned(),
        r#"{"type":-1}"#.to_owned(),
        r#"{"type":1.0}"#.to_owned(),
        r#"{"type":18446744073709551615,"x":-9223372036854775808}"#.to_owned(),
        r#"{"type":18446744073709551616,"x":123456789012345678901234567890}"#.to_owned(),
        r#"{"type":"interaction_type_text"}"#.to_owned(),
        r#"{"type":{"name":"TEXT"}}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":""}}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":"\u0000\u001b[2J\ud83d\ude00"}}"#.to_owned(),
        r#"{"type":1,"text_message":{"text":"a"},"user":{"custom_name":null}}"#.to_owned(),
        format!(r#"{{"type":1,"text_message":{{"text":"{long}"}}}}"#),
        format!(r#"{{"type":2,"x":{}1{}}}"#, "[".repeat(120), "]".repeat(120)),
    ];
    for payload in &odd {
        let short: String = payload.chars().take(120).collect();
        assert_eq!(reasons(payload.as_bytes()), [None], "{short}");
    }
}

#[test]
fn what_is_kept_can_be_read_by_others() {
    // Its 120 levels, the message and the array around it stay under the 128 of common readers.
    let payload = format!(r#"[{{"type":2,"x":{}1{}}}]"#, "[".repeat(120), "]".repeat(120));
    let message = envelope::decode(payload.as_bytes()).unwrap().remove(0).unwrap();
    let sent = envelope::join([envelope::encode(&message).as_slice()]);
    assert!(serde_json::from_slice::<serde_json::Value>(&sent).is_ok());
}

#[test]
fn an_unknown_type_is_kept_and_not_guessed() {
    for kind in ["6", "12", "0", "\"INTERACTION_TYPE_NEW\"", "\"\"", "null"] {
        let message = one(&format!(r#"{{"type":{kind},"text_message":{{"text":"a"}}}}"#));
        assert!(matches!(&message.payload, Payload::Unknown(raw) if raw.as_str() == kind), "{message:?}");
        assert_eq!(message.text(), None);
        assert!(message.field("text_message").is_some());
    }
}

#[test]
fn the_type_may_be_written_with_escapes_and_stand_last() {
    let message = one(r#"{"text_message":{"text":"a"},"\u0074ype":"INTERACTION\u005fTYPE_TEXT"}"#);
    assert_eq!(message.text(), Some("a"));
}

#[test]
fn of_a_key_that_stands_twice_the_last_counts() {
    let message = one(concat!(
        r#"{"type":2,"x":1,"y":0,"x":2,"id":"a","type":1,"id":"b","text_message":{"text":"first"},"x":3,"#,
        r#""text_message":{"text":"last"},"user":{"custom_name":"ada"},"user":{"custom_name":"bob"}}"#
    ));
    assert_eq!(message.text(), Some("last"));
    assert_eq!((message.id.as_ref().unwrap().as_str(), message.user.custom_name.as_str()), ("b", "bob"));
    let extra: Vec<_> = message.extra.iter().map(|(name, raw)| (name.as_str(), raw.as_str())).collect();
    assert_eq!(extra, [("x", "3"), ("y", "0")]);
}

#[test]
fn garbage_for_a_time_is_kept_as_it_came() {
    for garbage in [
        "0",
        "-1",
        "9999",
        "1000000000000000000",
        "\"\"",
        "\"yesterday\"",
        "null",
        "\"2024-07-29\"",
        "\"2024-07-29 15:51:28Z\"",
        "\"2024-07-29T15:51:28\"",
        "\"2024-07-29T25:51:28Z\"",
        "\"2024-02-30T15:51:28Z\"",
        "\"2024-07-29T15:51:28.0000000001Z\"",
        "\"2024-07-29T15:51:28Z[UTC]\"",
        "\"99999-07-29T15:51:28Z\"",
        // What programs write that know no time.
        "\"0001-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:59.9999999Z\"",
        "{\"seconds\":1}",
    ] {
        let message = one(&format!(r#"{{"type":2,"received_at":{garbage}}}"#));
        assert_eq!(message.received_at, None, "{garbage}");
        assert_eq!(message.field("received_at").unwrap().as_str(), garbage);
    }
    let future = one(r#"{"type":2,"sent_at":"9998-12-30T22:00:00.999999999Z"}"#);
    assert!(future.sent_at.is_some());
}

#[test]
fn a_stamped_time_replaces_the_garbage_that_was_there() {
    let mut message = one(r#"{"type":2,"received_at":"never"}"#);
    message.received_at = Some("2024-07-29T15:51:28.071Z".parse().unwrap());
    let encoded = String::from_utf8(envelope::encode(&message)).unwrap();
    assert_eq!(encoded, r#"{"type":"INTERACTION_TYPE_MUTE","received_at":"2024-07-29T15:51:28.071Z"}"#);
}

#[test]
fn of_two_times_the_last_counts_be_it_garbage_or_not() {
    let message = one(r#"{"type":2,"sent_at":"2024-07-29T15:51:28Z","sent_at":"never"}"#);
    assert_eq!((message.sent_at, message.extra.len()), (None, 1));
    let message = one(r#"{"type":2,"sent_at":"never","sent_at":"2024-07-29T15:51:28Z"}"#);
    assert_eq!((message.sent_at.is_some(), message.extra.len()), (true, 0));
}

#[test]
fn a_message_with_ten_thousand_unknown_fields_keeps_each_of_them() {
    let fields: Vec<String> = (0..10_000).map(|n| format!(r#""k{}":{n}"#, n % 5_000)).collect();
    let message = one(&format!(r#"{{"type":2,{}}}"#, fields.join(",")));
    assert_eq!(message.extra.len(), 5_000);
    assert_eq!(message.field("k4999").unwrap().as_str(), "9999");
}
