//! Every call asks exactly what is documented, on a room as on a visitor (docs/protocol.md, section C).

use chatroom_client::{
    Builder, CallError, Dictionaries, Visitor,
    wire::{
        DictionaryId, Kind, Message, MessageId, PatternId, PollId, StickerPackId, Time, Token, User, UserId,
        payload::PinnedMessage,
        poll::{MultiChoice, Poll, PollKind, PollOption},
        rest::{MessagesQuery, PollAction, WriteDictionary},
    },
};
use chatroom_testkit::token;

use crate::service::{Asked, Service, json};

/// Fits every call.
const ANSWER: &str = r#"{
    "connection": {"endpoint": "chat.example", "authorizer": "a", "token": "t", "signature": "s", "client_id": "c"},
    "topic": {"pub": "p", "sub": "s"},
    "chatroom": {"id": "room"}, "messages": [], "poll": {}, "polls": [], "results": [],
    "sticker_packs": [], "sticker_pack": {"id": "pack"}, "stickers": [], "enabled": true,
    "dictionary": {"id": "words"}, "dictionaries": [], "pattern": {"id": "p", "text": "x"}, "patterns": [],
    "pattern_count": "3"
}"#;

/// An id that would lead elsewhere if it were not encoded.
const ID: &str = "a/b:c?é";
const PATH: &str = "a%2Fb%3Ac%3F%C3%A9";

fn said() -> Message {
    let json = r#"{"id":"a/b:c?é","type":1,"text_message":{"text":"hi"},"received_at":"2026-01-01T00:00:00.5Z",
        "user":{"id":"ada","device_id":"phone","custom_name":"Ada","is_admin":false,"is_guest":true}}"#;
    serde_json::from_str(json).expect("this is a message")
}

fn user() -> User {
    said().user
}

fn poll() -> Poll {
    let options = [("yes", true), ("no", false)];
    let options = options.map(|(text, right)| PollOption {
        text: text.to_owned(),
        corrected: Some(right),
        ..PollOption::default()
    });
    Poll {
        id: Some(PollId::from(ID)),
        kind: PollKind::MultiChoice,
        multi_choice: MultiChoice { question: "Tea?".to_owned(), options: options.to_vec(), ..MultiChoice::default() },
        ..Poll::default()
    }
}

const POLL: &str = r#"{"poll":{"id":"a/b:c?é","type":"POLL_TYPE_MULTI_CHOICE","status":"POLL_STATUS_QUEUED","votes_count":0,"multi_choice":{"question":"Tea?","options":[{"text":"yes","corrected":true,"votes_count":0},{"text":"no","corrected":false,"votes_count":0}]}}}"#;
const GRACE: &str = r#"{"action_taker":{"custom_name":"Grace"}}"#;

/// Makes every call of the table once: with what was expected of it, and what came of it.
macro_rules! every_call {
    ($handle:expr, $check:expr) => {{
        let (handle, mut check) = (&$handle, $check);
        let id = MessageId::from(ID);
        let (poll_id, pack) = (PollId::from(ID), StickerPackId::from(ID));
        let time: Time = "2026-01-01T00:00:00.5Z".parse().unwrap();
        let delete = "action_taker.custom_name=Grace";
        let query = MessagesQuery {
            before_at: Some(time),
            limit: Some(20),
            types: vec![Kind::Text, Kind::Custom],
            ..MessagesQuery::default()
        };
        macro_rules! row {
            ($call:expr, $line:expr, $body:expr) => {
                let result: Result<_, CallError> = $call.await;
                check(result.map(drop), &$line, &$body);
            };
        }
        row!(handle.mute(), "POST /chatrooms:mute", GRACE);
        row!(handle.unmute(), "POST /chatrooms:unmute", GRACE);
        row!(
            handle.block(&user()),
            "POST /chatrooms/users:block",
            r#"{"blocked_user":{"id":"ada","device_id":"phone","custom_name":"Ada","action_taker":{"custom_name":"Grace"}}}"#
        );
        row!(
            handle.unblock(&UserId::from(ID)),
            "POST /chatrooms/users:unblock",
            r#"{"unblocked_user":{"id":"a/b:c?é","custom_name":"","action_taker":{"custom_name":"Grace"}}}"#
        );
        row!(
            handle.pin(&said()),
            "POST /chatrooms/messages:pin",
            r#"{"pinned_message":{"message":{"id":"a/b:c?é","text":"hi","sender":{"id":"ada","device_id":"phone","custom_name":"Ada"}},"action_taker":{"custom_name":"Grace"}}}"#
        );
        row!(
            handle.pin_message(PinnedMessage { id: Some(id.clone()), ..PinnedMessage::default() }),
            "POST /chatrooms/messages:pin",
            r#"{"pinned_message":{"message":{"id":"a/b:c?é","text":""},"action_taker":{"custom_name":"Grace"}}}"#
        );
        row!(
            handle.unpin(&id),
            "POST /chatrooms/messages:unpin",
            r#"{"unpinned_message":{"message":{"id":"a/b:c?é"},"action_taker":{"custom_name":"Grace"}}}"#
        );
        row!(handle.delete(&id, None), format!("DELETE /chatrooms/messages/{PATH}?{delete}"), "");
        row!(
            handle.delete(&id, Some(time)),
            format!("DELETE /chatrooms/messages/{PATH}?{delete}&received_at=2026-01-01T00%3A00%3A00.5Z"),
            ""
        );
        row!(
            handle.show_viewers(true),
            "PUT /chatrooms/viewer-infos",
            r#"{"viewer_info":{"enabled":true},"action_taker":{"custom_name":"Grace"}}"#
        );
        row!(handle.create_poll(&poll()), "POST /chatrooms/polls", POLL);
        row!(handle.polls(None, None), "GET /chatrooms/polls", "");
        row!(
            handle.polls(Some("é&"), Some(20)),
            "GET /chatrooms/polls?page_size=20&page_token=%C3%A9%26",
            ""
        );
        row!(handle.poll(&poll_id), format!("GET /chatrooms/polls/{PATH}"), "");
        row!(handle.update_poll(&poll()), format!("PUT /chatrooms/polls/{PATH}"), POLL);
        row!(handle.delete_poll(&poll_id), format!("DELETE /chatrooms/polls/{PATH}"), "");
        for (action, name) in [(PollAction::Start, "START"), (PollAction::Close, "CLOSE"), (PollAction::Archive, "ARCHIVE")]
        {
            row!(
                handle.change_poll(&poll_id, action),
                format!("POST /chatrooms/polls/{PATH}:change"),
                format!(r#"{{"action":"ACTION_{name}","action_taker":{{"custom_name":"Grace"}}}}"#)
            );
        }
        row!(handle.dictionaries(None, Some(5)), "GET /chatrooms/dictionaries?page_size=5", "");
        row!(
            handle.enable_dictionaries(&["d1".into(), "d2".into()], false),
            "POST /chatrooms/dictionaries:batch-update",
            r#"{"ids":["d1","d2"],"enabled":false}"#
        );
        row!(handle.sticker_packs(), "GET /chatrooms/stickerpacks", "");
        row!(handle.sticker_pack(&pack), format!("GET /chatrooms/stickerpacks/{PATH}"), "");
        row!(handle.all_sticker_packs(), "POST /chatrooms/stickerpacks:admin-list", "{}");
        row!(
            handle.enable_sticker_pack(&pack, true),
            format!("PUT /chatrooms/stickerpacks/{PATH}"),
            r#"{"enabled":true}"#
        );
        row!(handle.chatroom(), "GET /chatrooms", "");
        row!(handle.config(), "GET /chatrooms/config", "");
        row!(
            handle.messages_page(&query),
            "GET /chatrooms/messages?before_at=2026-01-01T00%3A00%3A00.5Z&limit=20&types=INTERACTION_TYPE_TEXT&types=INTERACTION_TYPE_CUSTOM",
            ""
        );
        row!(handle.rename("Ada L."), "PUT /chatrooms/users", r#"{"custom_name":"Ada L."}"#);
        row!(handle.mute(), "POST /chatrooms:mute", r#"{"action_taker":{"custom_name":"Ada L."}}"#);
    }};
}

#[tokio::test]
async fn a_visitor_asks_exactly_what_is_documented() {
    let mut service = Service::json("200 OK", ANSWER).await;
    let visitor = Visitor::new(&service.rest(), Token::new("chat")).name("Grace");
    every_call!(visitor, |result: Result<(), CallError>, line: &str, body: &str| {
        assert_eq!(result, Ok(()), "{line}");
        let [asked] = &service.all_asked()[..] else { panic!("{line} is one call") };
        assert_eq!((&*asked.line(), asked.body()), (line, body));
        assert_eq!(asked.bearer(), Some("chat"));
        assert_eq!(asked.header("content-type"), (!body.is_empty()).then_some("application/json"), "{line}");
    });
}

#[tokio::test]
async fn a_room_asks_the_same_with_its_sessions_token() {
    // Without a config the session does not get on, and calls do.
    let mut service = Service::start(async |asked: Asked| {
        let config = asked.line() == "GET /chatrooms/config";
        json(if config { "503 Busy" } else { "200 OK" }, ANSWER)
    })
    .await;
    let token = token::good();
    let builder = Builder::with_token(Token::new(token.clone())).rest(&service.rest()).name("Grace");
    let (room, _events) = builder.build().unwrap();
    every_call!(room, |result: Result<(), CallError>, line: &str, body: &str| {
        assert_eq!(result.is_ok(), line != "GET /chatrooms/config", "{line}");
        let asked = service.all_asked();
        let found = asked.iter().any(|asked| asked.line() == line && asked.body() == body);
        assert!(found && asked.iter().all(|asked| asked.bearer() == Some(&token)), "{line}: {asked:?}");
    });
}

#[tokio::test]
async fn dictionaries_are_kept_as_documented() {
    let mut service = Service::json("200 OK", ANSWER).await;
    let dictionaries = Dictionaries::new(&service.rest(), Token::new("of dictionaries"));
    let (id, pattern) = (DictionaryId::from(ID), PatternId::from("é/p"));
    let words = WriteDictionary { name: "rude".to_owned(), ..WriteDictionary::default() };
    let path = format!("/dictionaries/{PATH}");
    macro_rules! row {
        ($call:expr, $line:expr, $body:expr) => {
            $call.await.unwrap();
            let asked = service.asked().await;
            assert_eq!((asked.line(), asked.body()), ($line.to_string(), $body));
            assert_eq!(asked.bearer(), Some("of dictionaries"));
        };
    }
    row!(dictionaries.create(&words), "POST /dictionaries", r#"{"name":"rude"}"#);
    row!(dictionaries.list(Some("2"), Some(7)), "GET /dictionaries?page_size=7&page_token=2", "");
    row!(dictionaries.get(&id), format!("GET {path}"), "");
    row!(dictionaries.update(&id, &words), format!("PUT {path}"), r#"{"name":"rude"}"#);
    row!(dictionaries.delete(&id), format!("DELETE {path}"), "");
    row!(dictionaries.add_pattern(&id, "boo"), format!("POST {path}/patterns"), r#"{"text":"boo"}"#);
    row!(
        dictionaries.add_patterns(&id, &["boo".to_owned(), "Äh".to_owned()]),
        format!("POST {path}/patterns:batch-create"),
        r#"{"texts":["boo","Äh"]}"#
    );
    row!(dictionaries.patterns(&id, None, None), format!("GET {path}/patterns"), "");
    row!(
        dictionaries.update_pattern(&id, &pattern, "boo!"),
        format!("PUT {path}/patterns/%C3%A9%2Fp"),
        r#"{"text":"boo!"}"#
    );
    row!(dictionaries.delete_pattern(&id, &pattern), format!("DELETE {path}/patterns/%C3%A9%2Fp"), "");

    assert_eq!(dictionaries.upload(&id, "boo\nÄh\n").await.unwrap().pattern_count, 3);
    let asked = service.asked().await;
    assert_eq!((asked.line(), asked.body()), (format!("POST {path}/patterns:upload"), "boo\nÄh\n"));
    assert_eq!(asked.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[tokio::test]
async fn what_no_service_could_take_is_refused_without_asking_one() {
    let mut service = Service::json("200 OK", ANSWER).await;
    let visitor = Visitor::new(&service.rest(), Token::new("chat")).name("Grace");
    let status = |result: Result<(), CallError>| match result {
        Err(CallError::Status { status, body, .. }) => format!("{status} {}", body.message),
        other => panic!("{other:?}"),
    };
    for id in ["", ".", ".."] {
        assert_eq!(status(visitor.delete(&id.into(), None).await), "404 nothing has this id");
        assert_eq!(status(visitor.poll(&id.into()).await.map(drop)), "404 nothing has this id");
    }
    assert_eq!(status(visitor.block(&User::named("eve")).await), "400 the user has no id");
    assert_eq!(status(visitor.pin(&Message { id: None, ..said() }).await), "400 the message has no id");
    assert_eq!(status(visitor.update_poll(&Poll::default()).await.map(drop)), "400 the poll has no id");
    assert_eq!(service.all_asked(), []);
}

#[tokio::test]
async fn without_a_name_the_services_is_asked_for_once_and_taken() {
    let answer = ANSWER.replacen('{', r#"{"user": {"custom_name": "Renamed"},"#, 1);
    let mut service = Service::json("200 OK", &answer).await;
    // {"name":"ada"}
    let visitor = Visitor::new(&service.rest(), Token::new("e30.eyJuYW1lIjoiYWRhIn0.c2ln"));
    visitor.mute().await.unwrap();
    visitor.clone().unmute().await.unwrap();
    let asked: Vec<_> = service.all_asked().iter().map(|asked| (asked.line(), asked.body().to_owned())).collect();
    let by = r#"{"action_taker":{"custom_name":"Renamed"}}"#;
    let expected = [("GET /chatrooms/config", ""), ("POST /chatrooms:mute", by), ("POST /chatrooms:unmute", by)];
    assert_eq!(asked, expected.map(|(line, body)| (line.to_owned(), body.to_owned())));
}

#[tokio::test]
async fn without_a_name_the_tokens_is_taken_and_then_admin() {
    let mut service = Service::json("200 OK", ANSWER).await;
    // {"name":"ada"}
    for (token, name) in [("e30.eyJuYW1lIjoiYWRhIn0.c2ln", "ada"), ("e30.e30.c2ln", "Admin"), ("no jwt", "Admin")] {
        Visitor::new(&service.rest(), Token::new(token)).mute().await.unwrap();
        assert_eq!(service.asked().await.line(), "GET /chatrooms/config");
        let expected = format!(r#"{{"action_taker":{{"custom_name":"{name}"}}}}"#);
        assert_eq!(service.asked().await.body(), expected);
    }
}
