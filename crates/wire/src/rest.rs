//! Bodies of the REST calls (docs/protocol.md, section C).
//!
//! - [`moderation`]: mute, block, pin, rename; [`polls`], [`dictionaries`], [`stickers`]: those of their calls

pub mod dictionaries;
pub mod moderation;
pub mod polls;
pub mod stickers;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Chatroom, Kind, Message, RefreshToken, SafeText, Time, Token, envelope::Elements, null, number, secret};

pub use dictionaries::{
    DictionariesPage, DictionaryAnswer, EnableDictionaries, PatternAnswer, PatternsAnswer, PatternsPage,
    PlainTokenAnswer, RoomDictionariesPage, RoomDictionary, UploadAnswer, WriteDictionary, WritePattern, WritePatterns,
};
pub use moderation::{
    ActionTaker, Block, Done, MessageRef, Mute, Pin, PinBody, Rename, SetViewerInfo, Unblock, Unpin, UnpinBody,
    ViewerInfoSwitch,
};
pub use polls::{ChangePoll, PollAction, PollBody, PollsPage};
pub use stickers::{EnableStickerPack, RoomStickerPack, RoomStickerPacks, StickerPackAnswer, StickerPacks};

/// The path that all calls share.
pub const PREFIX: &str = "/bv/chatroom/v1";

/// `POST /chatrooms`: makes a room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateChatroom {
    /// The counters the room has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom_counters: Vec<CounterKey>,
}

/// A counter to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CounterKey {
    /// Its key.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub key: String,
}

/// The answer that carries a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChatroomAnswer {
    /// The room.
    pub chatroom: Chatroom,
}

/// What a token lets its bearer do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Role {
    /// Read and write.
    #[default]
    #[serde(rename = "ROLE_VIEWER")]
    Viewer,
    /// Moderate too.
    #[serde(rename = "ROLE_ADMIN")]
    Admin,
}

impl Role {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "ROLE_VIEWER",
            Self::Admin => "ROLE_ADMIN",
        }
    }
}

/// `POST /chatrooms/{id}/tokens`: makes a chat token. What is not said, the server fills in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateToken {
    /// What the bearer may do.
    #[serde(default)]
    pub role: Role,
    /// The device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// The person; without one, a guest is made up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The name shown to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When the token is to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<Time>,
}

/// The answer of [`CreateToken`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenAnswer {
    /// The chat token.
    #[serde(serialize_with = "secret::exposed")]
    pub token: Token,
    /// Seconds until it ends.
    #[serde(deserialize_with = "number::integer")]
    pub expires_in: i64,
    /// What buys a new one.
    #[serde(serialize_with = "secret::exposed")]
    pub refresh_token: RefreshToken,
    /// Seconds until that ends.
    #[serde(deserialize_with = "number::integer")]
    pub refresh_expires_in: i64,
}

/// `POST /chatrooms/tokens:refresh`: buys a new chat token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshRequest {
    /// The refresh token.
    #[serde(serialize_with = "secret::exposed")]
    pub refresh_token: RefreshToken,
    /// When the new token is to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<Time>,
}

/// The answer of [`RefreshRequest`]. The refresh token stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshAnswer {
    /// The new chat token.
    #[serde(serialize_with = "secret::exposed")]
    pub token: Token,
    /// Seconds until it ends.
    #[serde(deserialize_with = "number::integer")]
    pub expires_in: i64,
}

/// Which messages `GET /chatrooms/messages` is to answer.
///
/// ```
/// use chatroom_wire::{Kind, rest::MessagesQuery};
///
/// let query = MessagesQuery { limit: Some(100), types: vec![Kind::Text], ..MessagesQuery::default() };
/// let pairs = query.pairs();
/// assert_eq!(pairs[1], ("types", "INTERACTION_TYPE_TEXT".to_owned()));
/// assert_eq!(MessagesQuery::from_pairs(pairs.iter().map(|(key, value)| (*key, value.as_str()))), Ok(query));
/// assert!(MessagesQuery::from_pairs([("limit", "101")]).is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessagesQuery {
    /// Only those received before.
    pub before_at: Option<Time>,
    /// Only those received after.
    pub after_at: Option<Time>,
    /// How many at most, 1 to 100. Two defaults are documented, so always say it.
    pub limit: Option<u16>,
    /// From the oldest on, not from the newest back.
    pub from_oldest: bool,
    /// Only these types; empty means all.
    pub types: Vec<Kind>,
}

/// The most messages that one page holds.
pub const PAGE_MAX: u16 = 100;

impl MessagesQuery {
    /// The query's pairs, in the form that gRPC gateways read.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if let Some(time) = self.before_at {
            pairs.push(("before_at", time.to_string()));
        }
        if let Some(time) = self.after_at {
            pairs.push(("after_at", time.to_string()));
        }
        if let Some(limit) = self.limit {
            pairs.push(("limit", limit.to_string()));
        }
        if self.from_oldest {
            pairs.push(("from_oldest", "true".to_owned()));
        }
        pairs.extend(self.types.iter().map(|kind| ("types", kind.name().to_owned())));
        pairs
    }

    /// Reads the decoded pairs of a query; `types` may be repeated or a comma list, unknown keys are ignored.
    ///
    /// # Errors
    /// With the name of the first parameter that can't be used.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, QueryError> {
        fn read<T: FromStr>(name: &'static str, text: &str) -> Result<T, QueryError> {
            text.parse().map_err(|_| QueryError(name))
        }
        let mut query = Self::default();
        for (key, value) in pairs {
            match key {
                _ if value.is_empty() => {}
                "before_at" => query.before_at = Some(read("before_at", value)?),
                "after_at" => query.after_at = Some(read("after_at", value)?),
                "limit" => {
                    let limit = read("limit", value)?;
                    query.limit = Some(limit);
                    if limit > PAGE_MAX {
                        return Err(QueryError("limit"));
                    }
                }
                "from_oldest" => query.from_oldest = read("from_oldest", value)?,
                "types" => {
                    for name in value.split(',').filter(|name| !name.is_empty()) {
                        query.types.push(Kind::from_name(name).ok_or(QueryError("types"))?);
                    }
                }
                _ => {}
            }
        }
        Ok(query)
    }
}

/// A parameter of a query that can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the parameter {0} can't be used")]
pub struct QueryError(pub &'static str);

/// A page of the history: what the server answers to [`MessagesQuery`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessagesAnswer {
    /// The messages, ascending by `received_at`.
    pub messages: Vec<Message>,
}

/// The same as a client reads it: an element that is no message spoils no other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessagesPage {
    /// The messages; the order is not promised.
    #[serde(default)]
    pub messages: Elements,
}

/// The body of every refusal.
///
/// What it says is a stranger's text: its `Display` is made safe for a terminal.
///
/// ```
/// use chatroom_wire::rest::ErrorBody;
///
/// let body: ErrorBody = serde_json::from_str(
///     r#"{"code":16,"message":"token expired\u001b[2J","details":[{"reason":"ERROR_REASON_TOKEN_INVALID"}]}"#,
/// )?;
/// assert!(body.says_token_invalid());
/// assert_eq!(body.to_string(), "token expired� (code 16)");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ErrorBody {
    /// A gRPC code.
    pub code: i32,
    /// What is wrong, for a person.
    #[serde(deserialize_with = "null::is_default")]
    pub message: String,
    /// More, for a program.
    #[serde(deserialize_with = "null::is_default")]
    pub details: Vec<ErrorDetail>,
}

/// A part of [`ErrorBody`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ErrorDetail {
    /// What kind of detail it is.
    #[serde(rename = "@type")]
    pub kind: String,
    /// Why, as a word for programs.
    #[serde(deserialize_with = "null::is_default")]
    pub reason: String,
    /// Whose word that is.
    #[serde(deserialize_with = "null::is_default")]
    pub domain: String,
    /// More of it.
    #[serde(deserialize_with = "null::is_default")]
    pub metadata: Map<String, Value>,
}

/// The reason that tells a client to refresh its token.
pub const TOKEN_INVALID: &str = "ERROR_REASON_TOKEN_INVALID";

impl ErrorBody {
    /// Whether the service says that the token is dead.
    pub fn says_token_invalid(&self) -> bool {
        self.details.iter().any(|detail| detail.reason == TOKEN_INVALID)
    }
}

impl fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {})", SafeText::log(&self.message), self.code)
    }
}
