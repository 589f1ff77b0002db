//! Blocking people, and names.

use serde_json::json;

use super::{Stage, by};

#[tokio::test]
async fn blocking() {
    let stage = Stage::new().await;
    let eve = json!({"id": "eve", "device_id": "e", "custom_name": "Eve", "action_taker": by("Host")});
    let path = "/chatrooms/users:block";
    stage.keep("blockChatroomUser", "POST", path, &stage.admin, json!({"blocked_user": eve})).await;
}

#[tokio::test]
async fn unblocking() {
    let stage = Stage::new().await;
    let eve = json!({"id": "eve", "device_id": "e", "custom_name": "Eve", "action_taker": by("Host")});
    stage.must("POST", "/chatrooms/users:block", &stage.admin, json!({"blocked_user": eve})).await;
    let body = json!({"unblocked_user": {"id": "eve", "action_taker": by("Host")}});
    stage.keep("unblockChatroomUser", "POST", "/chatrooms/users:unblock", &stage.admin, body).await;
}

#[tokio::test]
async fn taking_another_name() {
    let stage = Stage::new().await;
    let body = json!({"custom_name": "Ada Lovelace"});
    stage.keep("updateChatroomUser", "PUT", "/chatrooms/users", &stage.viewer, body).await;
}
