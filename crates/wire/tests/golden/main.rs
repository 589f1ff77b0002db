//! Every file in `testdata` reads to the typed value in its snapshot, and writes back to the same JSON.
//!
//! - [`bodies`]: which type reads which file
//! - `schema`: every file is as the schema of its type says
#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod bodies;
#[cfg(feature = "schema")]
mod schema;

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
};

use bodies::message;
use chatroom_wire::{Chatroom, Config, Kind, envelope};
use serde::Serialize;
use serde_json::{Value, value::RawValue};

/// Name and text of each file, by name.
fn files() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is part of the crate")
        .map(|entry| entry.expect("the folder can be read").path())
        // What is tried in other tests has a folder of its own.
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("file names are ASCII").to_owned();
            let name = name.strip_suffix(".json").expect("only JSON belongs here").to_owned();
            (name, std::fs::read_to_string(&path).expect("the file is text"))
        })
        .collect();
    files.sort();
    files
}

/// Name and text of the file of this name.
fn file(name: &str) -> (String, String) {
    files().into_iter().find(|(found, _)| found == name).expect("a file of this name")
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
        let (shown, back) = bodies::of(&name).read(&text);
        insta::assert_snapshot!(name.clone(), shown);
        if name != "config_of_sample" && name != "chatroom_with_foreign_poll" {
            assert_eq!(back, json(&text), "{name}");
        }
    }
}

#[test]
fn the_samples_config_is_written_with_the_names_of_the_service() {
    let (_, text) = file("config_of_sample");
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
        assert_eq!(message(&self::file(&file).1).kind(), kind, "{file}");
    }
    assert_eq!(Kind::known().count(), 21);
}

/// What stands under `key` in the text of a file, letter by letter.
fn raw(text: &str, key: &str) -> String {
    let fields: HashMap<String, &RawValue> = serde_json::from_str(text).unwrap();
    fields[key].get().to_owned()
}

#[test]
fn payloads_of_polls_and_stickers_that_are_not_ours_stay_letter_by_letter() {
    let mut seen = BTreeSet::new();
    for (name, text) in
        files().into_iter().filter(|(name, _)| name.starts_with("message_") && name.ends_with("_foreign"))
    {
        let message = message(&text);
        let written: Value = json(&text);
        let known = ["id", "user", "type", "created_at", "sent_at", "received_at", "published_at"];
        let key = written.as_object().unwrap().keys().find(|key| !known.contains(&key.as_str())).unwrap();
        assert_eq!(message.field(key).unwrap().as_str(), raw(&text, key), "{name}");
        let encoded = String::from_utf8(envelope::encode(&message)).unwrap();
        assert_eq!(raw(&encoded, key), raw(&text, key), "{name}");
        seen.insert((message.kind(), message.kind().payload_key() == Some(key)));
    }
    let theirs = [Kind::PollStarted].map(|kind| (kind, false));
    let under_our_key =
        [Kind::PollClosed, Kind::PollUpdate, Kind::PollUserVote, Kind::Sticker].map(|kind| (kind, true));
    assert_eq!(seen, theirs.into_iter().chain(under_our_key).collect());
}

#[test]
fn a_poll_of_another_shape_in_a_room_is_read_as_none_and_spoils_nothing_else() {
    let (_, text) = file("chatroom_with_foreign_poll");
    let room: Chatroom = serde_json::from_str(&text).unwrap();
    assert_eq!(room.active_poll, None);
    let mut expected = json(&text);
    expected["active_poll"] = Value::Null;
    assert_eq!(written(&room), expected);
}
