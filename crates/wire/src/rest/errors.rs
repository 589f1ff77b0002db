//! The body of a refusal (docs/protocol.md, section C.0).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{SafeText, null};

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
    #[serde(deserialize_with = "null::list_beside")]
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
