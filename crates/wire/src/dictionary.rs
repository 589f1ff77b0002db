//! Dictionaries of the word filter (docs/protocol.md, section C.5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{DictionaryId, PatternId, Time, null, number};

/// A list of words. It belongs to the organisation; each room says which ones it uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dictionary {
    /// The dictionary's id.
    pub id: DictionaryId,
    /// Its name.
    #[serde(default, deserialize_with = "null::is_default")]
    pub name: String,
    /// What it is for.
    #[serde(default, deserialize_with = "null::is_default")]
    pub description: String,
    /// Whether the service brought it along.
    #[serde(default)]
    pub default: bool,
    /// How many patterns it holds.
    #[serde(default, deserialize_with = "number::integer")]
    pub pattern_count: i64,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    /// When it, or its patterns, last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Time>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A pattern of a dictionary: a whole message, whatever its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pattern {
    /// The pattern's id.
    pub id: PatternId,
    /// What it matches.
    pub text: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
