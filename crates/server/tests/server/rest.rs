//! The REST service, field by field.
//!
//! - [`golden`] keeps each call as it goes over the wire; [`description`] looks at `/openapi.json`
//! - [`bad_input`] sends what can't be used; [`acting`] does things in somebody's name

mod acting;
mod bad_input;
mod description;
mod golden;

use std::time::Duration;

use chatroom_server::{Data, Options, Server, token::TokenKeys};
use chatroom_wire::{
    Claims, Config, Token,
    rest::{PREFIX, Role},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::bed::{call, get, http::bearer, join, post, server, text, token};

const INVALID: &str = "ERROR_REASON_TOKEN_INVALID";

#[tokio::test]
async fn a_backend_makes_a_room_and_a_token_and_a_client_reads_its_config() {
    let server = server(&[]).await;
    let org = server.org_token().expose().to_owned();
    let answer = post(&server, "/chatrooms", &org, r#"{"custom_counters":[{"key":"like"}]}"#).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let room = answer.json()["chatroom"].clone();
    let id = room["id"].as_str().unwrap();
    assert_eq!(room["custom_counters"][0]["key"], "like");

    let request = json!({"role": "ROLE_ADMIN", "subject": "ada", "device_id": "phone", "name": "Ada"});
    let answer = post(&server, &format!("/chatrooms/{id}/tokens"), &org, &request.to_string()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let tokens = answer.json();
    assert!((86_399..=86_400).contains(&tokens["expires_in"].as_i64().unwrap()), "{tokens}");
    assert!(tokens["refresh_expires_in"].as_i64().unwrap() > tokens["expires_in"].as_i64().unwrap());
    let token = tokens["token"].as_str().unwrap();
    let claims = Claims::of(&Token::new(token)).unwrap();
    assert_eq!(claims.sub.unwrap().as_str(), "ada");
    assert_eq!(claims.chat_id.unwrap().as_str(), id);
    assert_eq!(claims.roles, ["ROLE_ADMIN"]);

    let config = get(&server, "/chatrooms/config", token).await.json();
    let address = server.address().unwrap();
    assert_eq!(config["connection"]["endpoint"], address.to_string());
    assert_eq!(config["connection"]["url"], format!("ws://{address}/mqtt"));
    assert!(
        ["authorizer", "token", "signature", "client_id"]
            .iter()
            .all(|key| !config["connection"][*key].as_str().unwrap().is_empty())
    );
    assert!(
        config["topic"]["pub"].as_str().unwrap().ends_with("/pub")
            && config["topic"]["sub"].as_str().unwrap().ends_with("/sub")
    );
    assert_eq!(
        config["user"],
        json!({"is_admin": true, "is_guest": false, "customer_id": "ada", "device_id": "phone", "custom_name": "Ada"})
    );
    assert!(config["token"]["expired_at"].is_string());
}

#[tokio::test]
async fn what_a_request_for_a_token_does_not_say_is_filled_in() {
    let server = server(&[]).await;
    let path = format!("/chatrooms/{}/tokens", server.room_id());
    for body in ["", "{}", r#"{"role":"ROLE_VIEWER","unknown":1}"#] {
        let tokens = post(&server, &path, server.org_token().expose(), body).await.json();
        let config = get(&server, "/chatrooms/config", tokens["token"].as_str().unwrap()).await.json();
        assert_eq!(config["user"]["is_guest"], true);
        assert_eq!(config["user"]["custom_name"], "Guest");
        assert!(!config["user"]["customer_id"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_room_has_every_field_that_mobile_clients_insist_on() {
    let server = server(&[]).await;
    let token = token(&server, "ada", Role::Viewer).await.token;
    let room = get(&server, "/chatrooms", token.expose()).await.json()["chatroom"].clone();
    assert_eq!(room["id"], server.room_id().as_str());
    assert_eq!(room["muted"], false);
    assert_eq!(room["status"], "CHAT_STATUS_ACTIVE");
    assert_eq!(room["blocked_users"], json!([]));
    assert_eq!(room["pinned_messages"], json!([]));
    assert_eq!(room["active_poll"], Value::Null);
    assert_eq!(room["viewer_info"]["enabled"], false);
    assert!(room["viewer_info"]["version_number"].is_string());
    assert!(room["created_at"].is_string() && room["updated_at"].is_string());
}

#[tokio::test]
async fn a_refresh_token_buys_new_chat_tokens() {
    let server = server(&[]).await;
    let tokens = token(&server, "ada", Role::Viewer).await;
    for _ in 0..2 {
        let body = json!({"refresh_token": tokens.refresh_token.expose()}).to_string();
        let answer = call(&server, "POST", &format!("{PREFIX}/chatrooms/tokens:refresh"), &[], &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let fresh = answer.json();
        assert!(fresh["expires_in"].as_i64().unwrap() > 0);
        assert!(fresh.get("refresh_token").is_none());
        let config = get(&server, "/chatrooms/config", fresh["token"].as_str().unwrap()).await.json();
        assert_eq!(config["user"]["customer_id"], "ada");
    }
}

#[tokio::test]
async fn the_endpoint_and_the_url_are_those_by_which_the_server_was_asked() {
    let server = server(&[]).await;
    let token = token(&server, "ada", Role::Viewer).await.token;
    let lines = [bearer(token.expose()), "Host: chat.example:8080".to_owned()];
    let lines = [lines[0].as_str(), lines[1].as_str()];
    let answer = call(&server, "GET", &format!("{PREFIX}/chatrooms/config"), &lines, "").await;
    let config = Config::from_json(answer.body.as_bytes()).unwrap();
    assert_eq!(config.link_url().to_string(), "ws://chat.example:8080/mqtt");
    let answer = call(&server, "GET", &format!("{PREFIX}/chatrooms/config"), &[lines[0], "Host: evil@host"], "").await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn who_shows_no_token_or_a_wrong_one_is_refused_with_the_right_status() {
    let server = server(&[]).await;
    let tokens = token(&server, "ada", Role::Viewer).await;
    let (chat, org) = (tokens.token.expose().to_owned(), server.org_token().expose().to_owned());
    let refresh = tokens.refresh_token.expose().to_owned();
    let mut altered = chat.clone();
    altered.insert(chat.len() / 2, 'A');
    let room = format!("/chatrooms/{}/tokens", server.room_id());
    let for_chat = [("GET", "/chatrooms/config"), ("GET", "/chatrooms"), ("GET", "/chatrooms/messages")];
    let for_org = [("POST", "/chatrooms"), ("POST", room.as_str())];
    for (method, path) in for_chat.into_iter().chain(for_org) {
        let ask = async |lines: &[&str]| call(&server, method, &format!("{PREFIX}{path}"), lines, "").await;
        for none in
            [vec![], vec!["Authorization: Basic abc"], vec!["Authorization: Bearer"], vec!["Authorization: Bearer  "]]
        {
            let answer = ask(&none).await;
            assert_eq!((answer.status, answer.refusal()), (401, (16, vec![])), "{method} {path} {none:?}");
        }
        for dead in ["nonsense", "a.b.c", &altered, &refresh] {
            let answer = ask(&[&bearer(dead)]).await;
            assert_eq!((answer.status, answer.refusal()), (401, (16, vec![INVALID.to_owned()])), "{method} {path}");
            assert!(!answer.body.contains(dead), "a token is never quoted");
        }
        let other = if for_chat.contains(&(method, path)) { &org } else { &chat };
        let answer = ask(&[&bearer(other)]).await;
        assert_eq!((answer.status, answer.refusal()), (403, (7, vec![])), "{method} {path}");
    }
    let body = json!({"refresh_token": chat}).to_string();
    let answer = call(&server, "POST", &format!("{PREFIX}/chatrooms/tokens:refresh"), &[], &body).await;
    assert_eq!((answer.status, answer.refusal()), (401, (16, vec![INVALID.to_owned()])));
}

#[tokio::test]
async fn a_token_that_has_ended_is_dead() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = Options::ephemeral();
    options.tls_listen = None;
    options.data = Data::Directory(directory.path().to_owned());
    let server = Server::start(options).await.unwrap();
    let keys = TokenKeys::load_or_create(directory.path()).unwrap();
    let good = token(&server, "ada", Role::Viewer).await.token;
    let grant = keys.verify_chat(good.expose(), Timestamp::now()).unwrap();
    let hour_ago = Timestamp::now() - Duration::from_secs(3600);
    let old = keys.issue_chat(&grant.until(hour_ago), hour_ago - Duration::from_secs(3600));
    let answer = get(&server, "/chatrooms/config", old.expose()).await;
    assert_eq!((answer.status, answer.refusal()), (401, (16, vec![INVALID.to_owned()])));
    let detail = answer.json()["details"][0].clone();
    assert_eq!(detail["@type"], "type.googleapis.com/google.rpc.ErrorInfo");
    assert!(answer.head.contains("www-authenticate: bearer"));
}

#[tokio::test]
async fn what_can_not_be_used_is_refused_by_its_name() {
    let server = server(&[("body.max", "1KiB")]).await;
    let org = server.org_token().expose().to_owned();
    let chat = token(&server, "ada", Role::Viewer).await.token.expose().to_owned();
    let tokens = format!("/chatrooms/{}/tokens", server.room_id());
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(2000));
    for (path, body, status) in [
        ("/chatrooms", "{", 400),
        ("/chatrooms", "[]", 400),
        ("/chatrooms", r#"{"custom_counters":[{}]}"#, 400),
        ("/chatrooms", r#"{"custom_counters":[{"key":""}]}"#, 400),
        (tokens.as_str(), r#"{"role":"ROLE_KING"}"#, 400),
        (tokens.as_str(), r#"{"expired_at":"yesterday"}"#, 400),
        (tokens.as_str(), r#"{"expired_at":"2001-01-01T00:00:00Z"}"#, 400),
        (tokens.as_str(), r#"{"subject":7}"#, 400),
        (tokens.as_str(), long.as_str(), 413),
        ("/chatrooms/no-such-room/tokens", "{}", 404),
    ] {
        let answer = post(&server, path, &org, body).await;
        assert_eq!(answer.status, status, "{path} {body}: {answer:?}");
        let code = if status == 404 { 5 } else { 3 };
        assert_eq!(answer.refusal(), (code, vec![]), "{path} {body}");
    }
    for query in ["limit=x", "limit=101", "limit=-1", "before_at=now", "from_oldest=perhaps", "types=DANCE"] {
        let answer = get(&server, &format!("/chatrooms/messages?{query}"), &chat).await;
        assert_eq!((answer.status, answer.refusal().0), (400, 3), "{query}");
        assert!(answer.body.contains(query.split('=').next().unwrap()), "{answer:?}");
    }
    let refresh = call(&server, "POST", &format!("{PREFIX}/chatrooms/tokens:refresh"), &[], "{}").await;
    assert_eq!((refresh.status, refresh.refusal().0), (400, 3));
}

#[tokio::test]
async fn a_path_or_a_method_that_is_not_there_is_refused_in_the_same_form() {
    let server = server(&[]).await;
    for (method, path, status, code) in [
        ("GET", "/nothing", 404, 5),
        ("GET", "/bv/chatroom/v1", 404, 5),
        ("GET", "/bv/chatroom/v1/chatrooms/x/y/z", 404, 5),
        ("DELETE", "/bv/chatroom/v1/chatrooms", 405, 12),
        ("POST", "/bv/chatroom/v1/chatrooms/config", 405, 12),
        ("GET", "/bv/chatroom/v1/chatrooms/tokens:refresh", 405, 12),
        ("POST", "/", 405, 12),
        ("GET", "/mqtt", 426, 3),
    ] {
        let answer = call(&server, method, path, &[], "").await;
        assert_eq!((answer.status, answer.refusal()), (status, (code, vec![])), "{method} {path}");
    }
}

#[tokio::test]
async fn a_path_means_the_same_whichever_letters_are_encoded() {
    let server = server(&[]).await;
    let admin = token(&server, "host", Role::Admin).await.token.expose().to_owned();
    let org = server.org_token().expose().to_owned();
    let room = server.room_id().to_string();
    for (method, path, token, status) in [
        ("POST", "/bv/chatroom/v1/chatrooms%3Amute".to_owned(), &admin, 200),
        ("POST", "/bv/chatroom/v1/chatrooms%3aunmute?x=%3A".to_owned(), &admin, 200),
        ("GET", "/%62v/chatroom/v1/%63hatroom%73".to_owned(), &admin, 200),
        ("POST", "/bv/chatroom/v1/dictionaries/t%6Fkens".to_owned(), &org, 200),
        ("POST", format!("/bv/chatroom/v1/chatrooms/{}/tokens", room.replace('-', "%2D")), &org, 200),
        ("POST", "/bv/chatroom/v1/chatrooms/polls/none%3Achange".to_owned(), &admin, 400),
        ("GET", "/he%61lthz".to_owned(), &admin, 200),
        ("GET", "/bv%2Fchatroom/v1/chatrooms".to_owned(), &admin, 404),
        ("POST", "/bv/chatroom/v1/chatrooms%253Amute".to_owned(), &admin, 404),
        ("GET", "/bv/chatroom/v1/%zz".to_owned(), &admin, 400),
        ("GET", "/bv/chatroom/v1/chatrooms%".to_owned(), &admin, 400),
        ("GET", "/bv/chatroom/v1/%ff".to_owned(), &admin, 400),
    ] {
        let answer = call(&server, method, &path, &[&bearer(token)], "{}").await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
    }
    // A slash that is encoded is part of the id.
    let mut ada = join(&server, "ada", Role::Viewer).await;
    ada.must_say(&json!({"type": 1, "id": "a:b", "text_message": {"text": "hi"}})).await;
    for (path, status) in [("a%2Fb", 404), ("..%2Fmessages%2Fa:b", 404), ("%61%3Ab", 200)] {
        let path = format!("/bv/chatroom/v1/chatrooms/messages/{path}");
        let answer = call(&server, "DELETE", &path, &[&bearer(&admin)], "").await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn names_in_which_nothing_can_be_seen_are_none() {
    let server = server(&[]).await;
    let admin = token(&server, "host", Role::Admin).await.token.expose().to_owned();
    let org = server.org_token().expose().to_owned();
    for blank in [" ", "\u{200b}", "\u{2800}\u{3164}", "\u{e0041}\u{fe0f}", "\u{301}", "\u{feff}"] {
        let body = json!({"name": blank}).to_string();
        let made = post(&server, &format!("/chatrooms/{}/tokens", server.room_id()), &org, &body).await.json();
        let config = get(&server, "/chatrooms/config", made["token"].as_str().unwrap()).await.json();
        assert_eq!(config["user"]["custom_name"], "Guest", "{blank:?}");
        let (path, name) = (format!("{PREFIX}/chatrooms/users"), json!({"custom_name": blank}).to_string());
        assert_eq!(call(&server, "PUT", &path, &[&bearer(&admin)], &name).await.status, 400, "{blank:?}");
        let poll =
            json!({"poll": {"multi_choice": {"question": "Tea?", "options": [{"text": "yes"}, {"text": blank}]}}});
        for (path, token, body) in [
            ("/chatrooms/polls", &admin, poll),
            ("/dictionaries", &admin, json!({"name": blank})),
            ("/chatrooms", &org, json!({"custom_counters": [{"key": blank}]})),
        ] {
            let answer = post(&server, path, token, &body.to_string()).await;
            assert_eq!(answer.status, 400, "{path} {blank:?}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn the_history_is_read_in_pages_both_ways() {
    let server = server(&[("rate.viewer", "100000")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    for number in 0..25 {
        ada.must_say(&text(&number.to_string())).await;
    }
    let token = token(&server, "ada", Role::Viewer).await.token;
    let page = async |query: &str| {
        let answer = get(&server, &format!("/chatrooms/messages?{query}"), token.expose()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.head.contains("content-type: application/json"));
        answer.json()["messages"].as_array().unwrap().clone()
    };
    let number = |message: &Value| message["text_message"]["text"].as_str().unwrap().parse::<i32>().unwrap();
    let (mut back, mut before) = (Vec::new(), String::new());
    loop {
        let messages = page(&format!("limit=10{before}")).await;
        let Some(first) = messages.first() else { break };
        before = format!("&before_at={}", first["received_at"].as_str().unwrap());
        back.splice(0..0, messages.iter().map(number));
    }
    assert_eq!(back, (0..25).collect::<Vec<_>>());
    let (mut forth, mut after) = (Vec::new(), String::new());
    loop {
        let messages = page(&format!("limit=10&from_oldest=true{after}")).await;
        let Some(last) = messages.last() else { break };
        after = format!("&after_at={}", last["received_at"].as_str().unwrap());
        forth.extend(messages.iter().map(number));
    }
    assert_eq!(forth, (0..25).collect::<Vec<_>>());
    assert_eq!(page("types=INTERACTION_TYPE_CUSTOM&types=INTERACTION_TYPE_MUTE").await.len(), 0);
    assert_eq!(page("types=INTERACTION_TYPE_TEXT,INTERACTION_TYPE_MUTE").await.len(), 25);
}

#[tokio::test]
async fn who_watches_the_server_is_answered() {
    let server = server(&[]).await;
    for path in ["/healthz", "/readyz", "/"] {
        let answer = call(&server, "GET", path, &[], "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.head.contains("content-type: text/plain"));
    }
}
