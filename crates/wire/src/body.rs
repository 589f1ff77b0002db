//! Reads a JSON body, and says what is wrong with it without quoting any value: one of them may be a token, even in the
//! wrong place.

use serde::de::DeserializeOwned;

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

/// Reads a body, with or without a byte order mark.
///
/// ```
/// use chatroom_wire::{body, rest::RefreshAnswer};
///
/// let error = body::read::<RefreshAnswer>(br#"{"token":["secret"],"expires_in":60}"#).unwrap_err();
/// assert_eq!(error.to_string(), "token can't be used: expected a string");
/// ```
///
/// # Errors
/// With the path of the first field that is missing or can't be used. No value is ever quoted.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, BodyError> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let mut reader = serde_json::Deserializer::from_slice(json);
    let body = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| explain(&error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| not_json(&error))?;
    Ok(body)
}

fn explain(path: &str, error: &serde_json::Error) -> BodyError {
    if !error.is_data() {
        return not_json(error);
    }
    let text = error.to_string();
    let text = without_place(&text);
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
