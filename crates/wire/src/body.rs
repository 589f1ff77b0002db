//! Reads a JSON body, and says what is wrong with it without quoting any value: one of them may be a token, even in the
//! wrong place.

use serde::de::DeserializeOwned;

use crate::lenient::{self, Reader};

/// Why a body can't be used. Holds names of fields and what was wanted, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// Not JSON at all.
    #[error("the body is no JSON: {problem} (line {line}, column {column})")]
    NotJson {
        /// What stands in the way.
        problem: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A field is not there.
    #[error("{path} is missing")]
    Missing {
        /// The field, by its path.
        path: String,
    },
    /// A field, or (with an empty path) the body as a whole, is there and can't be used.
    #[error("{} can't be used: {problem}", if path.is_empty() { "the body" } else { path.as_str() })]
    Unusable {
        /// The field, by its path.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Reads a body that a caller sent, with or without a byte order mark. A field that is `null` counts as missing.
///
/// ```
/// use chatroom_wire::{body, rest::RefreshRequest};
///
/// let error = body::read::<RefreshRequest>(br#"{"refresh_token":["secret"]}"#).unwrap_err();
/// assert_eq!(error.to_string(), "refresh_token can't be used: expected a string");
/// let error = body::read::<RefreshRequest>(br#"{"refresh_token":null}"#).unwrap_err();
/// assert_eq!(error.to_string(), "refresh_token is missing");
/// ```
///
/// # Errors
/// With the path of the first field that is missing or can't be used. No value is ever quoted.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, BodyError> {
    lenient::read(without_bom(json), Reader::Server)
}

/// Reads a body that a service answered: a field that can't be read is left out, and costs no other.
/// [`lenient::collect`] gives what was left out.
///
/// ```
/// use chatroom_wire::{body, rest::RefreshAnswer};
///
/// let answer = body::read_answer::<RefreshAnswer>(br#"{"token":"abc","expires_in":"soon"}"#)?;
/// assert_eq!(answer.expires_in, None);
/// let error = body::read_answer::<RefreshAnswer>(br#"{"token":"","expires_in":60}"#).unwrap_err();
/// assert_eq!(error.to_string(), "token can't be used: it is empty");
/// # Ok::<(), body::BodyError>(())
/// ```
///
/// # Errors
/// Where the body is no JSON, or without a field that can't be done without: with the path of that field. No value is
/// ever quoted.
pub fn read_answer<T: DeserializeOwned>(json: &[u8]) -> Result<T, BodyError> {
    lenient::read(without_bom(json), Reader::Client)
}

fn without_bom(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

impl BodyError {
    /// The same, seen from the object that holds the body as this field.
    pub(crate) fn below(self, field: &str) -> Self {
        let below = |path: String| if path.is_empty() { field.to_owned() } else { format!("{field}.{path}") };
        match self {
            Self::Missing { path } => Self::Missing { path: below(path) },
            Self::Unusable { path, problem } => Self::Unusable { path: below(path), problem },
            // Its place counts from the start of the field, and would mislead.
            Self::NotJson { problem, .. } => Self::Unusable { path: field.to_owned(), problem },
        }
    }

    /// Whether a list is no list. What an answer lists can't be left out: an empty list would be a false answer.
    pub(crate) fn is_of_list(&self) -> bool {
        matches!(self, Self::Unusable { problem, .. } if problem == "expected a list")
    }
}

pub(crate) fn explain(path: &str, error: &serde_json::Error) -> BodyError {
    if !error.is_data() {
        return not_json(error);
    }
    let text = error.to_string();
    // What was read from a value has no place; what looks like one is a stranger's.
    let text = if error.line() == 0 { &text } else { without_place(&text) };
    let path = path.trim_start_matches('.');
    if let Some(field) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let path = if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
        return BodyError::Missing { path };
    }
    // serde quotes the value it met; only what it wanted may be said.
    let problem = match text.rsplit_once("expected ") {
        Some((_, wanted)) if wanted.starts_with("struct ") => "expected an object".to_owned(),
        Some((_, wanted)) => format!("expected {wanted}"),
        None => text.to_owned(),
    };
    BodyError::Unusable { path: path.to_owned(), problem }
}

fn not_json(error: &serde_json::Error) -> BodyError {
    let text = error.to_string();
    BodyError::NotJson { problem: without_place(&text).to_owned(), line: error.line(), column: error.column() }
}

fn without_place(text: &str) -> &str {
    text.rsplit_once(" at line ").map_or(text, |(reason, _)| reason)
}
