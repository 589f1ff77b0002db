//! What holds for every message, and that nothing which comes from the network panics.

mod strategies;

use chatroom_wire::{
    Chatroom, Claims, Config, Endpoint, Kind, LinkUrl, Message, RawJson, Signature, Time, Token, body,
    config::Connection,
    envelope,
    poll::{Poll, PollMessage, PollStatus, Vote},
    rest::{MessagesPage, MessagesQuery, PAGE_MAX, PollBody, PollsPage, StickerPackAnswer, TokenAnswer},
    sticker::StickerMessage,
    user_name,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use strategies::{json, message, payload, poll, sticker_pack, text, time, unknown_type};

/// The types whose payloads may be of another service's shape.
const OPTIONAL: [Kind; 6] =
    [Kind::PollStarted, Kind::PollClosed, Kind::PollArchived, Kind::PollUpdate, Kind::PollUserVote, Kind::Sticker];

/// Whether this reads as one of our payloads for them; which one does not matter.
fn is_ours(json: &Value) -> bool {
    fn reads<T: serde::de::DeserializeOwned>(json: &Value) -> bool {
        serde_json::from_value::<T>(json.clone()).is_ok()
    }
    reads::<PollMessage>(json) || reads::<Vote>(json) || reads::<StickerMessage>(json)
}

fn decode_one(payload: &[u8]) -> Result<Message, TestCaseError> {
    let mut elements = envelope::decode(payload).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(elements.len(), 1);
    elements.remove(0).map_err(|error| TestCaseError::fail(format!("{error}: {}", error.raw.as_str())))
}

/// Feeds a text to everything that reads what others wrote.
fn read_all(bytes: &[u8]) {
    let _ = envelope::decode(bytes);
    let _ = Config::from_json(bytes);
    let _ = body::read::<TokenAnswer>(bytes);
    let _ = body::read::<MessagesPage>(bytes);
    let _ = body::read::<Chatroom>(bytes);
    let _ = body::read::<PollBody>(bytes);
    let _ = body::read::<PollsPage>(bytes);
    let _ = body::read::<StickerPackAnswer>(bytes);
    let text = String::from_utf8_lossy(bytes);
    let _ = Claims::of(&Token::new(&*text));
    let _ = user_name::decode(&text);
    let _ = text.parse::<Endpoint>();
    let _ = text.parse::<LinkUrl>();
    let _ = text.parse::<Time>();
    let _ = RawJson::from_text(&text);
    let _ =
        MessagesQuery::from_pairs(["before_at", "after_at", "limit", "from_oldest", "types"].map(|key| (key, &*text)));
}

const SEEDS: [&str; 10] = [
    include_str!("../../testdata/batch_of_server.json"),
    include_str!("../../testdata/message_unknown_fields.json"),
    include_str!("../../testdata/message_custom_counter_update.json"),
    include_str!("../../testdata/config_of_chatroom_serve.json"),
    include_str!("../../testdata/chatroom_with_poll.json"),
    include_str!("../../testdata/message_poll_closed.json"),
    include_str!("../../testdata/message_poll_user_vote.json"),
    include_str!("../../testdata/message_sticker.json"),
    include_str!("../../testdata/answer_polls_page.json"),
    "any?x-token=a.b.c&x-amz-customauthorizer-signature=c2ln%2Bg%3D%3D&x-amz-customauthorizer-name=n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_message_of_any_type_survives_writing_and_reading(message in message()) {
        prop_assert_eq!(decode_one(&envelope::encode(&message))?, message);
    }

    #[test]
    fn a_batch_holds_its_messages_in_their_order(messages in vec(message(), 0..4)) {
        let encoded: Vec<_> = messages.iter().map(envelope::encode).collect();
        let elements = envelope::decode(&envelope::join(encoded.iter().map(Vec::as_slice))).unwrap();
        let read: Vec<_> = elements.into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(read, messages);
    }

    #[test]
    fn the_order_of_keys_is_nothing(message in message()) {
        let json: Map<String, Value> = serde_json::from_slice(&envelope::encode(&message)).unwrap();
        let reversed: Map<String, Value> = json.into_iter().rev().collect();
        let read = decode_one(Value::Object(reversed).to_string().as_bytes())?;
        let sorted = |message: &Message| {
            let mut extra: Vec<_> =
                message.extra.iter().map(|(name, raw)| (name.clone(), raw.parse::<Value>().unwrap())).collect();
            extra.sort_by(|one, other| one.0.cmp(&other.0));
            extra
        };
        prop_assert_eq!(sorted(&read), sorted(&message));
        prop_assert_eq!(Message { extra: Vec::new(), ..read }, Message { extra: Vec::new(), ..message });
    }

    #[test]
    fn an_object_with_a_type_that_has_no_typed_payload_is_kept_whole(
        fields in vec((prop_oneof![text(), "[a-z_]{1,12}"], json()), 0..6),
        kind in prop_oneof![
            unknown_type().prop_map(|raw| raw.parse::<Value>().unwrap()),
            select(vec!["INTERACTION_TYPE_MUTE", "INTERACTION_TYPE_STICKER", "INTERACTION_TYPE_POLL_UPDATE"])
                .prop_map(Value::from),
        ],
    ) {
        let mut object: Map<String, Value> = fields.into_iter().filter(|(key, _)| key != "id" && key != "user").collect();
        object.insert("type".to_owned(), kind);
        let text = Value::Object(object.clone()).to_string();
        let read = decode_one(text.as_bytes())?;
        let back: Value = serde_json::from_slice(&envelope::encode(&read)).unwrap();
        prop_assert_eq!(back, Value::Object(object));
    }

    #[test]
    fn a_payload_that_is_not_ours_is_kept_byte_for_byte(
        kind in select(OPTIONAL.to_vec()),
        payload in json().prop_filter("a payload of ours", |json| !is_ours(json)),
        is_pretty in any::<bool>(),
    ) {
        let key = kind.payload_key().unwrap();
        let raw = if is_pretty { serde_json::to_string_pretty(&payload).unwrap() } else { payload.to_string() };
        let read = decode_one(format!("{{ \"type\" :\"{}\", \"{key}\": {raw} }}", kind.name()).as_bytes())?;
        prop_assert_eq!(read.field(key).map(RawJson::as_str), Some(&*raw));
        let encoded = String::from_utf8(envelope::encode(&read)).unwrap();
        prop_assert_eq!(&encoded, &format!("{{\"type\":\"{}\",\"{key}\":{raw}}}", kind.name()));
        prop_assert_eq!(decode_one(encoded.as_bytes())?, read);
    }

    #[test]
    fn pages_of_polls_and_packs_of_stickers_survive_writing_and_reading(
        polls in vec(poll(), 0..3),
        next_page_token in text(),
        pack in sticker_pack(),
    ) {
        let page = PollsPage { polls, next_page_token };
        prop_assert_eq!(body::read::<PollsPage>(&serde_json::to_vec(&page).unwrap()), Ok(page));
        prop_assert_eq!(body::read::<StickerPackAnswer>(&serde_json::to_vec(&pack).unwrap()), Ok(pack));
    }

    #[test]
    fn a_room_reads_the_polls_of_ours_and_no_other_and_spoils_nothing(
        ours in poll(),
        theirs in json().prop_filter("a poll of ours", |json| serde_json::from_value::<Poll>(json.clone()).is_err()),
    ) {
        let room = |active_poll: Value| {
            let room = json!({"id": "r", "muted": true, "active_poll": active_poll, "x_after": 1});
            body::read::<Chatroom>(room.to_string().as_bytes()).unwrap()
        };
        let without = room(Value::Null);
        prop_assert_eq!(&room(theirs), &without);
        let with = room(serde_json::to_value(&ours).unwrap());
        prop_assert_eq!(with, Chatroom { active_poll: Some(ours), ..without });
    }

    #[test]
    fn viewers_learn_which_answer_is_right_when_the_poll_is_closed(poll in poll()) {
        let shown = poll.for_viewers();
        let is_over = matches!(poll.status, PollStatus::Closed | PollStatus::Archived);
        prop_assert!(is_over || shown.multi_choice.options.iter().all(|option| option.corrected.is_none()));
        let mut expected = poll;
        if !is_over {
            expected.multi_choice.options.iter_mut().for_each(|option| option.corrected = None);
        }
        prop_assert_eq!(shown, expected);
    }

    #[test]
    fn a_number_from_1_to_5_is_the_name(number in 1u64..=5) {
        let kind = Kind::from_number(number).unwrap();
        prop_assert_eq!(Kind::from_name(kind.name()), Some(kind));
    }

    #[test]
    fn a_time_is_written_as_it_was_read(time in time()) {
        prop_assert_eq!(time.to_string().parse::<Time>(), Ok(time));
    }

    #[test]
    fn a_user_name_gives_back_what_it_was_made_of(
        authorizer in text(),
        signature in text(),
        token in text(),
        prefix in "[^?]{0,8}",
    ) {
        let mut connection: Connection = serde_json::from_str(
            r#"{"endpoint":"host.example","authorizer":"","token":"","signature":"","client_id":"c"}"#,
        ).unwrap();
        connection.authorizer.clone_from(&authorizer);
        connection.signature = Signature::new(signature);
        connection.token = Token::new(token);
        let encoded = user_name::encode(&connection);
        prop_assert!(encoded.is_ascii() && !encoded.contains(' '));
        let credentials = user_name::decode(&format!("{prefix}{}", &*encoded)).unwrap();
        prop_assert_eq!(credentials.authorizer, authorizer);
        prop_assert_eq!(credentials.signature, connection.signature);
        prop_assert_eq!(credentials.token, connection.token);
    }

    #[test]
    fn a_query_survives_its_pairs(
        before_at in option::of(time()),
        after_at in option::of(time()),
        limit in option::of(1..=PAGE_MAX),
        from_oldest in any::<bool>(),
        types in vec(select(Kind::known().collect::<Vec<_>>()), 0..4),
    ) {
        let query = MessagesQuery { before_at, after_at, limit, from_oldest, types };
        let pairs = query.pairs();
        prop_assert_eq!(MessagesQuery::from_pairs(pairs.iter().map(|(key, value)| (*key, value.as_str()))), Ok(query));
    }

    #[test]
    fn types_are_read_from_a_list_with_commas_too(types in vec(select(Kind::known().collect::<Vec<_>>()), 0..4)) {
        let list = types.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",");
        prop_assert_eq!(MessagesQuery::from_pairs([("types", list.as_str())]).unwrap().types, types);
    }

    #[test]
    fn an_endpoint_is_written_as_it_was_read(text in "[a-z0-9.:\\[\\]-]{1,20}") {
        if let Ok(endpoint) = text.parse::<Endpoint>() {
            prop_assert_eq!(endpoint.to_string().parse::<Endpoint>(), Ok(endpoint));
        }
        if let Ok(url) = format!("wss://{text}/mqtt").parse::<LinkUrl>() {
            prop_assert_eq!(url.to_string().parse::<LinkUrl>(), Ok(url));
        }
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in text()) {
        read_all(text.as_bytes());
        read_all(format!("wss://{text}").as_bytes());
        read_all(format!("?x-token={text}&x-amz-customauthorizer-signature={text}").as_bytes());
    }

    #[test]
    fn arbitrary_json_is_read_or_refused(json in json()) {
        read_all(json.to_string().as_bytes());
        read_all(format!("[{json},{json}]").as_bytes());
        read_all(format!(r#"{{"type":1,"user":{json},"text_message":{json},"sent_at":{json}}}"#).as_bytes());
    }

    #[test]
    fn a_good_text_with_a_few_bytes_changed_is_read_or_refused(
        seed in select(&SEEDS[..]),
        changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        end in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = seed.as_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        read_all(&bytes);
        read_all(&bytes[..end.index(bytes.len())]);
    }
}

#[test]
fn every_known_type_is_among_the_generated_messages() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..2_000 {
        seen.insert(payload().new_tree(&mut runner).unwrap().current().kind());
    }
    assert!(Kind::known().all(|kind| seen.contains(&kind)), "{seen:?}");
    assert!(seen.contains(&Kind::Unknown));
}
