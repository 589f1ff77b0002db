//! A server on loopback, and small clients for it.

pub(crate) mod http;
pub(crate) mod mqtt;

use std::time::Duration;

use chatroom_server::{Options, RunningServer, Server};
use chatroom_wire::{
    Config, RoomId, Token,
    rest::{CreateToken, Role, TokenAnswer},
};
use serde_json::Value;

pub(crate) use http::{Answer, call, get, post};
pub(crate) use mqtt::{Ack, Client};

/// How long anything may take before a test is given up. No test expects to wait that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server of its own for one test, with these settings.
pub(crate) async fn server(settings: &[(&str, &str)]) -> RunningServer {
    let mut options = Options::ephemeral();
    options.tls_listen = None;
    for (key, value) in settings {
        options.settings.set(key, value).unwrap();
    }
    Server::start(options).await.unwrap()
}

/// A token for somebody in the server's first room.
pub(crate) async fn token(server: &RunningServer, subject: &str, role: Role) -> TokenAnswer {
    token_in(server, server.room_id(), subject, role).await
}

/// A token for somebody in a room.
pub(crate) async fn token_in(server: &RunningServer, room: &RoomId, subject: &str, role: Role) -> TokenAnswer {
    let request = CreateToken {
        role,
        subject: Some(subject.to_owned()),
        device_id: Some(format!("{subject}'s phone")),
        name: Some(subject.to_owned()),
        expired_at: None,
    };
    server.create_token(room, request).await.unwrap()
}

/// What a config call answers to this token.
pub(crate) async fn config(server: &RunningServer, token: &Token) -> Config {
    let answer = get(server, "/chatrooms/config", token.expose()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    Config::from_json(answer.body.as_bytes()).unwrap()
}

/// Somebody who is connected and listens.
pub(crate) async fn join(server: &RunningServer, subject: &str, role: Role) -> Client {
    let config = config(server, &token(server, subject, role).await.token).await;
    let mut client = Client::connect(server, &config).await;
    client.listen().await;
    client
}

/// A text as a client publishes it.
pub(crate) fn text(text: &str) -> Value {
    serde_json::json!({"type": "INTERACTION_TYPE_TEXT", "user": {"custom_name": "me"}, "text_message": {"text": text}})
}
