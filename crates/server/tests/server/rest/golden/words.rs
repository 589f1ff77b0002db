//! Dictionaries of the word filter, and which ones a room uses.

use serde_json::{Value, json};

use super::Stage;

async fn writer(stage: &Stage) -> String {
    let tokens = stage.must("POST", "/dictionaries/tokens", &stage.org, json!({})).await;
    tokens["token"].as_str().unwrap().to_owned()
}

/// The path of a new dictionary.
async fn made(stage: &Stage, name: &str) -> String {
    let made = stage.must("POST", "/dictionaries", &stage.admin, json!({"name": name})).await;
    format!("/dictionaries/{}", made["dictionary"]["id"].as_str().unwrap())
}

/// The path of a new pattern of a dictionary.
async fn added(stage: &Stage, dictionary: &str, text: &str) -> String {
    let path = format!("{dictionary}/patterns");
    let added = stage.must("POST", &path, &stage.admin, json!({"text": text})).await;
    format!("{path}/{}", added["pattern"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn making_a_token_for_dictionaries() {
    let stage = Stage::new().await;
    stage.keep("createDictionaryToken", "POST", "/dictionaries/tokens", &stage.org, json!({})).await;
}

#[tokio::test]
async fn making_a_dictionary() {
    let stage = Stage::new().await;
    let body = json!({"name": "Rude", "description": "Words that nobody wants to read"});
    stage.keep("createDictionary", "POST", "/dictionaries", &writer(&stage).await, body).await;
}

#[tokio::test]
async fn reading_dictionaries_page_by_page() {
    let stage = Stage::new().await;
    made(&stage, "Rude").await;
    made(&stage, "Spam").await;
    let path = "/dictionaries?page_size=1";
    stage.keep("listDictionaries", "GET", path, &writer(&stage).await, Value::Null).await;
}

#[tokio::test]
async fn reading_a_dictionary() {
    let stage = Stage::new().await;
    let path = made(&stage, "Rude").await;
    stage.keep("getDictionary", "GET", &path, &stage.admin, Value::Null).await;
}

#[tokio::test]
async fn writing_a_dictionary_anew() {
    let stage = Stage::new().await;
    let path = made(&stage, "Rude").await;
    let body = json!({"name": "Very rude", "description": "New"});
    stage.keep("updateDictionary", "PUT", &path, &stage.admin, body).await;
}

#[tokio::test]
async fn deleting_a_dictionary() {
    let stage = Stage::new().await;
    let path = made(&stage, "Rude").await;
    stage.keep("deleteDictionary", "DELETE", &path, &stage.admin, Value::Null).await;
}

#[tokio::test]
async fn adding_a_pattern() {
    let stage = Stage::new().await;
    let path = format!("{}/patterns", made(&stage, "Rude").await);
    stage.keep("createPattern", "POST", &path, &stage.admin, json!({"text": "darn it"})).await;
}

#[tokio::test]
async fn adding_many_patterns() {
    let stage = Stage::new().await;
    let path = format!("{}/patterns:batch-create", made(&stage, "Rude").await);
    stage.keep("batchCreatePatterns", "POST", &path, &stage.admin, json!({"texts": ["darn", "heck"]})).await;
}

#[tokio::test]
async fn reading_patterns_page_by_page() {
    let stage = Stage::new().await;
    let dictionary = made(&stage, "Rude").await;
    added(&stage, &dictionary, "darn").await;
    added(&stage, &dictionary, "heck").await;
    let path = format!("{dictionary}/patterns?page_size=1");
    stage.keep("listPatterns", "GET", &path, &stage.admin, Value::Null).await;
}

#[tokio::test]
async fn writing_a_pattern_anew() {
    let stage = Stage::new().await;
    let dictionary = made(&stage, "Rude").await;
    let path = added(&stage, &dictionary, "darn").await;
    stage.keep("updatePattern", "PUT", &path, &stage.admin, json!({"text": "heck"})).await;
}

#[tokio::test]
async fn deleting_a_pattern() {
    let stage = Stage::new().await;
    let dictionary = made(&stage, "Rude").await;
    let path = added(&stage, &dictionary, "darn").await;
    stage.keep("deletePattern", "DELETE", &path, &stage.admin, Value::Null).await;
}

#[tokio::test]
async fn uploading_patterns() {
    let stage = Stage::new().await;
    let path = format!("{}/patterns:upload", made(&stage, "Rude").await);
    let body = Value::String("darn\nheck\n".to_owned());
    stage.keep("uploadPatterns", "POST", &path, &stage.admin, body).await;
}

#[tokio::test]
async fn reading_which_dictionaries_a_room_uses() {
    let stage = Stage::new().await;
    made(&stage, "Rude").await;
    let used = made(&stage, "Spam").await;
    let enable = format!("/chatrooms{used}:enable");
    stage.must("POST", &enable, &stage.admin, json!({})).await;
    stage.keep("listChatroomDictionaries", "GET", "/chatrooms/dictionaries", &stage.admin, Value::Null).await;
}

#[tokio::test]
async fn using_many_dictionaries() {
    let stage = Stage::new().await;
    let made = made(&stage, "Rude").await;
    let body = json!({"ids": [made.rsplit('/').next().unwrap()], "enabled": true});
    let path = "/chatrooms/dictionaries:batch-update";
    stage.keep("batchUpdateChatroomDictionaries", "POST", path, &stage.admin, body).await;
}

#[tokio::test]
async fn using_a_dictionary() {
    let stage = Stage::new().await;
    let path = format!("/chatrooms{}:enable", made(&stage, "Rude").await);
    stage.keep("enableChatroomDictionary", "POST", &path, &stage.admin, json!({})).await;
}

#[tokio::test]
async fn using_a_dictionary_no_longer() {
    let stage = Stage::new().await;
    let path = format!("/chatrooms{}", made(&stage, "Rude").await);
    stage.must("POST", &format!("{path}:enable"), &stage.admin, json!({})).await;
    stage.keep("disableChatroomDictionary", "POST", &format!("{path}:disable"), &stage.admin, json!({})).await;
}
