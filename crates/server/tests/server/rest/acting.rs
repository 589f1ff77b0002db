//! What somebody does in a room by REST, and in whose name.

use chatroom_server::RunningServer;
use chatroom_wire::rest::{PREFIX, Role};
use serde_json::{Value, json};

use crate::bed::{Answer, call, get, http::bearer, join, post, server, text, token};

async fn send(server: &RunningServer, method: &str, path: &str, token: &str, body: &Value) -> Answer {
    call(server, method, &format!("{PREFIX}{path}"), &[&bearer(token)], &body.to_string()).await
}

async fn must(server: &RunningServer, method: &str, path: &str, token: &str, body: &Value) -> Value {
    let answer = send(server, method, path, token, body).await;
    assert_eq!(answer.status, 200, "{method} {path} {body}: {answer:?}");
    answer.json()
}

async fn admin(server: &RunningServer) -> String {
    token(server, "host", Role::Admin).await.token.expose().to_owned()
}

async fn viewer(server: &RunningServer) -> String {
    token(server, "ada", Role::Viewer).await.token.expose().to_owned()
}

async fn room(server: &RunningServer, token: &str) -> Value {
    get(server, "/chatrooms", token).await.json()["chatroom"].clone()
}

/// Makes a poll and answers its path.
async fn poll(server: &RunningServer, token: &str, question: &str) -> String {
    let options = json!([{"text": "Tea", "corrected": true}, {"text": "Coffee"}]);
    let body = json!({"poll": {"multi_choice": {"question": question, "options": options}}});
    let made = must(server, "POST", "/chatrooms/polls", token, &body).await;
    format!("/chatrooms/polls/{}", made["poll"]["id"].as_str().unwrap())
}

async fn change(server: &RunningServer, token: &str, poll: &str, action: &str) -> Answer {
    send(server, "POST", &format!("{poll}:change"), token, &json!({"action": action})).await
}

#[tokio::test]
async fn a_name_that_was_taken_is_that_of_all_that_is_done_without_another() {
    let server = server(&[]).await;
    let admin = admin(&server).await;
    let blocked_by = async |user: &str| {
        let room = room(&server, &admin).await;
        let users = room["blocked_users"].as_array().unwrap().clone();
        let found = users.into_iter().find(|blocked| blocked["id"] == user).unwrap();
        found["action_taker"]["custom_name"].as_str().unwrap().to_owned()
    };
    let block = async |user: &str, name: &str| {
        let body = json!({"blocked_user": {"id": user, "action_taker": {"custom_name": name}}});
        must(&server, "POST", "/chatrooms/users:block", &admin, &body).await;
    };
    block("one", "").await;
    assert_eq!(blocked_by("one").await, "host", "the token's name");
    must(&server, "PUT", "/chatrooms/users", &admin, &json!({"custom_name": "  The Host "})).await;
    block("two", "").await;
    assert_eq!(blocked_by("two").await, "The Host");
    block("three", "Somebody").await;
    assert_eq!(blocked_by("three").await, "Somebody");
    let config = get(&server, "/chatrooms/config", &admin).await.json();
    assert_eq!(config["user"]["custom_name"], "The Host");
    let config = get(&server, "/chatrooms/config", &viewer(&server).await).await.json();
    assert_eq!(config["user"]["custom_name"], "ada", "it is nobody else's name");
}

#[tokio::test]
async fn what_is_so_already_is_answered_the_same_again() {
    let server = server(&[]).await;
    let admin = admin(&server).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    ada.must_say(&text("hello")).await;
    let id = get(&server, "/chatrooms/messages?limit=1", &admin).await.json()["messages"][0]["id"].clone();
    let poll = poll(&server, &admin, "What?").await;
    let rows = [
        ("POST", "/chatrooms:mute".to_owned(), json!({})),
        ("POST", "/chatrooms:unmute".to_owned(), json!({})),
        ("POST", "/chatrooms/users:block".to_owned(), json!({"blocked_user": {"id": "eve"}})),
        ("POST", "/chatrooms/users:unblock".to_owned(), json!({"unblocked_user": {"id": "eve"}})),
        ("POST", "/chatrooms/messages:pin".to_owned(), json!({"pinned_message": {"message": {"id": id}}})),
        ("POST", "/chatrooms/messages:unpin".to_owned(), json!({"unpinned_message": {"message": {"id": id}}})),
        ("DELETE", format!("/chatrooms/messages/{}", id.as_str().unwrap()), json!({})),
        ("PUT", "/chatrooms/viewer-infos".to_owned(), json!({"viewer_info": {"enabled": true}})),
        ("POST", format!("{poll}:change"), json!({"action": "ACTION_START"})),
    ];
    for (method, path, body) in rows {
        must(&server, method, &path, &admin, &body).await;
        let (state, count) = (room(&server, &admin).await, stored(&server, &admin).await);
        assert_eq!(must(&server, method, &path, &admin, &body).await, json!({}), "{method} {path}");
        assert_eq!(room(&server, &admin).await, state, "{method} {path}");
        assert_eq!(stored(&server, &admin).await, count, "{method} {path} is not announced again");
    }
}

async fn stored(server: &RunningServer, token: &str) -> usize {
    get(server, "/chatrooms/messages", token).await.json()["messages"].as_array().unwrap().len()
}

#[tokio::test]
async fn an_id_with_a_colon_is_read_from_the_path_however_it_was_written() {
    let server = server(&[]).await;
    let admin = admin(&server).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    for (id, path) in [("a:b", "a:b"), ("c:d", "c%3Ad"), ("e?f:g", "e%3Ff%3ag"), ("100%", "100%25")] {
        let mut message = text("hello");
        message["id"] = json!(id);
        ada.must_say(&message).await;
        must(&server, "DELETE", &format!("/chatrooms/messages/{path}"), &admin, &Value::Null).await;
        let history = get(&server, "/chatrooms/messages?types=INTERACTION_TYPE_TEXT", &admin).await.json();
        assert_eq!(history["messages"], json!([]), "{id}");
    }
}

#[tokio::test]
async fn polls_are_read_in_pages_that_hold_each_once() {
    let server = server(&[]).await;
    let admin = admin(&server).await;
    let mut made = Vec::new();
    for number in 0..7 {
        made.insert(0, poll(&server, &admin, &number.to_string()).await);
    }
    let page = async |token: &str| get(&server, &format!("/chatrooms/polls?page_size=3{token}"), &admin).await;
    let (mut read, mut next, mut sizes) = (Vec::new(), String::new(), Vec::new());
    loop {
        let answer = page(&next).await.json();
        let polls = answer["polls"].as_array().unwrap();
        sizes.push(polls.len());
        read.extend(polls.iter().map(|poll| format!("/chatrooms/polls/{}", poll["id"].as_str().unwrap())));
        match answer["next_page_token"].as_str().unwrap() {
            "" => break,
            token => next = format!("&page_token={token}"),
        }
    }
    assert_eq!((read, sizes), (made.clone(), vec![3, 3, 1]));
    let first = page("").await.json()["next_page_token"].as_str().unwrap().to_owned();
    must(&server, "DELETE", &made[2], &admin, &Value::Null).await;
    let gone = page(&format!("&page_token={first}")).await;
    assert_eq!((gone.status, gone.refusal().0), (400, 3), "the page would begin nowhere");
    let other = get(&server, &format!("/dictionaries?page_token={first}"), &admin).await;
    assert_eq!((other.status, other.refusal().0), (400, 3), "a token is good for its own list");
}

#[tokio::test]
async fn a_viewer_learns_which_answer_is_right_once_the_poll_is_closed() {
    let server = server(&[]).await;
    let (admin, viewer) = (admin(&server).await, viewer(&server).await);
    let path = poll(&server, &admin, "What?").await;
    let told = async |token: &str| {
        let polls = get(&server, "/chatrooms/polls", token).await.json();
        polls["polls"][0]["multi_choice"]["options"][0]["corrected"].clone()
    };
    for (action, told_viewers) in
        [("", Value::Null), ("START", Value::Null), ("CLOSE", json!(true)), ("ARCHIVE", json!(true))]
    {
        if !action.is_empty() {
            assert_eq!(change(&server, &admin, &path, &format!("ACTION_{action}")).await.status, 200);
        }
        assert_eq!((told(&viewer).await, told(&admin).await), (told_viewers, json!(true)), "{action}");
    }
}

#[tokio::test]
async fn a_poll_takes_no_step_that_its_status_does_not_allow() {
    let server = server(&[]).await;
    let admin = admin(&server).await;
    let (one, other) = (poll(&server, &admin, "One?").await, poll(&server, &admin, "Other?").await);
    let refused = async |answer: Answer| assert_eq!((answer.status, answer.refusal().0), (400, 9), "{answer:?}");
    refused(change(&server, &admin, &one, "ACTION_CLOSE").await).await;
    refused(change(&server, &admin, &one, "ACTION_ARCHIVE").await).await;
    assert_eq!(change(&server, &admin, &one, "ACTION_START").await.status, 200);
    refused(change(&server, &admin, &other, "ACTION_START").await).await;
    let options = json!([{"text": "Yes"}, {"text": "No"}]);
    let anew = json!({"poll": {"multi_choice": {"question": "Anew?", "options": options}}});
    refused(send(&server, "PUT", &one, &admin, &anew).await).await;
    refused(send(&server, "DELETE", &one, &admin, &Value::Null).await).await;
    let room = room(&server, &admin).await;
    assert_eq!(room["active_poll"]["multi_choice"]["question"], "One?");
    assert_eq!(change(&server, &admin, &one, "ACTION_CLOSE").await.status, 200);
    assert_eq!(change(&server, &admin, &other, "ACTION_START").await.status, 200);
}

#[tokio::test]
async fn where_there_are_as_many_as_may_be_one_more_is_refused_as_too_many() {
    let settings =
        [("pins.max", "1"), ("counters.max", "1"), ("blocked.max", "1"), ("polls.max", "1"), ("rate.viewer", "99")];
    let server = server(&settings).await;
    let (admin, org) = (admin(&server).await, server.org_token().expose().to_owned());
    let mut ada = join(&server, "ada", Role::Viewer).await;
    for words in ["one", "two"] {
        ada.must_say(&text(words)).await;
    }
    let history = get(&server, "/chatrooms/messages", &admin).await.json();
    for (index, status) in [(0, 200), (1, 429)] {
        let pin = json!({"pinned_message": {"message": {"id": history["messages"][index]["id"]}}});
        let user = json!({"blocked_user": {"id": format!("user {index}")}});
        let options = json!([{"text": "Yes"}, {"text": "No"}]);
        let poll = json!({"poll": {"multi_choice": {"question": "What?", "options": options}}});
        for (path, body) in
            [("/chatrooms/messages:pin", pin), ("/chatrooms/users:block", user), ("/chatrooms/polls", poll)]
        {
            let answer = send(&server, "POST", path, &admin, &body).await;
            assert_eq!(answer.status, status, "{path}: {answer:?}");
            assert!(status == 200 || answer.refusal().0 == 8, "{path}: {answer:?}");
        }
    }
    let two = post(&server, "/chatrooms", &org, r#"{"custom_counters":[{"key":"a"},{"key":"b"}]}"#).await;
    assert_eq!((two.status, two.refusal().0), (400, 3));
}
