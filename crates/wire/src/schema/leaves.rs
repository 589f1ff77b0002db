//! What is a text on the wire and a type of its own here.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    ClientId, DictionaryId, Endpoint, LinkUrl, MessageId, OptionId, PatternId, PollId, RefreshToken, RoomId, Signature,
    StickerId, StickerPackId, Time, Token, TopicName, UserId, envelope::Elements,
};

macro_rules! texts {
    ($($schema:tt: $($name:ident),+;)*) => {$($(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+)*};
}

texts! {
    {"type": "string"}: MessageId, UserId, RoomId, ClientId, PollId, OptionId, DictionaryId, PatternId, StickerPackId, StickerId, TopicName;
    {"type": "string", "format": "password"}: Token, Signature, RefreshToken;
    {"type": "string", "format": "date-time"}: Time;
    {"type": "string", "examples": ["chat.example", "127.0.0.1:8443"]}: Endpoint;
    {"type": "string", "format": "uri", "examples": ["wss://chat.example/mqtt"]}: LinkUrl;
}

impl JsonSchema for Elements {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Messages".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<crate::Message>::json_schema(generator)
    }
}
