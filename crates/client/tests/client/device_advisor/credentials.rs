//! Credentials that are refused: at most one refresh, then the end with a clear word. Over real sockets.

use chatroom_client::{
    Blame, Builder, Cause, End, Event, ReasonCode,
    wire::{RefreshToken, Token},
};
use chatroom_testkit::{
    config_file::details,
    scripted::{OnConnect, OnUpgrade, Script},
    token,
};

use crate::{
    next,
    service::{Asked, Service, json},
};

/// What was asked and dialled until the session ended, and with which word.
struct Outcome {
    end: End,
    refreshes: usize,
    configs: usize,
    connections: usize,
    interruptions: Vec<Cause>,
}

#[tokio::test]
async fn a_connack_that_refuses_the_credentials_costs_one_refresh() {
    for reason in [ReasonCode::NOT_AUTHORIZED, ReasonCode::BAD_CREDENTIALS] {
        let script = Script { connect: OnConnect::Refuse(reason, Some("no".to_owned())), ..Script::default() };
        let outcome = outcome(script, "200 OK").await;
        assert!(matches!(&outcome.end, End::NotAuthorized(Cause::Refused { reason: said, .. }) if *said == reason));
        assert_eq!(outcome.end.to_string(), "the service does not accept the credentials");
        assert_eq!(outcome.end.blame(), Some(Blame::Credentials));
        assert_eq!((outcome.refreshes, outcome.connections), (1, 2), "{:?}", outcome.interruptions);
    }
}

#[tokio::test]
async fn an_upgrade_that_is_refused_with_401_or_403_costs_one_refresh() {
    for status in [401, 403] {
        let outcome = outcome(Script { upgrade: OnUpgrade::Status(status), ..Script::default() }, "200 OK").await;
        assert!(matches!(&outcome.end, End::NotAuthorized(_)), "{:?}", outcome.end);
        assert_eq!((outcome.refreshes, outcome.connections), (1, 2));
    }
}

#[tokio::test]
async fn a_config_call_that_is_refused_costs_one_refresh() {
    let outcome = outcome(Script::default(), "401 Unauthorized").await;
    assert!(matches!(&outcome.end, End::NotAuthorized(_)), "{:?}", outcome.end);
    assert_eq!((outcome.refreshes, outcome.configs, outcome.connections), (1, 2, 0));
}

#[tokio::test]
async fn a_config_call_that_is_forbidden_ends_the_session_with_the_blame_on_the_credentials() {
    let outcome = outcome(Script::default(), "403 Forbidden").await;
    assert_eq!(outcome.end.blame(), Some(Blame::Credentials), "{:?}", outcome.end);
    assert!(outcome.refreshes <= 1 && outcome.configs <= 2 && outcome.connections == 0);
}

#[tokio::test]
async fn a_close_without_a_word_after_connect_costs_one_refresh_and_three_more_tries() {
    for connect in [OnConnect::CloseTcp, OnConnect::CloseWebSocket] {
        let outcome = outcome(Script { connect, ..Script::default() }, "200 OK").await;
        assert_eq!(
            outcome.end.to_string(),
            "the server closes the connection right after CONNECT: it may refuse the credentials, or not speak MQTT 5"
        );
        assert_eq!((outcome.refreshes, outcome.connections), (1, 4), "{:?}", outcome.interruptions);
    }
}

/// A session with a token that can be refreshed, whose room's details are answered with `config`.
async fn outcome(script: Script, config: &'static str) -> Outcome {
    let endpoint = script.start(None).await;
    let mut room = details("unused.example", &token::good());
    room["connection"]["url"] = format!("ws://{}/", endpoint.host()).into();
    let room = room.to_string();
    let mut service = Service::start(move |asked: Asked| {
        let answer = match &*asked.line() {
            "POST /chatrooms/tokens:refresh" => {
                json("200 OK", &format!(r#"{{"token":"{}","expires_in":3600}}"#, token::good()))
            }
            "GET /chatrooms/config" => json(config, if config.starts_with("200") { &room } else { r#"{"code":16}"# }),
            other => panic!("nobody joins, so why {other}"),
        };
        std::future::ready(answer)
    })
    .await;
    let builder = Builder::with_token(Token::new(token::good())).refresh_token(RefreshToken::new("refresh"));
    let (_room, mut events) = builder.rest(&service.rest()).build().expect("all is said");
    let mut interruptions = Vec::new();
    let end = loop {
        match next(&mut events).await {
            Event::Interrupted { cause, .. } => interruptions.push(cause),
            Event::Ended(end) => break end,
            _ => {}
        }
    };
    let asked: Vec<String> = service.all_asked().iter().map(Asked::line).collect();
    let count = |line: &str| asked.iter().filter(|asked| *asked == line).count();
    Outcome {
        end,
        refreshes: count("POST /chatrooms/tokens:refresh"),
        configs: count("GET /chatrooms/config"),
        connections: endpoint.record().connections(),
        interruptions,
    }
}
