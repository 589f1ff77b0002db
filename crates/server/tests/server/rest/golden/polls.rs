//! Polls.

use serde_json::{Value, json};

use super::{Stage, by};

/// A poll as a request says it.
pub(super) fn poll() -> Value {
    let options = json!([{"text": "Tea", "corrected": true}, {"text": "Coffee", "corrected": false}]);
    json!({"poll": {"type": "POLL_TYPE_SINGLE_CHOICE", "multi_choice": {"question": "What?", "options": options}}})
}

async fn made(stage: &Stage) -> String {
    let made = stage.must("POST", "/chatrooms/polls", &stage.admin, poll()).await;
    format!("/chatrooms/polls/{}", made["poll"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn making_a_poll() {
    let stage = Stage::new().await;
    stage.keep("createPoll", "POST", "/chatrooms/polls", &stage.admin, poll()).await;
}

#[tokio::test]
async fn reading_polls_page_by_page() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        made(&stage).await;
    }
    let first = stage.must("GET", "/chatrooms/polls?page_size=1", &stage.admin, Value::Null).await;
    let token = first["next_page_token"].as_str().unwrap();
    let path = format!("/chatrooms/polls?page_size=1&page_token={token}");
    stage.keep("listPolls", "GET", &path, &stage.admin, Value::Null).await;
}

#[tokio::test]
async fn reading_a_poll() {
    let stage = Stage::new().await;
    let path = made(&stage).await;
    stage.keep("getPoll", "GET", &path, &stage.admin, Value::Null).await;
}

#[tokio::test]
async fn writing_a_poll_anew() {
    let stage = Stage::new().await;
    let path = made(&stage).await;
    let options = json!([{"text": "Yes"}, {"text": "No"}, {"text": "Perhaps"}]);
    let body =
        json!({"poll": {"type": "POLL_TYPE_MULTI_CHOICE", "multi_choice": {"question": "Milk?", "options": options}}});
    stage.keep("updatePoll", "PUT", &path, &stage.admin, body).await;
}

#[tokio::test]
async fn deleting_a_poll() {
    let stage = Stage::new().await;
    let path = made(&stage).await;
    stage.keep("deletePoll", "DELETE", &path, &stage.admin, Value::Null).await;
}

#[tokio::test]
async fn starting_a_poll() {
    let stage = Stage::new().await;
    let path = format!("{}:change", made(&stage).await);
    let body = json!({"action": "ACTION_START", "action_taker": by("Host")});
    stage.keep("changePoll", "POST", &path, &stage.admin, body).await;
}
