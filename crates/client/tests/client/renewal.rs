//! A call whose token is refused is made once more with a fresh one, which is bought once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chatroom_client::{
    Builder, CallError, Visitor,
    wire::{RefreshToken, Token},
};
use chatroom_testkit::{token, within};
use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::Barrier;

use crate::service::{Asked, Service, json};

const DEAD: &str = r#"{"code":16,"message":"dead","details":[{"reason":"ERROR_REASON_TOKEN_INVALID"}]}"#;
const REFRESH: &str = "POST /chatrooms/tokens:refresh";

/// A service that knows one token, sells it for `refresh-canary`, and refuses others when `callers` of them have come.
async fn selling(fresh: &str, callers: usize) -> Service {
    let gathered = Arc::new(Barrier::new(callers));
    let (fresh, bearer) = (fresh.to_owned(), format!("Bearer {fresh}"));
    Service::start(move |asked: Asked| {
        let (gathered, fresh, bearer) = (Arc::clone(&gathered), fresh.clone(), bearer.clone());
        async move {
            if asked.line() == REFRESH {
                return json("200 OK", &format!(r#"{{"token":"{fresh}","expires_in":60}}"#));
            }
            if asked.line() == "GET /chatrooms/config" {
                return json("503 Busy", "{}");
            }
            if asked.header("authorization") == Some(&bearer) {
                return json("200 OK", "{}");
            }
            gathered.wait().await;
            json("401 Unauthorized", DEAD)
        }
    })
    .await
}

/// How often it was bought, and with which token each mute was asked.
fn count(service: &mut Service, fresh: &str) -> (usize, usize, usize) {
    let asked = service.all_asked();
    let bought = asked.iter().filter(|asked| asked.line() == REFRESH).count();
    let mutes: Vec<_> = asked.iter().filter(|asked| asked.line() == "POST /chatrooms:mute").collect();
    let with_fresh = mutes.iter().filter(|asked| asked.bearer() == Some(fresh)).count();
    (bought, mutes.len() - with_fresh, with_fresh)
}

#[tokio::test]
async fn ten_calls_of_a_visitor_that_are_refused_together_cost_one_refresh_and_are_each_repeated_once() {
    let mut service = selling("fresh", 10).await;
    let visitor = Visitor::new(&service.rest(), Token::new("old"))
        .name("host")
        .refresh_token(RefreshToken::new("refresh-canary"));
    let others = visitor.clone();
    let calls = (0..10).map(|number| if number % 2 == 0 { visitor.mute() } else { others.mute() });
    let results = within("the calls", join_all(calls)).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(count(&mut service, "fresh"), (1, 10, 10));
    assert_eq!(visitor.token().expose(), "fresh");
    others.mute().await.unwrap();
    assert_eq!(count(&mut service, "fresh"), (0, 0, 1), "it is kept for later calls");
}

#[tokio::test]
async fn ten_calls_of_a_room_that_are_refused_together_cost_one_refresh_and_are_each_repeated_once() {
    let fresh = token_that_ends_in(3600);
    let mut service = selling(&fresh, 10).await;
    let builder = Builder::with_token(Token::new(token::good())).refresh_token(RefreshToken::new("refresh-canary"));
    let (room, _events) = builder.rest(&service.rest()).build().unwrap();
    let results = within("the calls", join_all((0..10).map(|_| room.mute()))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(count(&mut service, &fresh), (1, 10, 10));
}

#[tokio::test]
async fn where_no_fresh_token_is_sold_the_first_refusal_is_told() {
    let gathered = Arc::new(Barrier::new(3));
    let mut service = Service::start(move |asked: Asked| {
        let gathered = Arc::clone(&gathered);
        async move {
            if asked.line() == REFRESH {
                return json("403 Forbidden", r#"{"code":7,"message":"not for sale"}"#);
            }
            gathered.wait().await;
            json("401 Unauthorized", DEAD)
        }
    })
    .await;
    let visitor = Visitor::new(&service.rest(), Token::new("old"))
        .name("host")
        .refresh_token(RefreshToken::new("refresh-canary"));
    let results = within("the calls", join_all((0..3).map(|_| visitor.mute()))).await;
    for result in results {
        let error = result.unwrap_err();
        assert_eq!(error.to_string(), "the service answered 401: dead");
        assert!(!format!("{error:?}").contains("canary"));
    }
    assert_eq!(count(&mut service, "fresh"), (1, 3, 0));
    assert_eq!(visitor.token().expose(), "old");
    let again = within("the calls", join_all((0..3).map(|_| visitor.mute()))).await;
    assert!(again.iter().all(Result::is_err));
    assert_eq!(count(&mut service, "fresh"), (0, 3, 0), "who said no is not asked again");
}

#[tokio::test]
async fn where_the_seller_is_busy_the_next_call_tries_to_buy_again() {
    let mut service = Service::start(async |asked: Asked| {
        json(if asked.line() == REFRESH { "503 Busy" } else { "401 Unauthorized" }, DEAD)
    })
    .await;
    let visitor = Visitor::new(&service.rest(), Token::new("old"))
        .name("host")
        .refresh_token(RefreshToken::new("refresh-canary"));
    for _ in 0..2 {
        let error = visitor.mute().await.unwrap_err();
        assert!(matches!(error, CallError::Status { status: 503, .. }), "the seller is to blame: {error}");
        assert_eq!(count(&mut service, "fresh"), (1, 1, 0));
    }
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_too_is_not_bought_again() {
    let mut service = Service::start(async |asked: Asked| {
        let refresh = asked.line() == REFRESH;
        if refresh { json("200 OK", r#"{"token":"other","expires_in":1}"#) } else { json("401 Unauthorized", DEAD) }
    })
    .await;
    let visitor = Visitor::new(&service.rest(), Token::new("old"))
        .name("host")
        .refresh_token(RefreshToken::new("refresh-canary"));
    assert!(matches!(visitor.mute().await, Err(CallError::Status { status: 401, .. })));
    assert_eq!(count(&mut service, "other"), (1, 1, 1));
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_buys_leaves_buying_to_the_next() {
    let first = Arc::new(AtomicBool::new(true));
    let mut service = Service::start(move |asked: Asked| {
        let hangs = asked.line() == REFRESH && first.swap(false, Ordering::SeqCst);
        async move {
            match (&*asked.line(), asked.bearer()) {
                _ if hangs => std::future::pending().await,
                (REFRESH, _) => json("200 OK", r#"{"token":"fresh","expires_in":60}"#),
                (_, Some("fresh")) => json("200 OK", "{}"),
                _ => json("401 Unauthorized", DEAD),
            }
        }
    })
    .await;
    let visitor = Visitor::new(&service.rest(), Token::new("old"))
        .name("host")
        .refresh_token(RefreshToken::new("refresh-canary"));
    let dropped = tokio::spawn({
        let visitor = visitor.clone();
        async move { visitor.mute().await }
    });
    while service.asked().await.line() != REFRESH {}
    dropped.abort();
    within("the next call", visitor.mute()).await.unwrap();
    assert_eq!(count(&mut service, "fresh"), (1, 1, 1));
}

#[tokio::test]
async fn without_a_refresh_token_a_refusal_is_final() {
    let mut service = selling("fresh", 1).await;
    let visitor = Visitor::new(&service.rest(), Token::new("old")).name("host");
    assert!(matches!(visitor.mute().await, Err(CallError::Status { status: 401, .. })));
    assert_eq!(count(&mut service, "fresh"), (0, 1, 0));
}

#[tokio::test]
async fn what_is_forbidden_costs_no_refresh() {
    let mut service = Service::json("403 Forbidden", r#"{"code":7,"message":"for admins alone"}"#).await;
    let visitor = Visitor::new(&service.rest(), Token::new("old"))
        .name("host")
        .refresh_token(RefreshToken::new("refresh-canary"));
    assert_eq!(visitor.mute().await.unwrap_err().to_string(), "the service answered 403: for admins alone");
    assert_eq!(count(&mut service, "fresh"), (0, 1, 0));
}

#[tokio::test]
async fn a_token_that_soon_ends_is_renewed_before_it_is_used() {
    let mut service = selling("fresh", 1).await;
    let refresh = || RefreshToken::new("refresh-canary");
    let ended = Visitor::new(&service.rest(), Token::new(token_that_ends_in(-1))).name("host").refresh_token(refresh());
    ended.mute().await.unwrap();
    assert_eq!(count(&mut service, "fresh"), (1, 0, 1));
    let good = token_that_ends_in(3600);
    let early = Visitor::new(&service.rest(), Token::new(good.clone())).name("host").refresh_token(refresh());
    assert!(early.token().expose() == good && early.mute().await.is_ok());
    assert_eq!(count(&mut service, "fresh"), (1, 1, 1), "it was refused first");
}

#[tokio::test]
async fn nothing_shows_a_visitors_tokens() {
    let service = Service::json("200 OK", "{}").await;
    let visitor = Visitor::new(&service.rest(), Token::new("chat-canary"))
        .refresh_token(RefreshToken::new("refresh-canary"))
        .name("Grace");
    let history = visitor.history(chatroom_client::history::From::Newest);
    let dictionaries = chatroom_client::Dictionaries::from(visitor.clone());
    let shown = format!("{visitor:?} {history:?} {dictionaries:?}");
    assert!(!shown.contains("canary") && shown.contains("Grace"), "{shown}");
}

fn token_that_ends_in(seconds: i64) -> String {
    let end = Timestamp::now().as_second() + seconds;
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    format!("{}.{}.c2ln", part("{}"), part(&format!(r#"{{"sub":"ada","exp":{end}}}"#)))
}
