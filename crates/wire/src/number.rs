//! Integers that come as JSON numbers or, in the family of gRPC gateways, as strings.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use serde_json::Value;

/// Reads `7`, `7.0` and `"7"`.
///
/// # Errors
/// When it is no integer that fits in 64 bits.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    struct Integer;
    impl Visitor<'_> for Integer {
        type Value = i64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number")
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<i64, E> {
            Ok(number)
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<i64, E> {
            i64::try_from(number).map_err(|_| not_whole())
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<i64, E> {
            if number.fract() != 0.0 || number.abs() >= 9_007_199_254_740_992.0 {
                return Err(not_whole());
            }
            #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53, so exact")]
            Ok(number as i64)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
            text.parse().map_err(|_| not_whole())
        }
    }
    deserializer.deserialize_any(Integer)
}

/// Reads for how many seconds something lasts, as far as it says so: a number of any kind, also as a string. What has ended
/// already, and yet is given out, says nothing.
///
/// # Errors
/// Where it is no number.
pub(crate) fn life<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[expect(clippy::cast_possible_truncation, reason = "what lasts longer than 64 bits of seconds lasts for ever")]
    let whole = |seconds: f64| seconds.floor() as i64;
    let seconds = match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(whole)),
        Value::String(text) => {
            Some(text.trim().parse().map(whole).map_err(|_| de::Error::custom("expected a number"))?)
        }
        _ => return Err(de::Error::custom("expected a number")),
    };
    Ok(seconds.filter(|seconds| *seconds > 0))
}

fn not_whole<E: de::Error>() -> E {
    E::custom("expected a whole number")
}

/// Reads a string, or a number as its digits.
///
/// # Errors
/// When it is neither.
pub fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Digits;
    impl Visitor<'_> for Digits {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or a number")
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }
    deserializer.deserialize_any(Digits)
}

#[cfg(test)]
mod tests {
    use crate::chatroom::CustomCounter;
    use crate::payload::{Increment, Metric};

    fn count(json: &str) -> Option<i64> {
        serde_json::from_str::<Metric>(&format!("{{\"count\":{json}}}")).ok().map(|metric| metric.count)
    }

    #[test]
    fn whole_numbers_are_read_in_all_their_forms() {
        assert_eq!(count("7"), Some(7));
        assert_eq!(count("7.0"), Some(7));
        assert_eq!(count("\"7\""), Some(7));
        assert_eq!(count("-3"), Some(-3));
        assert_eq!(count("9223372036854775807"), Some(i64::MAX));
        assert_eq!(count("\"-9223372036854775808\""), Some(i64::MIN));
    }

    #[test]
    fn what_is_no_whole_number_of_64_bits_is_refused() {
        for json in ["9223372036854775808", "18446744073709551615", "7.5", "1e300", "\"\"", "\"7 \"", "true", "[]"] {
            assert_eq!(count(json), None, "{json}");
        }
    }

    #[test]
    fn an_increment_without_a_value_is_refused() {
        assert!(serde_json::from_str::<Increment>("{\"key\":\"like\"}").is_err());
    }

    #[test]
    fn a_version_number_keeps_all_its_digits() {
        let json = r#"{"key":"like","version_number":18446744073709551615}"#;
        let counter: CustomCounter = serde_json::from_str(json).unwrap();
        assert_eq!(counter.version_number, "18446744073709551615");
    }
}
