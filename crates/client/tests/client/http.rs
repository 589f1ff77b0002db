//! REST calls over real TCP and TLS.

use std::time::Duration;

use chatroom_client::{
    CallError, Rest, TlsFault, Trust,
    wire::{RefreshToken, Token, rest::MessagesQuery},
};
use chatroom_testkit::{
    certs::{Certs, Leaf},
    endpoint::Endpoint,
};
use tokio::net::TcpListener;

use crate::service::{Service, serve};

fn token() -> Token {
    Token::new("chat.token.canary")
}

const ROOM: &str = r#"{"chatroom":{"id":"r 1"}}"#;

#[tokio::test]
async fn a_call_carries_its_token_and_its_query() {
    let mut service = Service::json("200 OK", r#"{"messages":[{"type":1,"text_message":{"text":"hi"}},7]}"#).await;
    let query = MessagesQuery {
        after_at: Some("2026-01-01T00:00:00.5+02:00".parse().unwrap()),
        limit: Some(2),
        ..MessagesQuery::default()
    };
    let page = service.rest().messages(&token(), &query).await.unwrap();
    assert_eq!(page.messages.0[0].as_ref().unwrap().text(), Some("hi"));
    assert!(page.messages.0[1].is_err(), "a bad element spoils no other");
    let asked = service.asked().await.raw;
    let line = "GET /bv/chatroom/v1/chatrooms/messages?after_at=2025-12-31T22%3A00%3A00.5Z&limit=2 HTTP/1.1\r\n";
    assert!(asked.starts_with(line), "{asked}");
    assert!(asked.contains("\r\nauthorization: Bearer chat.token.canary\r\n"), "{asked}");
    assert!(asked.contains("\r\naccept: application/json\r\n"), "{asked}");
}

#[tokio::test]
async fn a_fresh_token_is_bought_without_the_old_one() {
    let mut service = Service::json("200 OK", r#"{"token":"new","expires_in":60}"#).await;
    let answer = service.rest().refresh(&RefreshToken::new("buy")).await.unwrap();
    assert_eq!(answer.token.expose(), "new");
    let asked = service.asked().await.raw;
    assert!(asked.starts_with("POST /bv/chatroom/v1/chatrooms/tokens:refresh HTTP/1.1\r\n"), "{asked}");
    assert!(asked.ends_with(r#"{"refresh_token":"buy"}"#) && !asked.contains("authorization"), "{asked}");
}

#[tokio::test]
async fn a_refusal_is_told_in_the_words_of_the_service_made_safe() {
    let body = r#"{"code":16,"message":"gone\u001b[2J","details":[{"reason":"ERROR_REASON_TOKEN_INVALID"}]}"#;
    let service = Service::json("401 Unauthorized", body).await;
    let CallError::Status { status: 401, body, retry_after } = service.rest().room(&token()).await.unwrap_err() else {
        panic!()
    };
    assert!(body.says_token_invalid());
    assert_eq!((&*body.message, retry_after), ("gone\u{fffd}", Some(Duration::from_secs(3))));
}

#[tokio::test]
async fn what_stands_between_may_answer_in_html() {
    let service = Service::json("502 Bad Gateway", "<html>").await;
    let error = service.rest().room(&token()).await.unwrap_err();
    assert_eq!(error.to_string(), "the service answered 502: Bad Gateway");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = Service::json("200 OK", ROOM).await;
    let address = target.address();
    let answer = format!("HTTP/1.1 302 Found\r\nlocation: http://{address}/\r\ncontent-length: 0\r\n\r\n");
    let service = Service::answering(answer).await;
    let error = service.rest().room(&token()).await.unwrap_err();
    assert_eq!(error.to_string(), "the service answered 302: a redirect, which is not followed");
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn an_answer_that_can_not_be_used_is_not_quoted() {
    let service = Service::json("200 OK", r#"{"token":["secret"],"expires_in":60}"#).await;
    let error = service.rest().refresh(&RefreshToken::new("buy")).await.unwrap_err();
    assert_eq!(error.to_string(), "the service's answer can't be used: token can't be used: expected a string");
    let service = Service::json("200 OK", r#"{"connection":{}}"#).await;
    let error = service.rest().config(&token()).await.unwrap_err();
    assert_eq!(error.to_string(), "the service's answer can't be used: connection.endpoint is missing");
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let mut answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    answer.resize(answer.len() + (33 << 20), b' ');
    let service = Service::answering(answer).await;
    let error = service.rest().room(&token()).await.unwrap_err();
    assert_eq!(error, CallError::Answer("it is larger than 32 MiB".to_owned()));
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let rest = Rest::new(&format!("http://{closed}"), &Trust::new()).unwrap();
    let error = rest.room(&token()).await.unwrap_err();
    let CallError::Unreachable(problem) = &error else { panic!("{error:?}") };
    assert!(problem.starts_with(&format!("{closed}: Connection refused")), "{problem}");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_told_as_such() {
    let certs = Certs::new();
    for (leaf, fault) in [
        (Leaf::Expired, TlsFault::Expired),
        (Leaf::WrongHost, TlsFault::WrongName),
        (Leaf::UnknownAuthority, TlsFault::UnknownIssuer),
        (Leaf::SelfSigned, TlsFault::UnknownIssuer),
    ] {
        let service = Endpoint::start(Some(certs.server(leaf)), async |_| ()).await;
        let trust = Trust::new().ca_file(certs.ca_file());
        let rest = Rest::new(&format!("https://{}", service.host()), &trust).unwrap();
        let error = rest.room(&token()).await.unwrap_err();
        assert!(matches!(&error, CallError::Tls { fault: found, .. } if *found == fault), "{leaf:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_given_certificate_is_trusted_for_itself_alone() {
    let certs = Certs::new();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{ROOM}", ROOM.len()).into_bytes();
    for (leaf, fault) in [
        (Leaf::SelfSigned, None),
        (Leaf::SelfSignedAuthority, None),
        // Its own certificate, though nobody trusts who signed it.
        (Leaf::UnknownAuthority, None),
        (Leaf::Expired, Some(TlsFault::Expired)),
        (Leaf::WrongHost, Some(TlsFault::WrongName)),
        (Leaf::SignedByEndEntity, Some(TlsFault::Unusable)),
    ] {
        let answer = answer.clone();
        let (server, file) = certs.server_and_file(leaf);
        let serve = move |link| {
            let answer = answer.clone();
            serve(link, async move |_| answer)
        };
        let service = Endpoint::start(Some(server), serve).await;
        let rest = Rest::new(&format!("https://{}", service.host()), &Trust::new().ca_file(file)).unwrap();
        match (rest.room(&token()).await, fault) {
            (Ok(_), None) => {}
            (Err(CallError::Tls { fault: found, .. }), Some(fault)) => assert_eq!(found, fault, "{leaf:?}"),
            (answer, _) => panic!("{leaf:?}: {answer:?}"),
        }
        // Another one of the same names is a stranger's.
        let (other, _) = certs.server_and_file(leaf);
        let service = Endpoint::start(Some(other), async |_| ()).await;
        let (_, file) = certs.server_and_file(leaf);
        let rest = Rest::new(&format!("https://{}", service.host()), &Trust::new().ca_file(file)).unwrap();
        let refused = rest.room(&token()).await.unwrap_err();
        assert!(matches!(refused, CallError::Tls { .. }), "{leaf:?}: {refused:?}");
    }
}

#[tokio::test]
async fn an_added_authority_is_trusted() {
    let certs = Certs::new();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{ROOM}", ROOM.len()).into_bytes();
    let serve = move |link| {
        let answer = answer.clone();
        serve(link, async move |_| answer)
    };
    let service = Endpoint::start(Some(certs.server(Leaf::Good)), serve).await;
    let pem = std::fs::read(certs.ca_file()).unwrap();
    let rest = Rest::new(&format!("https://{}", service.host()), &Trust::new().add_ca_pem(&pem)).unwrap();
    assert_eq!(rest.room(&token()).await.unwrap().id.as_str(), "r 1");
}
