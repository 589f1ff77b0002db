//! What answers take: pages end by their size, what is not read has a budget, and calls have a rate.

use std::time::Duration;

use chatroom_server::RunningServer;
use chatroom_wire::rest::{PREFIX, Role};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::sleep};

use crate::bed::{self, call, get, join, server, token};

/// Says so many messages of about 100 KiB.
async fn say_large(server: &RunningServer, count: usize) {
    let mut ada = join(server, "ada", Role::Admin).await;
    for number in 0..count {
        let value = format!("{number:03}{}", "x".repeat(100 << 10));
        ada.must_say(&json!({"type": "INTERACTION_TYPE_CUSTOM", "custom_message": {"value": value}})).await;
    }
}

#[tokio::test]
async fn a_page_ends_at_about_a_mebibyte_and_the_pages_hold_everything() {
    let server = server(&[]).await;
    say_large(&server, 25).await;
    let token = token(&server, "ada", Role::Viewer).await.token;
    for (order, bound, edge) in [("", "before_at", 0), ("&from_oldest=true", "after_at", usize::MAX)] {
        let (mut met, mut from) = (Vec::new(), String::new());
        loop {
            let answer = get(&server, &format!("/chatrooms/messages?limit=100{order}{from}"), token.expose()).await;
            assert_eq!(answer.status, 200);
            assert!(answer.body.len() < (1 << 20) + 1000, "{} bytes", answer.body.len());
            let page = answer.json()["messages"].as_array().unwrap().clone();
            let Some(last) = page.get(edge.min(page.len().saturating_sub(1))) else { break };
            from = format!("&{bound}={}", last["received_at"].as_str().unwrap());
            let numbers =
                page.iter().map(|message| message["custom_message"]["value"].as_str().unwrap()[..3].to_owned());
            met.extend(numbers);
        }
        met.sort_unstable();
        assert_eq!(met, (0..25).map(|number| format!("{number:03}")).collect::<Vec<_>>(), "{bound}");
    }
}

/// Asks for a page, and reads nothing of it.
async fn ask_and_read_nothing(server: &RunningServer, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address().unwrap()).await.unwrap();
    let head = format!(
        "GET {PREFIX}/chatrooms/messages?limit=100 HTTP/1.1\r\nHost: h\r\n{}\r\n\r\n",
        bed::http::bearer(token)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.readable().await.unwrap();
    stream
}

#[tokio::test]
async fn answers_that_nobody_reads_have_a_budget_and_joining_does_not_need_it() {
    let server = server(&[("answers.max", "3MiB"), ("answers.per_token", "2MiB")]).await;
    say_large(&server, 11).await;
    let mut tokens = Vec::new();
    for name in ["ben", "eve", "joe"] {
        tokens.push(token(&server, name, Role::Viewer).await.token);
    }
    let page = "/chatrooms/messages?limit=100";
    let mut slow = Vec::new();
    for _ in 0..20 {
        slow.push(ask_and_read_nothing(&server, tokens[0].expose()).await);
    }
    let refused = get(&server, page, tokens[0].expose()).await;
    assert_eq!((refused.status, refused.refusal().0), (429, 8), "{}", refused.head);
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    assert_eq!(get(&server, page, tokens[1].expose()).await.status, 200, "another caller has a budget of its own");
    for _ in 0..20 {
        slow.push(ask_and_read_nothing(&server, tokens[1].expose()).await);
    }
    let refused = get(&server, page, tokens[2].expose()).await;
    assert_eq!((refused.status, refused.refusal().0), (503, 14), "{}", refused.head);
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    for path in ["/chatrooms", "/chatrooms/config"] {
        assert_eq!(get(&server, path, tokens[0].expose()).await.status, 200, "{path}");
    }
    // What is not read is given up with its connection.
    drop(slow);
    while get(&server, page, tokens[0].expose()).await.status != 200 {
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn calls_have_a_rate_by_token_and_without_a_good_one_by_address() {
    let server = server(&[("rate.calls", "1"), ("rate.calls_unknown", "1")]).await;
    let (ada, ben) = (token(&server, "ada", Role::Viewer).await, token(&server, "ben", Role::Viewer).await);
    let statuses = async |path: &str, token: &str| {
        let mut statuses = Vec::new();
        for _ in 0..11 {
            statuses.push(get(&server, path, token).await);
        }
        statuses
    };
    let last = |mut answers: Vec<bed::Answer>, status: u16| {
        let last = answers.pop().unwrap();
        assert!(answers.iter().all(|answer| answer.status == status), "{answers:?}");
        assert_eq!((last.status, last.refusal().0), (429, 8));
        assert!(last.head.contains("retry-after: 1"), "{}", last.head);
    };
    last(statuses("/chatrooms", ada.token.expose()).await, 200);
    // The address is somebody else's business.
    last(statuses("/chatrooms", "no token").await, 401);
    assert_eq!(get(&server, "/chatrooms", ben.token.expose()).await.status, 200);
    // A fresh token is no fresh start, and who may not call may not refresh either.
    let refresh = async |refresh_token: &str| {
        let body = json!({"refresh_token": refresh_token}).to_string();
        call(&server, "POST", &format!("{PREFIX}/chatrooms/tokens:refresh"), &[], &body).await.status
    };
    assert_eq!(refresh(ada.refresh_token.expose()).await, 429);
    assert_eq!(refresh(ben.refresh_token.expose()).await, 200);
    assert_eq!(refresh("none").await, 429);
}

#[tokio::test]
async fn many_clients_behind_one_address_come_back_at_once() {
    let server = server(&[]).await;
    for client in 0..300 {
        let token = token(&server, &format!("client {client}"), Role::Viewer).await;
        // As after an outage that was longer than a token lives: refused, refreshed, and in.
        assert_eq!(get(&server, "/chatrooms/config", "expired").await.status, 401);
        let body = json!({"refresh_token": token.refresh_token.expose()}).to_string();
        let answer = call(&server, "POST", &format!("{PREFIX}/chatrooms/tokens:refresh"), &[], &body).await;
        let fresh: Value = answer.json();
        for path in ["/chatrooms/config", "/chatrooms", "/chatrooms/messages?limit=100"] {
            assert_eq!(get(&server, path, fresh["token"].as_str().unwrap()).await.status, 200, "{path} of {client}");
        }
    }
}
