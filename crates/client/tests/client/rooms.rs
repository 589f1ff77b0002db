//! What the organisation's token does.

use chatroom_client::{
    Rooms,
    wire::{
        OrgToken,
        rest::{CounterKey, CreateChatroom, CreateToken, Role},
    },
};

use crate::service::Service;

fn rooms(service: &Service) -> Rooms {
    Rooms::new(&service.rest(), OrgToken::new("org-canary"))
}

#[tokio::test]
async fn a_room_is_made_with_its_counters() {
    let mut service = Service::json("200 OK", r#"{"chatroom":{"id":"r 1"}}"#).await;
    let counters = vec![CounterKey { key: "like".to_owned() }];
    let room = rooms(&service).create(&CreateChatroom { custom_counters: counters }).await.unwrap();
    assert_eq!(room.id.as_str(), "r 1");
    let asked = service.asked().await;
    assert_eq!((&*asked.line(), asked.body()), ("POST /chatrooms", r#"{"custom_counters":[{"key":"like"}]}"#));
    assert_eq!((asked.bearer(), asked.header("x-bv-org-id")), (Some("org-canary"), None));
}

#[tokio::test]
async fn a_token_is_made_for_the_room_that_is_named() {
    let answer = r#"{"token":"a.b.c","expires_in":60,"refresh_token":"r","refresh_expires_in":"90"}"#;
    let mut service = Service::json("200 OK", answer).await;
    let wanted = CreateToken { role: Role::Admin, ..CreateToken::default() };
    let made = rooms(&service).create_token(&"r/1 é".into(), &wanted).await.unwrap();
    assert_eq!((made.token.expose(), made.refresh_expires_in), ("a.b.c", Some(90)));
    let asked = service.asked().await;
    assert_eq!(asked.line(), "POST /chatrooms/r%2F1%20%C3%A9/tokens");
    assert_eq!(asked.body(), r#"{"role":"ROLE_ADMIN"}"#);
}

#[tokio::test]
async fn the_organisation_is_named_where_it_is_said() {
    let mut service = Service::json("200 OK", r#"{"token":"d","expires_in":60}"#).await;
    let rooms = rooms(&service).org_id("org-7");
    for (token, line) in [
        (rooms.dictionary_token().await, "POST /dictionaries/tokens"),
        (rooms.sticker_token().await, "POST /stickerpacks/tokens"),
    ] {
        assert_eq!(token.unwrap().token.expose(), "d");
        let asked = service.asked().await;
        assert_eq!((&*asked.line(), asked.body(), asked.header("x-bv-org-id")), (line, "{}", Some("org-7")));
    }
    let error = rooms.org_id("a\nb").dictionary_token().await.unwrap_err();
    assert_eq!(error.to_string(), "the service answered 400: the organisation's id holds characters that no id has");
    assert!(service.all_asked().is_empty());
}

#[tokio::test]
async fn the_organisations_token_is_not_shown() {
    let service = Service::json("200 OK", "{}").await;
    let rooms = rooms(&service).org_id("org-7");
    let error = rooms.create(&CreateChatroom::default()).await.unwrap_err();
    let shown = format!("{rooms:?} {error:?} {error}");
    assert!(!shown.contains("canary") && shown.contains("org-7"), "{shown}");
}
