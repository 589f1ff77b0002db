//! Each call of the API as it goes over the wire: the request and the answer, kept as files. What differs from run to
//! run is blotted out.

mod messages;
mod polls;
mod rooms;
mod stickers;
mod users;
mod words;

use std::{collections::BTreeSet, fs, path::Path};

use chatroom_server::RunningServer;
use chatroom_wire::rest::{PREFIX, Role};
use serde_json::{Value, json};

use crate::bed::{self, call, http::bearer, join, text};

/// What is blotted out: a pattern, and what stands there instead.
const BLOTS: &[(&str, &str)] = &[
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z", "[time]"),
    (r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", "[token]"),
    (r#""signature": "[^"]+""#, r#""signature": "[signature]""#),
    (r#""next_page_token": "[^"]+""#, r#""next_page_token": "[page token]""#),
    (r"page_token=[A-Za-z0-9_-]+", "page_token=[page token]"),
    (r"127\.0\.0\.1:[0-9]+", "[address]"),
    (r#"expires_in": [0-9]+"#, r#"expires_in": "[seconds]""#),
    (r"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+", "[picture]"),
];

/// A server with a room, and everybody's tokens.
struct Stage {
    server: RunningServer,
    org: String,
    admin: String,
    viewer: String,
    description: Value,
}

impl Stage {
    async fn new() -> Self {
        let server = bed::server(&[]).await;
        let description = call(&server, "GET", "/openapi.json", &[], "").await.json();
        Self {
            description,
            org: server.org_token().expose().to_owned(),
            admin: bed::token(&server, "host", Role::Admin).await.token.expose().to_owned(),
            viewer: bed::token(&server, "ada", Role::Viewer).await.token.expose().to_owned(),
            server,
        }
    }

    /// Makes a call that is not kept.
    async fn must(&self, method: &str, path: &str, token: &str, body: Value) -> Value {
        let answer = self.call(method, path, token, &body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        answer.json()
    }

    /// Makes the call of this name and keeps what went over the wire.
    async fn keep(&self, name: &str, method: &str, path: &str, token: &str, body: Value) -> Value {
        let answer = self.call(method, path, token, &body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        let kind = answer.head.lines().find_map(|line| line.strip_prefix("content-type: ").map(str::to_owned));
        let sent = if body.is_null() { json!({}) } else { json!({"body": body}) };
        let mut request = json!({"method": method, "path": path});
        request.as_object_mut().unwrap().extend(sent.as_object().unwrap().clone());
        let exchange = json!({
            "request": request,
            "answer": {"status": answer.status, "content_type": kind, "body": answer.json()},
        });
        insta::with_settings!({filters => BLOTS.to_vec(), omit_expression => true, prepend_module_to_snapshot => false,
                               snapshot_path => "snapshots"}, {
            insta::assert_snapshot!(name, serde_json::to_string_pretty(&exchange).unwrap());
        });
        let described = self.operation(name);
        assert_conforms(&self.description, &described["responses"]["200"], &answer.json());
        if body.is_object() {
            assert_conforms(&self.description, &described["requestBody"], &body);
        }
        answer.json()
    }

    /// What the description says of the call of this name.
    fn operation(&self, name: &str) -> &Value {
        let paths = self.description["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|path| path.as_object().unwrap().values());
        operations.into_iter().find(|operation| operation["operationId"] == name).unwrap()
    }

    async fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> bed::http::Answer {
        let kind = if body.is_string() { "text/plain" } else { "application/json" };
        let mut lines = vec![format!("Content-Type: {kind}")];
        if !token.is_empty() {
            lines.push(bearer(token));
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let path = format!("{PREFIX}{path}");
        let body = match body {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        call(&self.server, method, &path, &lines, &body).await
    }

    /// The id of a message that ada says.
    async fn said(&self, words: &str) -> String {
        let mut ada = join(&self.server, "ada", Role::Viewer).await;
        ada.must_say(&text(words)).await;
        let history = self.must("GET", "/chatrooms/messages?limit=1", &self.admin, Value::Null).await;
        history["messages"][0]["id"].as_str().unwrap().to_owned()
    }
}

/// Holds a body against what the description says of it.
fn assert_conforms(description: &Value, place: &Value, body: &Value) {
    let schema = &place["content"]["application/json"]["schema"];
    // A call that takes no body may get one.
    if schema.is_null() {
        return;
    }
    let schema = json!({"allOf": [schema], "components": description["components"]});
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("http://chatroom.test/body", schema).unwrap();
    let index = compiler.compile("http://chatroom.test/body", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(body, index) {
        panic!("{error}\n{body}");
    }
}

/// What a call that only acts says of who acts.
fn by(name: &str) -> Value {
    json!({"custom_name": name})
}

#[tokio::test]
async fn every_call_that_is_described_is_kept_here_and_no_other() {
    let stage = Stage::new().await;
    let operations = stage.description["paths"].as_object().unwrap().values();
    let described: BTreeSet<String> = operations
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        // It is looked at in parts, elsewhere.
        .filter(|name| name != "getOpenApi")
        .collect();
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server/rest/snapshots")).unwrap();
    let kept: BTreeSet<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".snap").map(str::to_owned))
        .collect();
    assert_eq!(described, kept);
}
