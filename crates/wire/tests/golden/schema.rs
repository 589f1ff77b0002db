//! Every file is as the schema of its type says, in the form in which it came and in the form in which it is written.

use boon::{Compiler, SchemaIndex};
use chatroom_wire::{Chatroom, rest::PollBody, schema::Schemas};
use serde_json::{Value, json};

use super::{bodies, file, files, json as json_of};

const DOCUMENT: &str = "https://chatroom.example/schemas.json";

/// A schema with all that it refers to.
struct Checker {
    schemas: boon::Schemas,
    index: SchemaIndex,
}

impl Checker {
    fn of(make: impl FnOnce(&mut Schemas) -> Value) -> Self {
        let mut schemas = Schemas::at("/$defs");
        let schema = make(&mut schemas);
        let document = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [schema],
            "$defs": schemas.finish(),
        });
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        compiler.add_resource(DOCUMENT, document).expect("the document is JSON");
        let mut schemas = boon::Schemas::new();
        let index = compiler.compile(DOCUMENT, &mut schemas).expect("the schema is one, and refers to what is there");
        Self { schemas, index }
    }

    fn check(&self, value: &Value) -> Result<(), String> {
        self.schemas.validate(value, self.index).map_err(|error| format!("{error:#}"))
    }
}

/// What our schema must refuse: shapes of other services, and types that only they write.
fn is_foreign(name: &str) -> bool {
    name.contains("foreign") || name.starts_with("message_unknown_type")
}

#[test]
fn every_file_is_as_the_schema_of_its_type_says() {
    let mut count = 0;
    for (name, text) in files() {
        let body = bodies::of(&name);
        let (_, back) = body.read(&text);
        for make in body.answer.iter().chain(&body.request) {
            let checker = Checker::of(make);
            // A type may come as a number, and the sample has names of its own: what we write has neither.
            if name != "config_of_sample" && !is_foreign(&name) {
                checker.check(&json_of(&text)).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            match checker.check(&back) {
                Err(error) if !is_foreign(&name) => panic!("{name}, written: {error}"),
                _ => count += 1,
            }
        }
    }
    assert_eq!(count, files().iter().filter(|(name, _)| !name.starts_with("claims")).count());
}

#[test]
fn what_no_server_of_ours_writes_is_not_as_the_schema_says() {
    let mut refused = Vec::new();
    for (name, text) in files().into_iter().filter(|(name, _)| is_foreign(name)) {
        let checker = Checker::of(bodies::of(&name).answer.unwrap());
        if checker.check(&json_of(&text)).is_err() {
            refused.push(name);
        }
    }
    // A payload under a key that is not known is only a field more.
    let kept: Vec<_> = files()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| is_foreign(name) && name != "message_poll_started_foreign")
        .collect();
    assert_eq!(refused, kept);
}

/// The JSON of a file with another value at a place; without one where it is none.
fn changed(name: &str, pointer: &str, value: Option<Value>) -> Value {
    let mut json = json_of(&file(name).1);
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = json.pointer_mut(parent).unwrap();
    match (value, parent) {
        (Some(value), Value::Object(fields)) => {
            fields.insert(key.to_owned(), value);
        }
        (None, Value::Object(fields)) => {
            fields.shift_remove(key).expect("it is there");
        }
        (Some(value), other) => other[key.parse::<usize>().unwrap()] = value,
        (None, _) => panic!("{pointer} is no field"),
    }
    json
}

#[test]
fn a_field_that_is_always_written_may_not_be_missing_or_of_another_form() {
    for (name, pointer, value) in [
        ("chatroom", "/status", None),
        ("chatroom", "/status", Some(json!("CHAT_STATUS_ODD"))),
        ("chatroom", "/viewer_info", None),
        ("chatroom", "/viewer_info/version_number", Some(json!(17))),
        ("chatroom", "/viewer_info/version_number", Some(json!("seventeen"))),
        ("chatroom", "/created_at", Some(json!("yesterday"))),
        ("chatroom", "/custom_counters/0/value", Some(json!("4711"))),
        ("chatroom", "/pinned_messages", Some(Value::Null)),
        ("chatroom_with_poll", "/active_poll/status", None),
        ("chatroom_with_poll", "/active_poll/multi_choice/options/0/votes_count", Some(json!(1.5))),
        ("message_text", "/received_at", None),
        ("message_text", "/user/custom_name", None),
        ("message_text", "/type", Some(json!(1))),
        ("message_poll_user_vote", "/poll_user_vote/option_ids", Some(json!("option-1"))),
        ("message_sticker", "/sticker_message/sticker_pack_id", None),
        ("config_of_chatroom_serve", "/connection/client_id", None),
        ("answer_token", "/refresh_expires_in", None),
        ("answer_polls_page", "/next_page_token", None),
        ("answer_error", "/code", Some(json!("3"))),
    ] {
        let checker = Checker::of(bodies::of(name).answer.unwrap());
        assert!(checker.check(&changed(name, pointer, value)).is_err(), "{name} with another {pointer}");
    }
}

#[test]
fn a_request_may_leave_out_what_the_server_fills_in_and_nothing_that_it_needs() {
    for (name, pointer) in [
        ("request_mute", "/action_taker"),
        ("request_create_token", "/role"),
        ("request_pin", "/pinned_message/message/sender"),
        ("request_block", "/blocked_user/device_id"),
        ("request_write_poll", "/poll/status"),
        ("request_write_poll", "/poll/multi_choice/options/0/votes_count"),
        ("request_write_dictionary", "/description"),
    ] {
        let checker = Checker::of(bodies::of(name).request.unwrap());
        checker
            .check(&changed(name, pointer, None))
            .unwrap_or_else(|error| panic!("{name} without {pointer}: {error}"));
    }
    for (name, pointer) in [
        ("request_refresh", "/refresh_token"),
        ("request_pin", "/pinned_message/message/id"),
        ("request_unpin", "/unpinned_message/message"),
        ("request_block", "/blocked_user/id"),
        ("request_write_poll", "/poll/multi_choice/question"),
        ("request_write_poll", "/poll/multi_choice/options/1/text"),
        ("request_change_poll", "/action"),
        ("request_enable_dictionaries", "/enabled"),
    ] {
        let checker = Checker::of(bodies::of(name).request.unwrap());
        assert!(checker.check(&changed(name, pointer, None)).is_err(), "{name} without {pointer}");
    }
}

#[test]
fn a_field_that_is_not_known_is_allowed_everywhere() {
    for (name, text) in files().into_iter().filter(|(name, _)| name != "config_of_sample" && !is_foreign(name)) {
        let body = bodies::of(&name);
        let mut json = json_of(&text);
        add_unknown_fields(&mut json);
        for make in body.answer.iter().chain(&body.request) {
            Checker::of(make).check(&json).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

fn add_unknown_fields(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            fields.values_mut().for_each(add_unknown_fields);
            fields.insert("x_unknown".to_owned(), json!({"any": [1]}));
        }
        Value::Array(elements) => elements.iter_mut().for_each(add_unknown_fields),
        _ => {}
    }
}

/// Every schema of every type that has a file.
fn all() -> Vec<(String, Value)> {
    let mut schemas = Schemas::at("/$defs");
    for (name, _) in files() {
        let body = bodies::of(&name);
        for make in body.answer.iter().chain(&body.request) {
            make(&mut schemas);
        }
    }
    schemas.finish().into_iter().collect()
}

#[test]
fn descriptions_are_for_readers_of_the_api() {
    for (name, schema) in all() {
        let text = schema["description"].as_str().unwrap_or_else(|| panic!("{name} has no description"));
        assert!(!text.is_empty(), "{name}");
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let text = property["description"].as_str().unwrap_or_else(|| panic!("{name}.{field} has no description"));
            assert!(!text.is_empty(), "{name}.{field}");
        }
        let shown = schema.to_string();
        for unwanted in ["```", "[`", "`]", "docs/", "\\n"] {
            assert!(!shown.contains(unwanted), "{name} has {unwanted}: {shown}");
        }
    }
}

#[test]
fn what_may_be_left_out_is_never_null() {
    let may_be_null: Vec<String> = all()
        .iter()
        .flat_map(|(name, schema)| {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties
                .filter(|(_, property)| property.to_string().contains("null"))
                .map(move |(field, _)| format!("{name}.{field}"))
        })
        .collect();
    assert_eq!(may_be_null, ["Chatroom.active_poll"]);
}

#[test]
fn a_type_that_is_taken_and_written_has_a_schema_of_each_sort() {
    let mut schemas = Schemas::at("/components/schemas");
    assert_eq!(schemas.answer::<Chatroom>(), json!({"$ref": "#/components/schemas/Chatroom"}));
    assert_eq!(schemas.request::<PollBody>(), json!({"$ref": "#/components/schemas/PollBodyInput"}));
    let all = schemas.finish();
    assert_eq!(all["Poll"]["required"], json!(["type", "status", "votes_count", "multi_choice"]));
    assert_eq!(all["PollInput"]["required"], json!(["type", "multi_choice"]));
    assert_eq!(all["PollBodyInput"]["properties"]["poll"]["$ref"], "#/components/schemas/PollInput");
}
