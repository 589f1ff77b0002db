//! Packs of stickers, and which ones a room uses.

use serde_json::{Value, json};

use super::Stage;

const PACK: &str = "/chatrooms/stickerpacks/live";

async fn reader(stage: &Stage) -> String {
    let tokens = stage.must("POST", "/stickerpacks/tokens", &stage.org, json!({})).await;
    tokens["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn making_a_token_for_stickers() {
    let stage = Stage::new().await;
    stage.keep("createStickerToken", "POST", "/stickerpacks/tokens", &stage.org, json!({})).await;
}

#[tokio::test]
async fn reading_all_packs() {
    let stage = Stage::new().await;
    stage.keep("listStickerPacks", "GET", "/stickerpacks", &reader(&stage).await, Value::Null).await;
}

#[tokio::test]
async fn reading_a_pack() {
    let stage = Stage::new().await;
    stage.keep("getStickerPack", "GET", "/stickerpacks/live", &reader(&stage).await, Value::Null).await;
}

#[tokio::test]
async fn reading_the_packs_of_a_room() {
    let stage = Stage::new().await;
    let path = "/chatrooms/stickerpacks";
    stage.keep("listChatroomStickerPacks", "GET", path, &stage.viewer, Value::Null).await;
}

#[tokio::test]
async fn reading_a_pack_of_a_room() {
    let stage = Stage::new().await;
    stage.keep("getChatroomStickerPack", "GET", PACK, &stage.viewer, Value::Null).await;
}

#[tokio::test]
async fn reading_which_packs_a_room_uses() {
    let stage = Stage::new().await;
    stage.must("PUT", PACK, &stage.admin, json!({"enabled": false})).await;
    let path = "/chatrooms/stickerpacks:admin-list";
    stage.keep("adminListStickerPacks", "POST", path, &stage.admin, json!({})).await;
}

#[tokio::test]
async fn using_a_pack_no_longer() {
    let stage = Stage::new().await;
    stage.keep("updateChatroomStickerPack", "PUT", PACK, &stage.admin, json!({"enabled": false})).await;
}
