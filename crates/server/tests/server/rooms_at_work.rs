//! What happens inside a room, as everybody in it sees it.
//!
//! - [`moderation`]: mutes, pins, deletions, names; [`hidden`]: what only its author gets to see
//! - [`at_random`]: all of it at once
//! - [`counters`], [`polls`], [`viewers`]: what is counted; [`restart`]: what is there after the server was gone

mod at_random;
mod counters;
mod hidden;
mod moderation;
mod polls;
mod restart;
mod viewers;

use std::path::Path;

use chatroom_server::{Data, Options, RunningServer, Server, StartError};
use chatroom_wire::{
    RoomId,
    rest::{CounterKey, CreateChatroom, PREFIX, Role},
};
use serde_json::{Value, json};

use crate::bed::{Answer, Client, call, config, get, http::bearer, server, token_in};

/// A room with people in it, some of whom moderate.
struct Stage {
    server: RunningServer,
    room: RoomId,
    admin: String,
}

impl Stage {
    async fn new(settings: &[(&str, &str)]) -> Self {
        Self::on(server(settings).await, &[]).await
    }

    async fn with_counters(settings: &[(&str, &str)], counters: &[&str]) -> Self {
        Self::on(server(settings).await, counters).await
    }

    /// A room of its own on this server.
    async fn on(server: RunningServer, counters: &[&str]) -> Self {
        let custom_counters = counters.iter().map(|key| CounterKey { key: (*key).to_owned() }).collect();
        let room = server.create_room(CreateChatroom { custom_counters }).await.unwrap().id;
        Self::again(server, room).await
    }

    /// A room that is there already.
    async fn again(server: RunningServer, room: RoomId) -> Self {
        let admin = token_in(&server, &room, "boss", Role::Admin).await.token.expose().to_owned();
        Self { server, room, admin }
    }

    async fn join(&self, who: &str, role: Role) -> Client {
        let config = config(&self.server, &token_in(&self.server, &self.room, who, role).await.token).await;
        let mut client = Client::connect(&self.server, &config).await;
        client.listen().await;
        client
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        call(&self.server, method, &format!("{PREFIX}/chatrooms{path}"), &[&bearer(&self.admin)], &body).await
    }

    /// Does something as an admin that must be done.
    async fn act(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.call(method, path, body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
        answer.json()
    }

    async fn mute(&self) {
        self.act("POST", ":mute", &json!({})).await;
    }

    async fn unmute(&self) {
        self.act("POST", ":unmute", &json!({})).await;
    }

    async fn block(&self, who: &str) {
        self.act("POST", "/users:block", &json!({"blocked_user": {"id": who, "custom_name": who}})).await;
    }

    async fn unblock(&self, who: &str) {
        self.act("POST", "/users:unblock", &json!({"unblocked_user": {"id": who}})).await;
    }

    async fn pin(&self, id: &str) {
        self.act("POST", "/messages:pin", &json!({"pinned_message": {"message": {"id": id}}})).await;
    }

    async fn delete(&self, id: &str) {
        self.act("DELETE", &format!("/messages/{id}"), &Value::Null).await;
    }

    /// The room as GET answers it.
    async fn state(&self) -> Value {
        self.act("GET", "", &Value::Null).await["chatroom"].clone()
    }

    /// The history as this person gets it.
    async fn history(&self, who: &str) -> Vec<Value> {
        let token = token_in(&self.server, &self.room, who, Role::Viewer).await.token;
        let answer = get(&self.server, "/chatrooms/messages?from_oldest=true&limit=100", token.expose()).await;
        answer.json()["messages"].as_array().unwrap().clone()
    }
}

/// Starts a server in this directory once the one before has let it go.
async fn server_in(directory: &Path, settings: &[(&str, &str)]) -> RunningServer {
    loop {
        let mut options = Options::ephemeral();
        options.tls_listen = None;
        options.data = Data::Directory(directory.join("data"));
        for (key, value) in settings {
            options.settings.set(key, value).unwrap();
        }
        match Server::start(options).await {
            Err(StartError::DataInUse(_)) => tokio::task::yield_now().await,
            started => return started.unwrap(),
        }
    }
}

/// A text with an id.
fn text(id: &str, text: &str) -> Value {
    json!({"id": id, "type": "INTERACTION_TYPE_TEXT", "text_message": {"text": text}})
}

/// Presses of a counter.
fn press(id: &str, key: &str, by: i64) -> Value {
    json!({"id": id, "type": "INTERACTION_TYPE_CUSTOM", "custom_message": {"value": "", "incr": {"key": key, "value": by}}})
}

fn kinds(messages: &[Value]) -> Vec<&str> {
    let kinds = messages.iter().map(|message| message["type"].as_str().unwrap());
    kinds.map(|kind| kind.strip_prefix("INTERACTION_TYPE_").unwrap()).collect()
}
