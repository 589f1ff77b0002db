//! A room in which everything is there, and every call with a body about it.

use chatroom_server::RunningServer;
use chatroom_wire::rest::{PREFIX, Role};
use serde_json::{Value, json};

use crate::bed::{Answer, call, get, http::bearer, join, post, server, text, token};

/// A call with a body that would be taken.
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) token: String,
    pub(super) good: Value,
}

/// A room with a message, a pinned one, a poll and a dictionary, and all calls with a body about them.
pub(super) struct Stage {
    pub(super) server: RunningServer,
    pub(super) admin: String,
    pub(super) calls: Vec<Call>,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let server = server(&[]).await;
        let admin = token(&server, "host", Role::Admin).await.token.expose().to_owned();
        let org = server.org_token().expose().to_owned();
        let mut ada = join(&server, "ada", Role::Viewer).await;
        ada.must_say(&text("hello")).await;
        let history = get(&server, "/chatrooms/messages?limit=1", &admin).await.json();
        let message = history["messages"][0]["id"].clone();
        let id = async |path: &str, body: Value, name: &str| {
            let made = post(&server, path, &admin, &body.to_string()).await;
            assert_eq!(made.status, 200, "{made:?}");
            made.json()[name]["id"].as_str().unwrap().to_owned()
        };
        let poll = poll();
        let poll_id = id("/chatrooms/polls", poll.clone(), "poll").await;
        let words = id("/dictionaries", json!({"name": "Rude"}), "dictionary").await;
        let pattern = id(&format!("/dictionaries/{words}/patterns"), json!({"text": "darn"}), "pattern").await;
        let taker = json!({"custom_name": "Host"});
        let sender = json!({"id": "ada", "device_id": "phone", "custom_name": "Ada"});
        let eve = json!({"id": "eve", "device_id": "e", "custom_name": "Eve", "action_taker": taker});
        let rows = [
            ("POST", "/chatrooms:mute".to_owned(), json!({"action_taker": taker})),
            ("POST", "/chatrooms:unmute".to_owned(), json!({"action_taker": taker})),
            (
                "POST",
                "/chatrooms/messages:pin".to_owned(),
                json!({"pinned_message": {
                "message": {"id": message, "text": "hello", "sender": sender}, "action_taker": taker}}),
            ),
            (
                "POST",
                "/chatrooms/messages:unpin".to_owned(),
                json!({"unpinned_message": {
                "message": {"id": message}, "action_taker": taker}}),
            ),
            ("POST", "/chatrooms/users:block".to_owned(), json!({"blocked_user": eve})),
            ("POST", "/chatrooms/users:unblock".to_owned(), json!({"unblocked_user": eve})),
            ("PUT", "/chatrooms/users".to_owned(), json!({"custom_name": "Host"})),
            (
                "PUT",
                "/chatrooms/viewer-infos".to_owned(),
                json!({"viewer_info": {"enabled": true}, "action_taker": taker}),
            ),
            ("POST", "/chatrooms/polls".to_owned(), poll.clone()),
            ("PUT", format!("/chatrooms/polls/{poll_id}"), poll),
            (
                "POST",
                format!("/chatrooms/polls/{poll_id}:change"),
                json!({"action": "ACTION_START", "action_taker": taker}),
            ),
            ("POST", "/dictionaries".to_owned(), json!({"name": "Spam", "description": "Of all kinds"})),
            ("PUT", format!("/dictionaries/{words}"), json!({"name": "Spam", "description": "Of all kinds"})),
            ("POST", format!("/dictionaries/{words}/patterns"), json!({"text": "heck"})),
            ("POST", format!("/dictionaries/{words}/patterns:batch-create"), json!({"texts": ["heck"]})),
            ("PUT", format!("/dictionaries/{words}/patterns/{pattern}"), json!({"text": "heck"})),
            ("POST", "/chatrooms/dictionaries:batch-update".to_owned(), json!({"ids": [words], "enabled": true})),
            ("PUT", "/chatrooms/stickerpacks/live".to_owned(), json!({"enabled": false})),
        ];
        let mut calls: Vec<Call> =
            rows.into_iter().map(|(method, path, good)| Call { method, path, token: admin.clone(), good }).collect();
        let refresh_token = token(&server, "ada", Role::Viewer).await.refresh_token.expose().to_owned();
        let grant = json!({"role": "ROLE_ADMIN", "subject": "ada", "device_id": "phone", "name": "Ada"});
        for (path, good) in [
            ("/chatrooms".to_owned(), json!({"custom_counters": [{"key": "like"}]})),
            (format!("/chatrooms/{}/tokens", server.room_id()), grant),
            ("/chatrooms/tokens:refresh".to_owned(), json!({"refresh_token": refresh_token})),
        ] {
            calls.push(Call { method: "POST", path, token: org.clone(), good });
        }
        Self { server, admin, calls }
    }

    /// All that a call could have changed.
    pub(super) async fn state(&self) -> Vec<Value> {
        let mut state = Vec::new();
        for path in ["", "/polls", "/dictionaries", "/stickerpacks", "/messages", "/config"] {
            let answer = get(&self.server, &format!("/chatrooms{path}"), &self.admin).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let mut json = answer.json();
            json.as_object_mut().unwrap().remove("connection");
            state.push(json);
        }
        state
    }

    pub(super) async fn send(&self, one: &Call, content_type: &str, body: &str) -> Answer {
        let lines = [bearer(&one.token), format!("Content-Type: {content_type}")];
        let lines = [lines[0].as_str(), lines[1].as_str()];
        call(&self.server, one.method, &format!("{PREFIX}{}", one.path), &lines, body).await
    }
}

/// A poll as a request says it.
pub(super) fn poll() -> Value {
    let options = json!([{"text": "Tea", "corrected": true}, {"text": "Coffee", "corrected": false}]);
    json!({"poll": {"type": "POLL_TYPE_SINGLE_CHOICE", "multi_choice": {"question": "What?", "options": options}}})
}
