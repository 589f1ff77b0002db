//! The schema of a message (docs/protocol.md, section D).

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::{
    Kind, Message, MessageId, Time, User,
    chatroom::{CustomCounter, ViewerInfo},
    payload::{BroadcastMessage, CustomMessage, DeleteMessage, Entrance, PinUnpin, TextMessage},
    poll::{PollMessage, Vote},
    sticker::StickerMessage,
};

/// What the server writes into every message.
const WRITTEN: [&str; 5] = ["id", "user", "type", "received_at", "published_at"];

impl JsonSchema for Message {
    fn schema_name() -> Cow<'static, str> {
        "Message".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let required: &[&str] = if generator.contract().is_serialize() { &WRITTEN } else { &["type"] };
        let mut properties = Map::new();
        let mut add = |name: &str, description: &str, mut schema: Schema| {
            schema.insert("description".to_owned(), description.into());
            properties.insert(name.to_owned(), schema.to_value());
        };
        add("id", "Chosen by the sender, else by the server.", generator.subschema_for::<MessageId>());
        add("user", "Who wrote it, or made it happen.", generator.subschema_for::<User>());
        add("type", "What it is; the payload stands under the key that belongs to it.", kinds(generator));
        for (key, kinds) in payload_keys() {
            add(key, &format!("The payload of {}.", kinds.join(", ")), payload(kinds[0], generator));
        }
        let times = [
            ("created_at", "As another service says; what it means there is unknown."),
            ("sent_at", "The sender's clock."),
            ("received_at", "The server's clock when it came in; grows strictly in a room; the paging key."),
            ("published_at", "The server's clock when it went out to all."),
        ];
        for (name, description) in times {
            add(name, description, generator.subschema_for::<Time>());
        }
        json_schema!({
            "description": "One message. What this version does not know is kept and given on as it came.",
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": true,
        })
    }
}

/// What `type` may hold. A client may send one of the certain numbers, and types that are not known travel on.
fn kinds(generator: &SchemaGenerator) -> Schema {
    let names: Vec<&str> = Kind::known().map(Kind::name).collect();
    if generator.contract().is_serialize() {
        return json_schema!({"type": "string", "enum": names});
    }
    let other = json!({"description": "A number, or the name of another type.", "type": ["integer", "string"]});
    json_schema!({"anyOf": [{"type": "string", "enum": names}, other]})
}

/// Each key under which a payload stands, with the names of its types, in the order of the types.
fn payload_keys() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut keys: Vec<(&str, Vec<&str>)> = Vec::new();
    for kind in Kind::known() {
        let Some(key) = kind.payload_key() else { continue };
        match keys.iter_mut().find(|(known, _)| *known == key) {
            Some((_, kinds)) => kinds.push(kind.name()),
            None => keys.push((key, vec![kind.name()])),
        }
    }
    keys
}

fn payload(name: &str, generator: &mut SchemaGenerator) -> Schema {
    match Kind::from_name(name).unwrap_or(Kind::Unknown) {
        Kind::Text => generator.subschema_for::<TextMessage>(),
        Kind::PinMessage | Kind::UnpinMessage => generator.subschema_for::<PinUnpin>(),
        Kind::DeleteMessage => generator.subschema_for::<DeleteMessage>(),
        Kind::BlockUser | Kind::UnblockUser => generator.subschema_for::<User>(),
        Kind::PollStarted | Kind::PollClosed | Kind::PollArchived | Kind::PollUpdate => {
            generator.subschema_for::<PollMessage>()
        }
        Kind::PollUserVote => generator.subschema_for::<Vote>(),
        Kind::Sticker => generator.subschema_for::<StickerMessage>(),
        Kind::ViewerInfoEnabled | Kind::ViewerInfoDisabled | Kind::ViewerInfoUpdate => {
            generator.subschema_for::<ViewerInfo>()
        }
        Kind::Custom => generator.subschema_for::<CustomMessage>(),
        Kind::Entrance => generator.subschema_for::<Entrance>(),
        Kind::CustomCounterUpdate => generator.subschema_for::<CustomCounter>(),
        Kind::BroadcastUpdate => generator.subschema_for::<BroadcastMessage>(),
        Kind::Mute | Kind::Unmute | Kind::Unknown => Schema::from(Map::<String, Value>::new()),
    }
}
