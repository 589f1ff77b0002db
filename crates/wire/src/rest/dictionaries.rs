//! Bodies of the calls about dictionaries (docs/protocol.md, section C.5).

use serde::{Deserialize, Serialize};

use crate::{
    DictionaryId, Token,
    dictionary::{Dictionary, Pattern},
    null, number, secret,
};

/// The answer of `POST /dictionaries/tokens` and `POST /stickerpacks/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::needs("expires_in")))]
pub struct PlainTokenAnswer {
    /// The token.
    #[serde(serialize_with = "secret::exposed", deserialize_with = "secret::not_empty")]
    pub token: Token,
    /// Seconds until it ends, where the service says so.
    #[serde(default, deserialize_with = "number::life")]
    pub expires_in: Option<i64>,
}

/// `POST /dictionaries` and `PUT /dictionaries/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WriteDictionary {
    /// Its name.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"\S")))]
    pub name: String,
    /// What it is for.
    #[serde(default, deserialize_with = "null::is_default", skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// The answer that carries a dictionary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DictionaryAnswer {
    /// The dictionary.
    pub dictionary: Dictionary,
}

/// The answer of `GET /dictionaries`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DictionariesPage {
    /// The dictionaries, the oldest first.
    #[serde(default, deserialize_with = "null::list")]
    pub dictionaries: Vec<Dictionary>,
    /// What gives the next page; empty on the last.
    #[serde(default, deserialize_with = "null::is_default")]
    pub next_page_token: String,
}

/// `POST /dictionaries/{id}/patterns` and `PUT /dictionaries/{id}/patterns/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WritePattern {
    /// What it matches.
    pub text: String,
}

/// The answer that carries a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatternAnswer {
    /// The pattern.
    pub pattern: Pattern,
}

/// `POST /dictionaries/{id}/patterns:batch-create`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WritePatterns {
    /// What they match.
    pub texts: Vec<String>,
}

/// The answer of [`WritePatterns`]: all of them, also those that were there before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatternsAnswer {
    /// The patterns, in the order of the texts.
    #[serde(default, deserialize_with = "null::list")]
    pub patterns: Vec<Pattern>,
}

/// The answer of `GET /dictionaries/{id}/patterns`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatternsPage {
    /// The patterns, in the order in which they came.
    #[serde(default, deserialize_with = "null::list")]
    pub patterns: Vec<Pattern>,
    /// What gives the next page; empty on the last.
    #[serde(default, deserialize_with = "null::is_default")]
    pub next_page_token: String,
}

/// The answer of `POST /dictionaries/{id}/patterns:upload`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadAnswer {
    /// How many patterns the dictionary holds now.
    #[serde(deserialize_with = "number::integer")]
    pub pattern_count: i64,
}

/// A dictionary and whether a room uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomDictionary {
    /// The dictionary.
    pub dictionary: Dictionary,
    /// Whether the room uses it.
    #[serde(default)]
    pub enabled: bool,
}

/// The answer of `GET /chatrooms/dictionaries` and of [`EnableDictionaries`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomDictionariesPage {
    /// The dictionaries.
    #[serde(default, deserialize_with = "null::list")]
    pub results: Vec<RoomDictionary>,
    /// What gives the next page; empty on the last.
    #[serde(default, deserialize_with = "null::is_default")]
    pub next_page_token: String,
}

/// `POST /chatrooms/dictionaries:batch-update`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnableDictionaries {
    /// Which ones.
    pub ids: Vec<DictionaryId>,
    /// Whether the room is to use them.
    pub enabled: bool,
}
