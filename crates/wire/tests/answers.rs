//! Every answer that a client reads, with each of its fields spoilt in turn: the field is lost, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

use chatroom_wire::{
    Chatroom, Config, body, envelope, lenient,
    rest::{
        ChatroomAnswer, DictionariesPage, DictionaryAnswer, ErrorBody, PatternsPage, PlainTokenAnswer, PollBody,
        PollsPage, RefreshAnswer, RoomDictionariesPage, RoomStickerPacks, StickerPackAnswer, StickerPacks, TokenAnswer,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Reads an answer as a client does, and gives what it takes it for.
type Read = fn(&str) -> Option<Value>;

fn read<T: DeserializeOwned + Serialize>(text: &str) -> Option<Value> {
    Some(serde_json::to_value(body::read_answer::<T>(text.as_bytes()).ok()?).unwrap())
}

fn config(text: &str) -> Option<Value> {
    Some(serde_json::to_value(Config::from_json(text.as_bytes()).ok()?).unwrap())
}

fn message(text: &str) -> Option<Value> {
    let message = envelope::decode(text.as_bytes()).unwrap().remove(0).ok()?;
    Some(serde_json::from_slice(&envelope::encode(&message)).unwrap())
}

/// An answer, and the paths of the fields without which it is none.
type Row = (&'static str, Read, Value, &'static [&'static str]);

fn answers() -> Vec<Row> {
    let at = "2024-07-29T15:51:28.071Z";
    let info = json!({"enabled": true, "count": 7, "version_number": "3", "updated_at": at});
    let counter = json!({"key": "like", "value": 2, "version_number": "4", "updated_at": at, "disabled": true});
    let user = json!({"id": "u1", "device_id": "d", "custom_name": "ada", "is_admin": true, "is_guest": false});
    let poll = json!({
        "id": "p1", "type": "POLL_TYPE_MULTI_CHOICE", "status": "POLL_STATUS_ACTIVE", "votes_count": 3,
        "started_at": at, "ended_at": at,
        "multi_choice": {"question": "Tea?", "options": [{"id": "o1", "text": "yes", "votes_count": 3, "corrected": true}]}
    });
    let room = json!({
        "id": "r1", "muted": true, "status": "CHAT_STATUS_ACTIVE", "blocked_users": [user], "viewer_info": info,
        "pinned_messages": [{"message": {"id": "m1", "text": "hi", "sender": user}, "action_taker": user}],
        "active_poll": poll, "custom_counters": [counter], "created_at": at, "updated_at": at
    });
    let dictionary = json!({
        "id": "d1", "name": "rude", "description": "x", "default": true, "pattern_count": 2, "created_at": at
    });
    let pack = json!({"id": "s1", "name": "faces"});
    vec![
        ("room", read::<ChatroomAnswer>, json!({"chatroom": room}), &["/chatroom"]),
        (
            "config",
            config,
            json!({
                "connection": {"endpoint": "h.example", "authorizer": "a", "token": "t", "signature": "s",
                    "client_id": "c", "url": "wss://h.example/mqtt"},
                "topic": {"pub": "p", "sub": "s"},
                "user": {"is_admin": true, "is_guest": true, "customer_id": "u1", "device_id": "d", "custom_name": "n"},
                "token": {"expired_at": at}
            }),
            &[
                "/connection",
                "/connection/endpoint",
                "/connection/authorizer",
                "/connection/token",
                "/connection/signature",
                "/connection/client_id",
                "/topic",
                "/topic/pub",
                "/topic/sub",
            ],
        ),
        ("poll", read::<PollBody>, json!({"poll": poll}), &["/poll"]),
        ("polls", read::<PollsPage>, json!({"polls": [poll], "next_page_token": "n"}), &[]),
        (
            "token",
            read::<TokenAnswer>,
            json!({"token": "t", "expires_in": 60, "refresh_token": "r", "refresh_expires_in": 90}),
            &["/token", "/refresh_token"],
        ),
        ("fresh token", read::<RefreshAnswer>, json!({"token": "t", "expires_in": 60}), &["/token"]),
        ("plain token", read::<PlainTokenAnswer>, json!({"token": "t", "expires_in": 60}), &["/token"]),
        ("dictionary", read::<DictionaryAnswer>, json!({"dictionary": dictionary}), &["/dictionary", "/dictionary/id"]),
        ("dictionaries", read::<DictionariesPage>, json!({"dictionaries": [dictionary], "next_page_token": "n"}), &[]),
        (
            "patterns",
            read::<PatternsPage>,
            json!({"patterns": [{"id": "p", "text": "boo"}], "next_page_token": "n"}),
            &[],
        ),
        (
            "dictionaries of a room",
            read::<RoomDictionariesPage>,
            json!({"results": [{"dictionary": dictionary, "enabled": true}], "next_page_token": "n"}),
            &[],
        ),
        ("packs", read::<StickerPacks>, json!({"sticker_packs": [pack]}), &[]),
        (
            "packs of a room",
            read::<RoomStickerPacks>,
            json!({"results": [{"sticker_pack": pack, "enabled": true}]}),
            &[],
        ),
        (
            "pack",
            read::<StickerPackAnswer>,
            json!({"sticker_pack": pack, "stickers": [{"id": "x", "name": "smile", "text": ":)", "image_url": "u"}]}),
            &["/sticker_pack", "/sticker_pack/id"],
        ),
        (
            "refusal",
            read::<ErrorBody>,
            json!({"code": 3, "message": "no", "details": [{"@type": "t", "reason": "R", "domain": "d", "metadata": {}}]}),
            &[],
        ),
        (
            "text",
            message,
            json!({"id": "m1", "type": "INTERACTION_TYPE_TEXT", "user": user, "sent_at": at, "received_at": at,
                "published_at": at, "created_at": at, "text_message": {"text": "hi", "filtered": true}}),
            &["/type", "/text_message", "/text_message/text"],
        ),
        (
            "viewers",
            message,
            json!({"id": "m1", "type": "INTERACTION_TYPE_VIEWER_INFO_UPDATE", "user": user, "viewer_info": info}),
            &["/type"],
        ),
        (
            "counter",
            message,
            json!({"id": "m1", "type": "INTERACTION_TYPE_CUSTOM_COUNTER_UPDATE", "user": user, "custom_counter": counter}),
            &["/type", "/custom_counter", "/custom_counter/key"],
        ),
        (
            "poll's message",
            message,
            json!({"id": "m1", "type": "INTERACTION_TYPE_POLL_STARTED", "user": user, "poll_message": {"poll": poll}}),
            &["/type"],
        ),
    ]
}

/// The pointers to every field.
fn places(json: &Value, here: &str, found: &mut Vec<String>) {
    if let Some(fields) = json.as_object() {
        for (key, value) in fields {
            let here = format!("{here}/{key}");
            places(value, &here, found);
            found.push(here);
        }
    }
    for (index, value) in json.as_array().into_iter().flatten().enumerate() {
        places(value, &format!("{here}/{index}"), found);
    }
}

/// Whether all else that stood in the whole still stands in what was read.
fn survives(whole: &Value, read: &Value, here: &str, spoilt: &str) -> Result<(), String> {
    match (whole, read) {
        (Value::Object(whole), Value::Object(read)) => whole.iter().try_for_each(|(key, value)| {
            let here = format!("{here}/{key}");
            if here == spoilt {
                return Ok(());
            }
            match read.get(key) {
                Some(read) => survives(value, read, &here, spoilt),
                None if spoilt.starts_with(&format!("{here}/"))
                    && value.as_object().is_some_and(|all| all.len() == 1) =>
                {
                    Ok(())
                }
                None => Err(format!("{here} is lost")),
            }
        }),
        (Value::Array(whole), Value::Array(read)) => whole.iter().enumerate().try_for_each(|(index, value)| {
            let here = format!("{here}/{index}");
            match read.get(index) {
                Some(read) => survives(value, read, &here, spoilt),
                // An element may be nothing without the field that was spoilt.
                None if spoilt.starts_with(&here) => Ok(()),
                None => Err(format!("{here} is lost")),
            }
        }),
        _ if whole == read => Ok(()),
        _ => Err(format!("{here} is {read}")),
    }
}

#[test]
fn a_field_that_is_null_missing_or_odd_costs_that_field_alone() {
    let mut tried = 0;
    for (name, read, whole, needed) in answers() {
        assert_eq!(survives(&whole, &read(&whole.to_string()).unwrap(), "", "-"), Ok(()), "{name}");
        let mut all = Vec::new();
        places(&whole, "", &mut all);
        for place in all {
            let (above, key) = place.rsplit_once('/').unwrap();
            for odd in [
                None,
                Some(json!(null)),
                Some(json!("")),
                Some(json!({"a": 1})),
                Some(json!([[]])),
                Some(json!(true)),
                Some(json!(0.5)),
            ] {
                let mut spoilt = whole.clone();
                let fields = spoilt.pointer_mut(above).unwrap().as_object_mut().unwrap();
                match &odd {
                    Some(odd) => drop(fields.insert(key.to_owned(), odd.clone())),
                    None => drop(fields.remove(key)),
                }
                tried += 1;
                let shown = odd.map_or_else(|| "nothing".to_owned(), |odd| odd.to_string());
                match read(&spoilt.to_string()) {
                    Some(read) => {
                        assert_eq!(survives(&whole, &read, "", &place), Ok(()), "{name}: {place} is {shown}");
                    }
                    // A list that is no list would make an empty page of the answer.
                    None => assert!(
                        needed.contains(&place.as_str()) || (above.is_empty() && whole[key].is_array()),
                        "{name} is lost since {place} is {shown}"
                    ),
                }
            }
        }
    }
    assert!(tried > 1_000, "only {tried} were tried");
}

#[test]
fn what_is_left_out_is_told_by_its_path_and_without_its_value() {
    let json = br#"{"id":"r","muted":"secret","viewer_info":{"enabled":"secret"},"custom_counters":[{"value":1}]}"#;
    let (room, dropped) = lenient::collect(|| body::read_answer::<Chatroom>(json));
    assert_eq!(room.unwrap().id.as_str(), "r");
    let dropped = dropped.to_string();
    for part in ["muted can't be used", "viewer_info.enabled can't be used", "key is missing"] {
        assert!(dropped.contains(part), "{dropped}");
    }
    assert!(!dropped.contains("secret"), "{dropped}");
    // What is missing, or `null`, is no fault.
    let json = br#"{"id":"r","muted":null,"viewer_info":{"enabled":null,"count":null},"custom_counters":[null]}"#;
    let (room, dropped) = lenient::collect(|| body::read_answer::<Chatroom>(json));
    assert!(room.is_ok() && dropped.is_empty(), "{dropped}");
}

#[test]
fn an_answer_with_ten_thousand_odd_elements_is_read_in_one_pass() {
    let users: Vec<_> = (0..10_000).map(|n| json!({"id": n, "custom_name": [], "is_admin": "no"})).collect();
    let room = json!({"id": "r", "blocked_users": users}).to_string();
    let (room, dropped) = lenient::collect(|| body::read_answer::<Chatroom>(room.as_bytes()));
    let room = room.unwrap();
    assert_eq!((room.blocked_users.len(), room.blocked_users[7].id.as_ref().unwrap().as_str()), (10_000, "7"));
    assert!(dropped.to_string().len() < 1_000);
}

#[test]
fn an_empty_token_in_an_answer_is_none() {
    for token in ["", " \\n\\t"] {
        let answer = format!(r#"{{"token":"{token}","expires_in":60}}"#);
        let error = body::read_answer::<RefreshAnswer>(answer.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "token can't be used: it is empty");
    }
}

#[test]
fn what_is_said_of_a_token_s_life_is_advice() {
    let life = |json: &str| {
        let answer = format!(r#"{{"token":"t","expires_in":{json}}}"#);
        body::read_answer::<RefreshAnswer>(answer.as_bytes()).unwrap().expires_in
    };
    assert_eq!(["60", "\"60\"", "60.9", "\" 60.5 \""].map(life), [Some(60); 4]);
    assert_eq!(["null", "\"\"", "\"soon\"", "-5", "0", "[]", "true", "\"NaN\""].map(life), [None; 8]);
    assert_eq!(life("1e300"), Some(i64::MAX));
}
