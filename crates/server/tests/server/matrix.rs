//! Who may do what: every call with every kind of token, every topic with every role in both directions. Only the cells
//! that are named here pass.

use std::collections::BTreeMap;

use chatroom_server::RunningServer;
use chatroom_wire::{
    Time, Token,
    rest::{CreateToken, PREFIX, Role},
};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::bed::{Answer, Client, call, config, get, join, post, server, text, token, token_in};

/// Who may call what. An outside list, not the server's own table.
const CALLS: &[(&str, &str, &[&str])] = &[
    ("POST", "/chatrooms", ORG),
    ("POST", "/chatrooms/{id}/tokens", ORG),
    ("POST", "/chatrooms/{id}/users:bar", ORG),
    ("POST", "/chatrooms/{id}/users:unbar", ORG),
    ("GET", "/chatrooms/{id}/barred-users", ORG),
    ("POST", "/dictionaries/tokens", ORG),
    ("POST", "/stickerpacks/tokens", ORG),
    ("POST", "/chatrooms/tokens:refresh", ANYBODY),
    ("GET", "/chatrooms", CHAT),
    ("GET", "/chatrooms/config", CHAT),
    ("GET", "/chatrooms/messages", CHAT),
    ("DELETE", "/chatrooms/messages/{id}", ADMIN),
    ("POST", "/chatrooms/messages:pin", ADMIN),
    ("POST", "/chatrooms/messages:unpin", ADMIN),
    ("PUT", "/chatrooms/users", CHAT),
    ("POST", "/chatrooms/users:block", ADMIN),
    ("POST", "/chatrooms/users:unblock", ADMIN),
    ("POST", "/chatrooms:mute", ADMIN),
    ("POST", "/chatrooms:unmute", ADMIN),
    ("PUT", "/chatrooms/viewer-infos", ADMIN),
    ("POST", "/chatrooms/polls", ADMIN),
    ("GET", "/chatrooms/polls", CHAT),
    ("GET", "/chatrooms/polls/{id}", ADMIN),
    ("PUT", "/chatrooms/polls/{id}", ADMIN),
    ("DELETE", "/chatrooms/polls/{id}", ADMIN),
    ("POST", "/chatrooms/polls/{id}:change", ADMIN),
    ("GET", "/chatrooms/dictionaries", ADMIN),
    ("POST", "/chatrooms/dictionaries:batch-update", ADMIN),
    ("POST", "/chatrooms/dictionaries/{id}:enable", ADMIN),
    ("POST", "/chatrooms/dictionaries/{id}:disable", ADMIN),
    ("POST", "/dictionaries", WORDS),
    ("GET", "/dictionaries", WORDS),
    ("GET", "/dictionaries/{id}", WORDS),
    ("PUT", "/dictionaries/{id}", WORDS),
    ("DELETE", "/dictionaries/{id}", WORDS),
    ("POST", "/dictionaries/{id}/patterns", WORDS),
    ("GET", "/dictionaries/{id}/patterns", WORDS),
    ("POST", "/dictionaries/{id}/patterns:batch-create", WORDS),
    ("POST", "/dictionaries/{id}/patterns:upload", WORDS),
    ("PUT", "/dictionaries/{id}/patterns/{pattern_id}", WORDS),
    ("DELETE", "/dictionaries/{id}/patterns/{pattern_id}", WORDS),
    ("GET", "/chatrooms/stickerpacks", CHAT),
    ("GET", "/chatrooms/stickerpacks/{id}", CHAT),
    ("POST", "/chatrooms/stickerpacks:admin-list", ADMIN),
    ("PUT", "/chatrooms/stickerpacks/{id}", ADMIN),
    ("GET", "/stickerpacks", STICKERS),
    ("GET", "/stickerpacks/{id}", STICKERS),
];
const ORG: &[&str] = &["organisation"];
const CHAT: &[&str] = &["viewer", "admin", "viewer of another room", "admin of another room"];
const ADMIN: &[&str] = &["admin", "admin of another room"];
const WORDS: &[&str] = &["admin", "admin of another room", "dictionary"];
const STICKERS: &[&str] = &["sticker"];
const ANYBODY: &[&str] = &[];

/// Tokens that are good for something, and say nothing worse than "not this" where they are not.
const KNOWN: &[&str] =
    &["organisation", "viewer", "admin", "viewer of another room", "admin of another room", "dictionary", "sticker"];

#[tokio::test]
async fn every_call_with_every_kind_of_token_passes_only_where_it_may() {
    let server = server(&[]).await;
    let tokens = tokens(&server).await;
    let admin = &tokens["admin"];
    let before = get(&server, "/chatrooms", admin).await.json();
    let (mut cells, mut allowed, mut wrong) = (0, 0, Vec::new());
    // First what must not pass: nothing may change by it.
    for passes in [false, true] {
        for (method, path, callers) in CALLS.iter().filter(|(.., callers)| !callers.is_empty()) {
            for (kind, token) in &tokens {
                if callers.contains(kind) != passes {
                    continue;
                }
                let answer = make(&server, method, path, Some(token)).await;
                let wanted = match (passes, KNOWN.contains(kind)) {
                    (true, _) => !matches!(answer.status, 401 | 403) && answer.status < 500,
                    (false, true) => answer.status == 403 && answer.json()["code"] == 7,
                    (false, false) => answer.status == 401 && answer.json()["code"] == 16,
                };
                cells += 1;
                allowed += usize::from(passes);
                if !wanted {
                    wrong.push(format!("{method} {path} with {kind}: {} {}", answer.status, answer.body));
                }
            }
            if !passes {
                let answer = make(&server, method, path, None).await;
                cells += 1;
                if answer.status != 401 || answer.json()["code"] != 16 {
                    wrong.push(format!("{method} {path} with nothing: {} {}", answer.status, answer.body));
                }
            }
        }
        if !passes {
            assert_eq!(get(&server, "/chatrooms", admin).await.json(), before, "what was refused changes nothing");
        }
    }
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((cells, allowed), (598, 108), "cells tried, cells allowed");
}

#[tokio::test]
async fn the_list_of_calls_is_that_of_the_description() {
    let server = server(&[]).await;
    let description = call(&server, "GET", "/openapi.json", &[], "").await.json();
    let mut described = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix(PREFIX) else { continue };
        for method in operations.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            described.push(format!("{} {}", method.to_uppercase(), nameless(path)));
        }
    }
    let mut listed: Vec<String> =
        CALLS.iter().map(|(method, path, _)| format!("{method} {}", nameless(path))).collect();
    described.sort();
    listed.sort();
    assert_eq!(described, listed);
}

#[tokio::test]
async fn a_token_of_another_room_reaches_nothing_of_this_one() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    ada.must_say(&text("here")).await;
    let id = ada.message().await["id"].as_str().unwrap().to_owned();
    let admin = token(&server, "host", Role::Admin).await.token;
    let poll = json!({"poll": {"type": "POLL_TYPE_SINGLE_CHOICE", "multi_choice": {"question": "?", "options":
        [{"text": "a", "corrected": true}, {"text": "b", "corrected": false}]}}});
    let made = post(&server, "/chatrooms/polls", admin.expose(), &poll.to_string()).await.json();
    let poll_id = made["poll"]["id"].as_str().unwrap().to_owned();
    // Among them is another admin's of this room.
    let stranger = tokens(&server).await.remove("admin of another room").unwrap();
    let before = get(&server, "/chatrooms", admin.expose()).await.json();

    let act = json!({"action_taker": {"custom_name": "x"}});
    for (method, path, body) in [
        ("DELETE", format!("/chatrooms/messages/{id}?action_taker.custom_name=x"), json!({})),
        (
            "POST",
            "/chatrooms/messages:pin".to_owned(),
            json!({"pinned_message": {"message": {"id": id, "text": "",
            "sender": {"id": "ada", "device_id": "", "custom_name": ""}}, "action_taker": {"custom_name": "x"}}}),
        ),
        ("GET", format!("/chatrooms/polls/{poll_id}"), json!({})),
        ("PUT", format!("/chatrooms/polls/{poll_id}"), poll),
        ("DELETE", format!("/chatrooms/polls/{poll_id}"), json!({})),
        (
            "POST",
            format!("/chatrooms/polls/{poll_id}:change"),
            json!({"action": "ACTION_START", "action_taker":
            {"custom_name": "x"}}),
        ),
    ] {
        let answer = with_token(&server, method, &path, Some(&stranger), &body.to_string()).await;
        assert_eq!((answer.status, &answer.json()["code"]), (404, &json!(5)), "{method} {path}");
    }
    let muted = with_token(&server, "POST", "/chatrooms:mute", Some(&stranger), &act.to_string()).await;
    assert_eq!(muted.status, 200, "it is the admin of a room");
    assert_eq!(get(&server, "/chatrooms", admin.expose()).await.json(), before);
    ada.must_say(&text("and still here")).await;
}

#[tokio::test]
async fn every_topic_with_every_role_passes_only_where_it_may() {
    let server = server(&[]).await;
    let (mut cells, mut allowed) = (0, Vec::new());
    for role in [Role::Viewer, Role::Admin] {
        let chat_token = token(&server, "ada", role).await.token;
        let topics = config(&server, &chat_token).await.topic;
        let (publish, subscribe) = (topics.publish.to_string(), topics.subscribe.to_string());
        let of_another = |topic: &str| topic.replace(server.room_id().as_str(), "another");
        let topics = [
            ("own pub", publish.clone()),
            ("own sub", subscribe.clone()),
            ("pub of another room", of_another(&publish)),
            ("sub of another room", of_another(&subscribe)),
            ("everything", "#".to_owned()),
            ("every room", "chat/+/+/sub".to_owned()),
            ("below the own room", subscribe.replace("/sub", "/#")),
            ("a shared one", format!("$share/group/{subscribe}")),
            ("a shared everything", "$share/group/#".to_owned()),
            ("the broker's own", "$SYS/broker/clients".to_owned()),
            ("all the broker's own", "$SYS/#".to_owned()),
            ("an empty one", String::new()),
            ("a long one", "x".repeat(300)),
            ("a deep one", "a/b/c/d/e/f/g/h/i".to_owned()),
            ("one with a null", format!("{subscribe}\0")),
        ];
        for (name, topic) in topics {
            for direction in ["subscribe", "publish"] {
                // A breach may cost the connection, so each cell has its own.
                let client = Client::connect(&server, &config(&server, &chat_token).await).await;
                let packet = if direction == "subscribe" { subscribe_to(&topic) } else { publish_to(&topic) };
                let passes = is_taken(client, packet).await;
                cells += 1;
                if passes {
                    allowed.push(format!("{} may {direction}: {name}", role.name()));
                }
            }
        }
    }
    assert_eq!(cells, 60);
    assert_eq!(
        allowed,
        [
            "ROLE_VIEWER may publish: own pub",
            "ROLE_VIEWER may subscribe: own sub",
            "ROLE_ADMIN may publish: own pub",
            "ROLE_ADMIN may subscribe: own sub"
        ]
    );
}

/// A token of each kind, by its name.
async fn tokens(server: &RunningServer) -> BTreeMap<&'static str, String> {
    let org = server.org_token().expose().to_owned();
    let room = post(server, "/chatrooms", &org, "{}").await.json()["chatroom"]["id"].as_str().unwrap().to_owned();
    let room = room.into();
    let admin = token(server, "host", Role::Admin).await;
    let viewer = token(server, "ada", Role::Viewer).await;
    let other_viewer = token_in(server, &room, "ada", Role::Viewer).await;
    let other_admin = token_in(server, &room, "host", Role::Admin).await;
    let of_org = async |path| post(server, path, &org, "{}").await.json()["token"].as_str().unwrap().to_owned();
    let connection = config(server, &admin.token).await.connection.token;
    BTreeMap::from([
        ("dictionary", of_org("/dictionaries/tokens").await),
        ("sticker", of_org("/stickerpacks/tokens").await),
        ("organisation", org),
        ("refresh", admin.refresh_token.expose().to_owned()),
        ("connection", connection.expose().to_owned()),
        ("forged", forged(admin.token.expose())),
        ("expired", expired(server).await.expose().to_owned()),
        ("nonsense", "nonsense".to_owned()),
        ("viewer", viewer.token.expose().to_owned()),
        ("admin", admin.token.expose().to_owned()),
        ("viewer of another room", other_viewer.token.expose().to_owned()),
        ("admin of another room", other_admin.token.expose().to_owned()),
    ])
}

/// The token with another signature.
fn forged(token: &str) -> String {
    let (claims, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    format!("{claims}.{other}{}", &signature[1..])
}

/// An admin's token whose end has come.
async fn expired(server: &RunningServer) -> Token {
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let wanted = CreateToken { role: Role::Admin, expired_at: Some(Time::seconds(end)), ..CreateToken::default() };
    let token = server.create_token(server.room_id(), wanted).await.unwrap().token;
    while get(server, "/chatrooms", token.expose()).await.status != 401 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    token
}

/// Calls with ids that are nowhere, and nothing in the body.
async fn make(server: &RunningServer, method: &str, path: &str, token: Option<&String>) -> Answer {
    let path = path.replace("{id}", "nowhere").replace("{pattern_id}", "nowhere");
    with_token(server, method, &path, token, if method == "GET" { "" } else { "{}" }).await
}

async fn with_token(server: &RunningServer, method: &str, path: &str, token: Option<&String>, body: &str) -> Answer {
    let bearer = token.map(|token| crate::bed::http::bearer(token));
    let lines: Vec<&str> = bearer.iter().map(String::as_str).collect();
    call(server, method, &format!("{PREFIX}{path}"), &lines, body).await
}

/// The path whatever its parameters are called.
fn nameless(path: &str) -> String {
    let mut parts = path.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| path + "{}" + part.split_once('}').map_or("", |(_, rest)| rest))
}

fn subscribe_to(topic: &str) -> Vec<u8> {
    let mut rest = vec![0, 9, 0];
    rest.extend(text_of(topic));
    rest.push(0);
    packet(0x82, rest)
}

fn publish_to(topic: &str) -> Vec<u8> {
    let mut rest = text_of(topic);
    rest.extend([0, 9, 0]);
    rest.extend(text("hi").to_string().into_bytes());
    packet(0x32, rest)
}

fn text_of(topic: &str) -> Vec<u8> {
    let length = u16::try_from(topic.len()).unwrap();
    length.to_be_bytes().into_iter().chain(topic.bytes()).collect()
}

fn packet(kind: u8, rest: Vec<u8>) -> Vec<u8> {
    let (low, high) = (u8::try_from(rest.len() % 128).unwrap(), u8::try_from(rest.len() / 128).unwrap());
    let head = if high == 0 { vec![kind, low] } else { vec![kind, low | 0x80, high] };
    [head, rest].concat()
}

/// Whether the server takes a packet: a SUBACK or a PUBACK that says so. No codec of ours is in the way.
async fn is_taken(mut client: Client, packet: Vec<u8>) -> bool {
    use futures_util::{SinkExt as _, StreamExt as _};
    let socket = client.socket();
    socket.send(Message::Binary(packet.into())).await.unwrap();
    loop {
        let next = tokio::time::timeout(crate::bed::PATIENCE, socket.next()).await.expect("the server answers");
        let Some(Ok(Message::Binary(answer))) = next else { return false };
        match answer[0] >> 4 {
            9 => return answer[usize::from(answer[1]) + 1] < 0x80,
            4 => return answer[1] == 2 || answer[4] < 0x80,
            14 => return false,
            _ => {}
        }
    }
}
