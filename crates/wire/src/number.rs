//! Integers that come as JSON numbers or, in the family of gRPC gateways, as strings.

use serde::{Deserialize, Deserializer, de};

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Integer(i64),
    Float(f64),
    Text(String),
}

/// Reads `7`, `7.0` and `"7"`.
///
/// # Errors
/// When it is no integer that fits in 64 bits.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    match NumberOrText::deserialize(deserializer)? {
        NumberOrText::Integer(number) => Ok(number),
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53, so exact")]
        NumberOrText::Float(number) if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => {
            Ok(number as i64)
        }
        NumberOrText::Float(_) => Err(de::Error::custom("expected a whole number")),
        NumberOrText::Text(text) => text.parse().map_err(|_| de::Error::custom("expected a whole number")),
    }
}

/// Reads a string, or a number as its digits.
///
/// # Errors
/// When it is neither.
pub fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match NumberOrText::deserialize(deserializer)? {
        NumberOrText::Integer(number) => Ok(number.to_string()),
        NumberOrText::Float(number) => Ok(number.to_string()),
        NumberOrText::Text(text) => Ok(text),
    }
}
