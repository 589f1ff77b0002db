//! What is said by whom and in which form; what it does in the room is in `effects`.

mod effects;

use std::collections::BTreeMap;

use chatroom_wire::{Kind, Time};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::store::{RoomRecord, ViewerInfoRecord};

struct Bench {
    rules: Rules,
    now: Moment,
    author: Author,
    renamed: Option<&'static str>,
    room: Standing,
    words: Lexicon,
}

impl Bench {
    fn new() -> Self {
        Self::with(&Settings::default(), None)
    }

    fn with(settings: &Settings, last: Option<&str>) -> Self {
        let mut rules = Rules::new(settings);
        rules.catch_up(last.map(|time| time.parse().unwrap()));
        Self {
            rules,
            now: Moment { monotonic: Duration::from_secs(77), wall: "2026-01-02T03:04:05Z".parse().unwrap() },
            author: Author {
                id: "ada".into(),
                device_id: "phone".to_owned(),
                name: "Ada L.".to_owned(),
                is_admin: false,
                is_guest: true,
            },
            renamed: None,
            room: Standing::new(record()),
            words: Lexicon::default(),
        }
    }

    fn say(&mut self, payload: &[u8]) -> Verdict {
        let speech = Speech { author: &self.author, renamed: self.renamed, payload };
        self.rules.judge(self.now, &self.room, &self.words, speech, &mut || [7; 10])
    }

    fn effect(&mut self, message: &Value) -> (Value, Audience, Vec<Change>) {
        match self.say(message.to_string().as_bytes()) {
            Verdict::Accept { json, audience, changes, .. } => {
                (serde_json::from_slice(&json).unwrap(), audience, changes)
            }
            other => panic!("{message} was refused: {other:?}"),
        }
    }

    fn accepted(&mut self, message: &Value) -> Value {
        self.effect(message).0
    }

    fn refused(&mut self, payload: impl AsRef<[u8]>) -> Refusal {
        match self.say(payload.as_ref()) {
            Verdict::Accept { message, .. } => panic!("{message:?} was accepted"),
            Verdict::Refuse(refusal) | Verdict::RefuseUnlessSaid(_, refusal) => refusal,
        }
    }

    fn wait(&mut self, duration: Duration) {
        self.now.monotonic += duration;
        self.now.wall += duration;
    }
}

/// A room in which nothing was done yet.
fn record() -> RoomRecord {
    let made: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    RoomRecord {
        admins: Vec::new(),
        id: "room".into(),
        muted: false,
        blocked_users: Vec::new(),
        pinned_messages: Vec::new(),
        active_poll: None,
        viewer_info: ViewerInfoRecord::default(),
        dictionaries: Vec::new(),
        sticker_packs: BTreeMap::new(),
        custom_counters: Vec::new(),
        created_at: made,
        updated_at: made,
    }
}

fn text(text: &str) -> Value {
    json!({"type": "INTERACTION_TYPE_TEXT", "user": {"custom_name": "ada"}, "text_message": {"text": text}})
}

fn words(words: &Value) -> String {
    words.to_string()
}

#[test]
fn what_the_reference_sample_publishes_is_said_with_identity_and_times() {
    let said = Bench::new().accepted(&json!({
        "user": {"custom_name": "user1"}, "type": 1, "text_message": {"text": "[0]"}, "sent_at": "2026-01-02T03:04:04.071Z"
    }));
    assert_eq!(
        said,
        json!({
            "id": "019b7ca9-8c88-7707-8707-070707070707",
            "user": {"id": "ada", "device_id": "phone", "custom_name": "user1", "is_admin": false, "is_guest": true, "blocked": false},
            "type": "INTERACTION_TYPE_TEXT",
            "text_message": {"text": "[0]"},
            "sent_at": "2026-01-02T03:04:04.071Z",
            "received_at": "2026-01-02T03:04:05.000000000Z",
            "published_at": "2026-01-02T03:04:05.000000000Z",
        })
    );
}

#[test]
fn nothing_that_a_sender_claims_of_itself_survives() {
    let mut forged = text("hi");
    forged["user"] = json!({
        "id": "root", "device_id": "x", "custom_name": "ada", "is_admin": true, "is_guest": false, "blocked": true,
        "action_taker": {"custom_name": "root"}, "badge": "MODERATOR"
    });
    for field in ["received_at", "created_at", "published_at"] {
        forged[field] = json!("1999-01-01T00:00:00Z");
    }
    forged["text_message"]["filtered"] = json!(true);
    let said = Bench::new().accepted(&forged);
    assert_eq!(
        said["user"],
        json!({"id": "ada", "device_id": "phone", "custom_name": "ada", "is_admin": false, "is_guest": true, "blocked": false})
    );
    assert_eq!(said["text_message"], json!({"text": "hi"}));
    assert!(said.get("created_at").is_none());
    assert!(!said.to_string().contains("1999"), "{said}");
}

#[test]
fn a_forged_time_that_is_no_time_does_not_slip_through_as_an_unknown_field() {
    let mut forged = text("hi");
    for field in ["received_at", "created_at", "published_at", "sent_at"] {
        forged[field] = json!(1999);
    }
    let said = Bench::new().accepted(&forged);
    assert!(!said.to_string().contains("1999"), "{said}");
}

#[test]
fn unknown_fields_are_kept_as_they_came() {
    let mut message = text("hi");
    message["reply_to"] = json!({"id": 17});
    message["text_message"]["lang"] = json!("en");
    let said = Bench::new().accepted(&message);
    assert_eq!(said["reply_to"], json!({"id": 17}));
    assert_eq!(said["text_message"]["lang"], "en");
}

#[test]
fn the_name_of_the_token_stands_where_the_message_says_none() {
    for user in [json!({}), json!({"custom_name": ""}), json!({"custom_name": "  "}), Value::Null] {
        let mut message = text("hi");
        message["user"] = user;
        assert_eq!(Bench::new().accepted(&message)["user"]["custom_name"], "Ada L.");
    }
}

#[test]
fn a_name_that_is_too_long_is_refused() {
    let mut message = text("hi");
    message["user"]["custom_name"] = json!("é".repeat(100));
    Bench::new().accepted(&message);
    message["user"]["custom_name"] = json!("é".repeat(101));
    let refusal = Bench::new().refused(words(&message));
    assert_eq!(refusal.reason, ReasonCode::PAYLOAD_FORMAT_INVALID);
    assert!(refusal.text.contains("custom_name"), "{refusal:?}");
}

#[test]
fn only_one_json_object_is_a_message() {
    let cases: [&[u8]; 12] = [
        b"",
        b"  ",
        b"[]",
        b"7",
        b"\"hi\"",
        b"{",
        b"{} {}",
        b"\xff\xfe",
        br#"[{"type":1,"text_message":{"text":"hi"}}]"#,
        br#"{"text_message":{"text":"hi"}}"#,
        br#"{"type":1}"#,
        br#"{"type":1,"text_message":{"text":7}}"#,
    ];
    for payload in cases {
        let refusal = Bench::new().refused(payload);
        assert_eq!(refusal.reason, ReasonCode::PAYLOAD_FORMAT_INVALID, "{refusal:?}");
        assert_eq!(refusal.retry_after, None);
    }
}

#[test]
fn a_refusal_quotes_nothing_of_the_payload() {
    for payload in [
        r#"{"type":1,"user":"s3cret","text_message":{"text":"hi"}}"#,
        r#"{"type":1,"text_message":{"text":["s3cret"]}}"#,
        r#"{"type":"s3cret"}"#,
        r#"{"type":1,"id":{"s3cret":1},"text_message":{"text":"hi"}}"#,
    ] {
        let refusal = Bench::new().refused(payload);
        assert!(!refusal.text.contains("s3cret"), "{refusal:?}");
    }
}

#[test]
fn a_text_is_neither_empty_nor_too_long() {
    for empty in ["", "   ", "\n\t"] {
        assert_eq!(Bench::new().refused(words(&text(empty))).reason, ReasonCode::PAYLOAD_FORMAT_INVALID);
    }
    Bench::new().accepted(&text(&"日".repeat(1000)));
    let refusal = Bench::new().refused(words(&text(&"日".repeat(1001))));
    assert_eq!(refusal.reason, ReasonCode::PAYLOAD_FORMAT_INVALID);
    assert_eq!(refusal.text, "the text has 1001 characters; 1000 are allowed");
}

#[test]
fn a_message_that_grows_too_large_by_its_stamps_is_refused_and_the_clock_stands() {
    let mut bench = Bench::new();
    let custom = |length: usize| {
        words(&json!({"type": "INTERACTION_TYPE_CUSTOM", "custom_message": {"value": "x".repeat(length)}}))
    };
    let refusal = bench.refused(custom(120 << 10));
    assert_eq!(refusal.reason, ReasonCode::PAYLOAD_FORMAT_INVALID);
    assert_eq!(bench.accepted(&text("hi"))["received_at"], "2026-01-02T03:04:05.000000000Z");
}

#[test]
fn clients_say_texts_customs_stickers_and_votes_and_nothing_else() {
    for custom in [json!({"value": "x"}), json!({"value": "[1, 2]", "more": 3})] {
        let said = Bench::new().accepted(&json!({"type": "INTERACTION_TYPE_CUSTOM", "custom_message": custom}));
        assert_eq!(said["custom_message"], custom);
    }
    let allowed = [Kind::Text, Kind::Custom, Kind::Sticker, Kind::PollUserVote];
    for kind in Kind::known().filter(|kind| !allowed.contains(kind)) {
        let mut message = json!({"type": kind.name()});
        if let Some(key) = kind.payload_key() {
            message[key] = json!({"id": "x", "key": "x", "message": {}});
        }
        let refusal = Bench::new().refused(words(&message));
        assert_eq!(refusal.reason, ReasonCode::NOT_AUTHORIZED, "{kind:?}");
        assert!(refusal.text.contains(kind.name()), "{refusal:?}");
    }
    for unknown in [json!("INTERACTION_TYPE_DANCE"), json!(6), json!(null), json!({}), json!("")] {
        let refusal = Bench::new().refused(words(&json!({"type": unknown})));
        assert_eq!(refusal.reason, ReasonCode::PAYLOAD_FORMAT_INVALID, "{unknown}");
    }
}

#[test]
fn an_id_is_kept_or_made() {
    let mut message = text("hi");
    message["id"] = json!("my-own_id:1");
    assert_eq!(Bench::new().accepted(&message)["id"], "my-own_id:1");
    for absent in [json!(""), Value::Null] {
        message["id"] = absent;
        let id = Bench::new().accepted(&message)["id"].as_str().unwrap().to_owned();
        assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 7);
    }
    for wrong in [json!("a".repeat(129)), json!("a b"), json!("ä"), json!("a\u{7}"), json!(7)] {
        message["id"] = wrong;
        assert_eq!(Bench::new().refused(words(&message)).reason, ReasonCode::PAYLOAD_FORMAT_INVALID);
    }
}

#[test]
fn received_at_grows_strictly_also_when_the_wall_clock_goes_back_and_after_a_restart() {
    let mut bench = Bench::with(&Settings::default(), Some("2026-01-02T03:04:06.000000007Z"));
    assert_eq!(bench.accepted(&text("1"))["received_at"], "2026-01-02T03:04:06.000000008Z");
    bench.now.wall = "2026-01-02T02:00:00Z".parse().unwrap();
    assert_eq!(bench.accepted(&text("2"))["received_at"], "2026-01-02T03:04:06.000000009Z");
    bench.now.wall = "2026-01-02T04:00:00.5Z".parse().unwrap();
    assert_eq!(bench.accepted(&text("3"))["received_at"], "2026-01-02T04:00:00.500000000Z");
}

proptest! {
    #[test]
    fn jumps_of_the_wall_clock_by_an_hour_change_neither_the_order_nor_the_pace(
        steps in prop::collection::vec((-3_600_i64..=3_600, 0_u64..700, prop::bool::weighted(0.1)), 1..80)
    ) {
        let (mut steady, mut jumping) = (Bench::new(), Bench::new());
        let mut last = None;
        for (jump, wait, restart) in steps {
            for bench in [&mut steady, &mut jumping] {
                bench.wait(Duration::from_millis(wait));
                if restart {
                    bench.rules = Rules::new(&Settings::default());
                    bench.rules.catch_up(last);
                }
            }
            jumping.now.wall += jiff::SignedDuration::from_secs(jump);
            let payload = words(&text("hi"));
            let (steady, jumping) = (steady.say(payload.as_bytes()), jumping.say(payload.as_bytes()));
            match (steady, jumping) {
                (Verdict::Accept { .. }, Verdict::Accept { message, .. }) => {
                    let received = message.received_at.map(Time::instant);
                    prop_assert!(received > last, "{received:?} is not after {last:?}");
                    last = received;
                }
                (steady, jumping) => prop_assert_eq!(steady, jumping),
            }
        }
    }
}

#[test]
fn a_viewer_may_burst_twice_the_rate_and_is_then_told_when_to_try_again() {
    let mut bench = Bench::new();
    for _ in 0..10 {
        bench.accepted(&text("hi"));
    }
    let refusal = bench.refused(words(&text("hi")));
    assert_eq!(refusal.reason, ReasonCode::QUOTA_EXCEEDED);
    assert_eq!(refusal.retry_after, Some(Duration::from_millis(300)));
    bench.wait(Duration::from_millis(300));
    bench.accepted(&text("hi"));
}

#[test]
fn what_was_sent_behind_a_refused_message_does_not_overtake_it() {
    let mut bench = Bench::new();
    bench.author.is_admin = true;
    for _ in 0..200 {
        bench.accepted(&text("hi"));
    }
    bench.wait(Duration::from_micros(9_100));
    let first = bench.refused(words(&text("refused"))).retry_after.unwrap();
    assert_eq!(first, Duration::from_millis(300));
    bench.wait(Duration::from_micros(299_950));
    let behind = bench.refused(words(&text("behind")));
    assert_eq!(behind.retry_after, Some(Duration::from_millis(1)), "there is room, and yet it waits its turn");
    bench.wait(Duration::from_micros(50));
    bench.accepted(&text("refused"));
}

#[test]
fn one_person_has_one_bucket_and_others_have_theirs() {
    let mut bench = Bench::new();
    for device in 0..10 {
        bench.author.device_id = format!("device {device}");
        bench.accepted(&text("hi"));
    }
    bench.refused(words(&text("hi")));
    bench.author.id = "bob".into();
    bench.accepted(&text("hi"));
}

#[test]
fn what_is_no_message_counts_too() {
    let mut bench = Bench::new();
    for _ in 0..10 {
        assert_eq!(bench.refused("nonsense").reason, ReasonCode::PAYLOAD_FORMAT_INVALID);
    }
    assert_eq!(bench.refused("nonsense").reason, ReasonCode::QUOTA_EXCEEDED);
}

#[test]
fn the_quiet_are_forgotten_once_their_bucket_is_full() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        bench.accepted(&text("hi"));
    }
    bench.wait(Duration::from_millis(599));
    bench.rules.forget_the_quiet(bench.now.monotonic);
    assert_eq!(bench.rules.rates.len(), 1);
    bench.wait(Duration::from_millis(1));
    bench.rules.forget_the_quiet(bench.now.monotonic);
    assert_eq!(bench.rules.rates.len(), 0);
}

proptest! {
    #[test]
    fn no_payload_panics_and_what_is_accepted_bears_the_authors_name(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Verdict::Accept { message, .. } = Bench::new().say(&payload) {
            prop_assert_eq!(message.user.id.as_ref().map(UserId::as_str), Some("ada"));
        }
    }

    #[test]
    fn over_any_second_no_more_than_the_rate_and_the_burst_get_through(gaps in proptest::collection::vec(0u64..400, 1..300)) {
        let mut bench = Bench::new();
        let mut said = Vec::new();
        for gap in gaps {
            bench.wait(Duration::from_millis(gap));
            if let Verdict::Accept { .. } = bench.say(words(&text("hi")).as_bytes()) {
                said.push(bench.now.monotonic);
            }
        }
        for (index, from) in said.iter().enumerate() {
            let within = said[index..].iter().take_while(|at| **at < *from + Duration::from_secs(1)).count();
            prop_assert!(within <= 15, "{within}");
        }
    }
}

fn custom(bytes: usize) -> Value {
    json!({"type": "INTERACTION_TYPE_CUSTOM", "user": {"custom_name": "Ada"}, "custom_message": {"value": "x".repeat(bytes)}})
}

#[test]
fn a_viewers_bytes_are_limited_beside_the_messages() {
    let mut bench = Bench::new();
    let message = custom(100 << 10);
    let mut bytes = 0;
    for _ in 0..100 {
        match bench.say(message.to_string().as_bytes()) {
            Verdict::Accept { .. } => bytes += message.to_string().len(),
            Verdict::Refuse(refusal) | Verdict::RefuseUnlessSaid(_, refusal) => {
                assert_eq!(refusal.reason, ReasonCode::QUOTA_EXCEEDED);
                assert!(refusal.text.contains("32768 bytes a second"), "{}", refusal.text);
                assert!(refusal.retry_after.is_some());
            }
        }
        bench.wait(Duration::from_millis(100));
    }
    assert!((500 << 10..=(256 + 320) << 10).contains(&bytes), "{bytes}");
    bench.author.is_admin = true;
    for _ in 0..20 {
        bench.accepted(&message);
    }
}

#[test]
fn a_viewer_who_waits_as_told_is_accepted() {
    let mut bench = Bench::new();
    let message = custom(100 << 10);
    bench.accepted(&message);
    bench.accepted(&message);
    for _ in 0..10 {
        let wait = bench.refused(message.to_string()).retry_after.unwrap();
        bench.wait(wait);
        bench.accepted(&message);
    }
}

#[test]
fn a_message_larger_than_the_burst_is_accepted_after_a_pause() {
    let mut settings = Settings::default();
    settings.set("rate.viewer_burst", "1KiB").unwrap();
    let mut bench = Bench::with(&settings, None);
    let message = custom(64 << 10);
    bench.accepted(&message);
    let wait = bench.refused(message.to_string()).retry_after.unwrap();
    assert_eq!(wait.as_secs(), 2);
    bench.wait(wait);
    bench.accepted(&message);
}

#[test]
fn unknown_fields_are_bounded_wherever_they_stand() {
    let places: [fn(&mut Value, Value); 4] = [
        |message, value| message["mood"] = value,
        |message, value| message["user"]["mood"] = value,
        |message, value| message["text_message"]["mood"] = value,
        |message, value| message["user"]["action_taker"] = json!({"custom_name": value}),
    ];
    for (number, place) in places.into_iter().enumerate() {
        for (size, fits) in [(4_000, true), (4_200, false)] {
            let mut message = text("hi");
            place(&mut message, "x".repeat(size).into());
            match Bench::new().say(message.to_string().as_bytes()) {
                Verdict::Accept { .. } => assert!(fits, "{number}: {size}"),
                Verdict::Refuse(refusal) | Verdict::RefuseUnlessSaid(_, refusal) => {
                    assert!(!fits && refusal.text.contains("4096 are allowed"), "{number}, {size}: {}", refusal.text);
                }
            }
        }
    }
    let mut custom = custom(1);
    custom["custom_message"]["incr"] = json!({"key": "like", "value": 1, "mood": "x".repeat(5_000)});
    assert!(Bench::new().refused(custom.to_string()).text.contains("not known here"));
    // Many small ones count together.
    let mut many = text("hi");
    for number in 0..300 {
        many[format!("field-{number}")] = "x".into();
    }
    assert!(Bench::new().refused(many.to_string()).text.contains("4096 are allowed"));
}
