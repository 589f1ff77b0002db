//! Every file in `testdata` reads to the typed value in its snapshot, and writes back to the same JSON.

use std::{collections::BTreeSet, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chatroom_wire::{Chatroom, Claims, Config, Kind, Message, Token, envelope};
use serde::Serialize;
use serde_json::Value;

/// Name and text of each file, by name.
fn files() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is part of the crate")
        .map(|entry| {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("file names are ASCII").to_owned();
            let name = name.strip_suffix(".json").expect("only JSON belongs here").to_owned();
            (name, std::fs::read_to_string(&path).expect("the file is text"))
        })
        .collect();
    files.sort();
    files
}

fn message(text: &str) -> Message {
    let mut elements = envelope::decode(text.as_bytes()).expect("the file is a payload");
    assert_eq!(elements.len(), 1);
    elements.remove(0).expect("the file is a message")
}

/// The JSON in a file; of a message, with its type by name where that is certain.
fn json(text: &str) -> Value {
    let mut json: Value = serde_json::from_str(text).expect("the file is JSON");
    if let Some(kind) = json.get("type").and_then(Value::as_u64).and_then(Kind::from_number) {
        json["type"] = kind.name().into();
    }
    json
}

fn written(value: &impl Serialize) -> Value {
    let text = serde_json::to_string(value).expect("what was read can be written");
    serde_json::from_str(&text).expect("what is written is JSON")
}

#[test]
fn each_file_reads_to_its_snapshot_and_writes_back_the_same() {
    for (name, text) in files() {
        let (shown, back) = match name.split_once('_').map_or(&*name, |(kind, _)| kind) {
            "message" => {
                let message = message(&text);
                (format!("{message:#?}"), written(&message))
            }
            "batch" => {
                let messages: Vec<_> =
                    envelope::decode(text.as_bytes()).unwrap().into_iter().map(Result::unwrap).collect();
                let encoded: Vec<_> = messages.iter().map(envelope::encode).collect();
                let joined = envelope::join(encoded.iter().map(Vec::as_slice));
                (format!("{messages:#?}"), serde_json::from_slice(&joined).unwrap())
            }
            "config" => {
                let config = Config::from_json(text.as_bytes()).unwrap();
                (format!("{config:#?}"), written(&config))
            }
            "claims" => {
                let claims = Claims::of(&Token::new(format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(&text)))).unwrap();
                (format!("{claims:#?}"), written(&claims))
            }
            "chatroom" => {
                let room: Chatroom = serde_json::from_str(&text).unwrap();
                (format!("{room:#?}"), written(&room))
            }
            other => panic!("{name}: no reader for {other}"),
        };
        insta::assert_snapshot!(name.clone(), shown);
        if name != "config_of_sample" {
            assert_eq!(back, json(&text), "{name}");
        }
    }
}

#[test]
fn the_samples_config_is_written_with_the_names_of_the_service() {
    let (_, text) = files().into_iter().find(|(name, _)| name == "config_of_sample").unwrap();
    let config = Config::from_json(text.as_bytes()).unwrap();
    let mut expected = json(&text);
    let id = expected["connection"].as_object_mut().unwrap().remove("clientId").unwrap();
    expected["connection"]["client_id"] = id;
    expected["user"]["is_guest"] = false.into();
    assert_eq!(written(&config), expected);
}

#[test]
fn every_known_type_has_a_file_of_its_name() {
    let names: BTreeSet<String> = files().into_iter().map(|(name, _)| name).collect();
    for kind in Kind::known() {
        let file = format!("message_{}", kind.name().trim_start_matches("INTERACTION_TYPE_").to_lowercase());
        assert!(names.contains(&file), "{file}.json is missing");
        let (_, text) = files().into_iter().find(|(name, _)| *name == file).unwrap();
        assert_eq!(message(&text).kind(), kind, "{file}");
    }
    assert_eq!(Kind::known().count(), 21);
}

#[test]
fn payloads_of_polls_and_stickers_stay_letter_by_letter() {
    let (_, text) = files().into_iter().find(|(name, _)| name == "message_sticker").unwrap();
    let sticker = message(&text).field("sticker_message").unwrap().as_str().to_owned();
    assert!(sticker.contains("\"size\": 1.50"), "{sticker}");
    let encoded = String::from_utf8(envelope::encode(&message(&text))).unwrap();
    assert!(encoded.contains(&sticker));
}
