//! Which type reads which file of `testdata`.

use std::fmt::Debug;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
#[cfg(feature = "schema")]
use chatroom_wire::schema::Schemas;
use chatroom_wire::{
    Chatroom, Claims, Config, Message, Token, body, envelope,
    rest::{
        Block, ChangePoll, ChatroomAnswer, CreateChatroom, CreateToken, DictionariesPage, DictionaryAnswer, Done,
        EnableDictionaries, EnableStickerPack, ErrorBody, Mute, PatternAnswer, PatternsAnswer, PatternsPage, Pin,
        PlainTokenAnswer, PollBody, PollsPage, RefreshAnswer, RefreshRequest, Rename, RoomDictionariesPage,
        RoomStickerPack, RoomStickerPacks, SetViewerInfo, StickerPackAnswer, StickerPacks, TokenAnswer, Unblock, Unpin,
        UploadAnswer, WriteDictionary, WritePattern, WritePatterns,
    },
};
#[cfg(feature = "schema")]
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::written;

/// A type that has files in `testdata`.
#[derive(Clone, Copy)]
pub(crate) struct Body {
    read: fn(&str) -> (String, Value),
    /// What the service writes; none where it never writes this.
    #[cfg(feature = "schema")]
    pub(crate) answer: Option<fn(&mut Schemas) -> Value>,
    /// What the service takes; none where it never takes this.
    #[cfg(feature = "schema")]
    pub(crate) request: Option<fn(&mut Schemas) -> Value>,
}

impl Body {
    fn new(read: fn(&str) -> (String, Value)) -> Self {
        Self {
            read,
            #[cfg(feature = "schema")]
            answer: None,
            #[cfg(feature = "schema")]
            request: None,
        }
    }

    /// What was read, for a snapshot, and what is written of it.
    pub(crate) fn read(self, text: &str) -> (String, Value) {
        (self.read)(text)
    }
}

#[cfg(feature = "schema")]
impl Body {
    fn answer<T: JsonSchema>(self) -> Self {
        Self { answer: Some(Schemas::answer::<T>), ..self }
    }

    fn request<T: JsonSchema>(self) -> Self {
        Self { request: Some(Schemas::request::<T>), ..self }
    }
}

#[cfg(not(feature = "schema"))]
#[expect(clippy::extra_unused_type_parameters, reason = "the type is for its schema, which is not built")]
impl Body {
    fn answer<T>(self) -> Self {
        self
    }

    fn request<T>(self) -> Self {
        self
    }
}

macro_rules! table {
    ($name:expr, $($file:literal $sort:ident $type:ty,)*) => {
        match $name {
            $($file => Body::new(one::<$type>).$sort::<$type>(),)*
            other => panic!("{other}: no type reads this file"),
        }
    };
}

/// The type that reads the file of this name.
pub(crate) fn of(name: &str) -> Body {
    match name.split_once('_').map_or(name, |(kind, _)| kind) {
        "message" if name.starts_with("message_from_") => Body::new(one_message).request::<Message>(),
        "message" => Body::new(one_message).answer::<Message>(),
        "batch" => Body::new(batch).answer::<Vec<Message>>(),
        "config" => Body::new(config).answer::<Config>(),
        "claims" => Body::new(claims),
        "chatroom" => Body::new(one::<Chatroom>).answer::<Chatroom>(),
        _ => table! {
            name,
            "request_create_chatroom" request CreateChatroom,
            "request_create_token" request CreateToken,
            "request_refresh" request RefreshRequest,
            "request_mute" request Mute,
            "request_pin" request Pin,
            "request_unpin" request Unpin,
            "request_block" request Block,
            "request_unblock" request Unblock,
            "request_rename" request Rename,
            "request_set_viewer_info" request SetViewerInfo,
            "request_write_poll" request PollBody,
            "request_change_poll" request ChangePoll,
            "request_write_dictionary" request WriteDictionary,
            "request_write_pattern" request WritePattern,
            "request_write_patterns" request WritePatterns,
            "request_enable_dictionaries" request EnableDictionaries,
            "request_enable_sticker_pack" request EnableStickerPack,
            "answer_chatroom" answer ChatroomAnswer,
            "answer_token" answer TokenAnswer,
            "answer_refresh" answer RefreshAnswer,
            "answer_plain_token" answer PlainTokenAnswer,
            "answer_done" answer Done,
            "answer_error" answer ErrorBody,
            "answer_error_token_invalid" answer ErrorBody,
            "answer_poll" answer PollBody,
            "answer_polls_page" answer PollsPage,
            "answer_dictionary" answer DictionaryAnswer,
            "answer_dictionaries_page" answer DictionariesPage,
            "answer_pattern" answer PatternAnswer,
            "answer_patterns" answer PatternsAnswer,
            "answer_patterns_page" answer PatternsPage,
            "answer_upload" answer UploadAnswer,
            "answer_room_dictionaries_page" answer RoomDictionariesPage,
            "answer_sticker_packs" answer StickerPacks,
            "answer_sticker_pack" answer StickerPackAnswer,
            "answer_room_sticker_pack" answer RoomStickerPack,
            "answer_room_sticker_packs" answer RoomStickerPacks,
        },
    }
}

fn one<T: DeserializeOwned + Serialize + Debug>(text: &str) -> (String, Value) {
    let read: T = body::read(text.as_bytes()).unwrap();
    (format!("{read:#?}"), written(&read))
}

pub(crate) fn message(text: &str) -> Message {
    let mut elements = envelope::decode(text.as_bytes()).expect("the file is a payload");
    assert_eq!(elements.len(), 1);
    elements.remove(0).expect("the file is a message")
}

fn one_message(text: &str) -> (String, Value) {
    let message = message(text);
    (format!("{message:#?}"), written(&message))
}

fn batch(text: &str) -> (String, Value) {
    let messages: Vec<_> = envelope::decode(text.as_bytes()).unwrap().into_iter().map(Result::unwrap).collect();
    let encoded: Vec<_> = messages.iter().map(envelope::encode).collect();
    let joined = envelope::join(encoded.iter().map(Vec::as_slice));
    (format!("{messages:#?}"), serde_json::from_slice(&joined).unwrap())
}

fn config(text: &str) -> (String, Value) {
    let config = Config::from_json(text.as_bytes()).unwrap();
    (format!("{config:#?}"), written(&config))
}

fn claims(text: &str) -> (String, Value) {
    let claims = Claims::of(&Token::new(format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(text)))).unwrap();
    (format!("{claims:#?}"), written(&claims))
}
