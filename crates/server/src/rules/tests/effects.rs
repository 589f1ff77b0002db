//! What a message does in the room, and what the room does to it.

use chatroom_wire::poll::{MultiChoice, Poll, PollKind, PollOption, PollStatus};

use super::*;
use crate::store::CounterRecord;

impl Bench {
    fn in_room(change: impl FnOnce(&mut RoomRecord)) -> Self {
        let mut record = record();
        change(&mut record);
        Self { room: Standing::new(record), ..Self::new() }
    }

    /// It is refused with this code and this text, unless it was said before.
    fn denied(&mut self, message: &Value) -> (ReasonCode, String) {
        let mut message = message.clone();
        message["id"] = json!("mine");
        match self.say(message.to_string().as_bytes()) {
            Verdict::RefuseUnlessSaid(id, refusal) => {
                assert_eq!(id.as_str(), "mine");
                (refusal.reason, refusal.text.into_owned())
            }
            other => panic!("{message} came to {other:?}"),
        }
    }
}

fn custom(value: &str, incr: Value) -> Value {
    let mut message = json!({"type": "INTERACTION_TYPE_CUSTOM", "custom_message": {"value": value}});
    if !incr.is_null() {
        message["custom_message"]["incr"] = incr;
    }
    message
}

fn press(by: i64) -> Value {
    custom("", json!({"key": "like", "value": by}))
}

fn sticker(pack: &str, id: &str) -> Value {
    json!({"type": "INTERACTION_TYPE_STICKER", "sticker_message": {"sticker_pack_id": pack, "id": id, "text": "forged"}})
}

fn vote(poll: &str, options: &[&str]) -> Value {
    json!({"type": "INTERACTION_TYPE_POLL_USER_VOTE", "poll_user_vote": {"poll_id": poll, "option_ids": options}})
}

fn with_poll(kind: PollKind) -> impl FnOnce(&mut RoomRecord) {
    let option = |id: &str| PollOption { id: Some(id.into()), ..PollOption::default() };
    let options = vec![option("a"), option("b")];
    let multi_choice = MultiChoice { options, ..MultiChoice::default() };
    let poll = Poll { id: Some("p".into()), kind, status: PollStatus::Active, multi_choice, ..Poll::default() };
    |record| record.active_poll = Some(poll)
}

fn with_counters(record: &mut RoomRecord) {
    let counter = |key: &str, disabled| CounterRecord {
        key: key.to_owned(),
        value: 0,
        version: 0,
        updated_at: record.created_at,
        disabled,
    };
    record.custom_counters = vec![counter("like", false), counter("old", true)];
}

fn block_ada(record: &mut RoomRecord) {
    record.blocked_users = vec![chatroom_wire::User { id: Some("ada".into()), ..chatroom_wire::User::default() }];
}

#[test]
fn a_muted_viewer_is_refused_with_a_reason_and_an_admin_and_votes_go_on() {
    let mut bench = Bench::in_room(|record| {
        with_poll(PollKind::SingleChoice)(record);
        record.muted = true;
    });
    for message in [text("hi"), custom("x", Value::Null), sticker("live", "heart")] {
        assert_eq!(bench.denied(&message), (ReasonCode::NOT_AUTHORIZED, "the room is muted".to_owned()));
    }
    bench.accepted(&vote("p", &["a"]));
    bench.author.is_admin = true;
    bench.accepted(&text("hi"));
}

#[test]
fn a_message_of_somebody_blocked_is_theirs_alone_marked_and_counts_nowhere() {
    let mut bench = Bench::in_room(|record| {
        with_poll(PollKind::SingleChoice)(record);
        with_counters(record);
        block_ada(record);
    });
    for message in [text("hi"), press(3), sticker("live", "heart"), vote("p", &["a"])] {
        let (said, audience, changes) = bench.effect(&message);
        assert_eq!(said["user"]["blocked"], true);
        assert_eq!((audience, changes), (Audience::Author, Vec::new()), "{message}");
    }
    bench.author.id = "bob".into();
    let (said, audience, _) = bench.effect(&text("hi"));
    assert_eq!((said["user"]["blocked"].clone(), audience), (json!(false), Audience::Everyone));
}

#[test]
fn a_text_that_is_a_word_of_a_dictionary_in_use_is_marked() {
    let mut bench = Bench::in_room(|record| record.dictionaries = vec!["d".into()]);
    bench.words.set(&"d".into(), ["spam"]);
    bench.words.set(&"other".into(), ["ham"]);
    for (words, filtered) in
        [("spam", json!(true)), (" SPAM ", json!(true)), ("spam?", Value::Null), ("ham", Value::Null)]
    {
        let mut message = text(words);
        message["text_message"]["filtered"] = json!(filtered.is_null());
        let (said, audience, _) = bench.effect(&message);
        assert_eq!(said["text_message"]["filtered"], filtered, "{words}");
        assert_eq!(audience, Audience::Everyone);
    }
    bench.author.is_admin = true;
    assert_eq!(bench.accepted(&text("spam"))["text_message"]["filtered"], true, "it holds for everybody");
}

#[test]
fn presses_count_by_their_batch_or_by_their_number() {
    let count = |by| vec![Change::Count { key: "like".to_owned(), by }];
    let like = |value: i64| json!({"key": "like", "value": value});
    for (message, changes) in [
        (press(1), count(1)),
        (press(25_600), count(25_600)),
        (custom("[1, {}, \"x\"]", like(7)), count(3)),
        (custom(" [null]", like(7)), count(1)),
        (custom("[]", like(7)), count(7)),
        (custom("[1,", like(7)), count(7)),
        (custom("{}", like(7)), count(7)),
        (custom("[1, 2]", Value::Null), Vec::new()),
    ] {
        assert_eq!(Bench::in_room(with_counters).effect(&message).2, changes, "{message}");
    }
}

#[test]
fn a_press_that_counts_for_nothing_is_refused_with_a_reason() {
    let with = |key: &str, value: i64| custom("", json!({"key": key, "value": value}));
    let range = |by: i64| format!("a counter is pressed 1 to 25600 times by one message, not {by}");
    for (message, words) in [
        (press(0), range(0)),
        (press(-1), range(-1)),
        (press(25_601), range(25_601)),
        (press(i64::MAX), range(i64::MAX)),
        (with("wow", 1), "the room has no such counter".to_owned()),
        (with("old", 1), "this counter counts no more".to_owned()),
    ] {
        let denied = Bench::in_room(with_counters).denied(&message);
        assert_eq!(denied, (ReasonCode::PAYLOAD_FORMAT_INVALID, words), "{message}");
    }
}

#[test]
fn a_vote_is_its_authors_alone_and_counts() {
    for (kind, options) in
        [(PollKind::SingleChoice, &["b"][..]), (PollKind::MultiChoice, &["a"]), (PollKind::MultiChoice, &["b", "a"])]
    {
        let (_, audience, changes) = Bench::in_room(with_poll(kind)).effect(&vote("p", options));
        let options = options.iter().map(|id| (*id).into()).collect();
        assert_eq!(audience, Audience::Author);
        assert_eq!(changes, [Change::Vote { user: "ada".into(), poll: "p".into(), options }]);
    }
}

#[test]
fn a_vote_that_can_not_count_is_refused_with_a_reason() {
    use PollKind::{MultiChoice, SingleChoice};
    let broken = json!({"type": "INTERACTION_TYPE_POLL_USER_VOTE", "poll_user_vote": {"option": 2}});
    let absent = json!({"type": "INTERACTION_TYPE_POLL_USER_VOTE"});
    for (kind, message, words) in [
        (SingleChoice, vote("q", &["a"]), "this poll takes no votes now"),
        (SingleChoice, vote("p", &[]), "a vote chooses at least one option"),
        (MultiChoice, vote("p", &[]), "a vote chooses at least one option"),
        (SingleChoice, vote("p", &["a", "b"]), "this poll takes one option only"),
        (MultiChoice, vote("p", &["a", "b", "a"]), "a vote chooses each option once"),
        (MultiChoice, vote("p", &["a", "c"]), "the poll has no such option"),
        (SingleChoice, broken, "poll_user_vote is missing, or of the wrong form"),
        (SingleChoice, absent, "poll_user_vote is missing, or of the wrong form"),
    ] {
        let denied = Bench::in_room(with_poll(kind)).denied(&message);
        assert_eq!(denied, (ReasonCode::PAYLOAD_FORMAT_INVALID, words.to_owned()), "{message}");
    }
}

#[test]
fn the_server_writes_what_stands_for_a_sticker() {
    let said = Bench::new().accepted(&sticker("live", "heart"));
    assert_eq!(said["sticker_message"]["text"], "❤️");
}

#[test]
fn a_sticker_that_the_room_does_not_have_is_refused_with_a_reason() {
    let off = |record: &mut RoomRecord| record.sticker_packs = BTreeMap::from([("live".into(), false)]);
    let broken = json!({"type": "INTERACTION_TYPE_STICKER", "sticker": {"id": 1}});
    for (mut bench, message, words) in [
        (Bench::in_room(off), sticker("live", "heart"), "the room does not use this pack of stickers"),
        (Bench::new(), sticker("dead", "heart"), "the room does not use this pack of stickers"),
        (Bench::new(), sticker("live", "brick"), "there is no such sticker"),
        (Bench::new(), broken, "sticker_message is missing, or of the wrong form"),
    ] {
        let denied = bench.denied(&message);
        assert_eq!(denied, (ReasonCode::PAYLOAD_FORMAT_INVALID, words.to_owned()), "{message}");
    }
}

#[test]
fn the_name_that_was_taken_in_the_room_goes_before_the_tokens_and_behind_the_messages() {
    let mut bench = Bench::new();
    bench.renamed = Some("Countess");
    assert_eq!(bench.accepted(&text("hi"))["user"]["custom_name"], "ada");
    let mut message = text("hi");
    message["user"] = json!({});
    assert_eq!(bench.accepted(&message)["user"]["custom_name"], "Countess");
}
