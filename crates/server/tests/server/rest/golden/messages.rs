//! The history, and what admins do to a message.

use serde_json::{Value, json};

use super::{Stage, by};

fn pin(id: &str) -> Value {
    let sender = json!({"id": "ada", "device_id": "phone", "custom_name": "Ada"});
    json!({"pinned_message": {"message": {"id": id, "text": "hello", "sender": sender}, "action_taker": by("Host")}})
}

#[tokio::test]
async fn reading_the_history() {
    let stage = Stage::new().await;
    stage.said("hello").await;
    let path = "/chatrooms/messages?limit=10&from_oldest=true&types=INTERACTION_TYPE_TEXT";
    stage.keep("listChatroomMessages", "GET", path, &stage.viewer, Value::Null).await;
}

#[tokio::test]
async fn deleting_a_message() {
    let stage = Stage::new().await;
    let id = stage.said("hello").await;
    let path = format!("/chatrooms/messages/{id}?action_taker.custom_name=Host&sent_at=2024-07-29T15:51:28.071Z");
    stage.keep("deleteChatroomMessage", "DELETE", &path, &stage.admin, Value::Null).await;
}

#[tokio::test]
async fn pinning() {
    let stage = Stage::new().await;
    let id = stage.said("hello").await;
    stage.keep("pinChatroomMessage", "POST", "/chatrooms/messages:pin", &stage.admin, pin(&id)).await;
}

#[tokio::test]
async fn unpinning() {
    let stage = Stage::new().await;
    let id = stage.said("hello").await;
    stage.must("POST", "/chatrooms/messages:pin", &stage.admin, pin(&id)).await;
    let body = json!({"unpinned_message": {"message": {"id": id}, "action_taker": by("Host")}});
    stage.keep("unpinChatroomMessage", "POST", "/chatrooms/messages:unpin", &stage.admin, body).await;
}
