//! The history: what is asked for, and the answer (docs/protocol.md, section C.2).

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Kind, Message, Time, envelope::Elements};

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

    /// Reads the decoded pairs of a query. `types` may be repeated or a comma list; of all else that is there twice the
    /// last counts. Unknown keys are ignored, and so is an empty value, as gRPC gateways do.
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
                    let limit: u16 = read("limit", value)?;
                    query.limit = Some(limit).filter(|limit| (1..=PAGE_MAX).contains(limit));
                    query.limit.ok_or(QueryError("limit"))?;
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

/// A parameter of a query that can't be used, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the parameter {} can't be used: it takes {}", .0, takes(.0))]
pub struct QueryError(pub &'static str);

fn takes(name: &str) -> String {
    match name {
        "limit" => format!("a whole number from 1 to {PAGE_MAX}"),
        "from_oldest" => "true or false".to_owned(),
        "types" => "names of types, such as INTERACTION_TYPE_TEXT".to_owned(),
        _ => "a time in ISO 8601 with a zone, such as 2024-07-29T15:51:28.071Z".to_owned(),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(key: &str, value: &str) -> String {
        MessagesQuery::from_pairs([(key, value)]).map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn a_parameter_that_can_not_be_used_is_refused_by_its_name() {
        let limit = "the parameter limit can't be used: it takes a whole number from 1 to 100";
        for value in ["0", "-1", "101", "65536", "99999999999999999999", "1.5", "1e1", "0x10", "ten", " 10", "10 "] {
            assert_eq!(refusal("limit", value), limit, "{value:?}");
        }
        for value in ["True", "TRUE", "1", "0", "yes", "on", "null", " true"] {
            assert!(refusal("from_oldest", value).starts_with("the parameter from_oldest can't"), "{value:?}");
        }
        for value in ["TEXT", "interaction_type_text", "1", "INTERACTION_TYPE_TEXT,DANCE", "INTERACTION_TYPE_TEXT ;"] {
            assert!(refusal("types", value).starts_with("the parameter types can't"), "{value:?}");
        }
        for key in ["before_at", "after_at"] {
            for value in ["now", "1722268288", "2024-07-29", "2024-07-29T15:51:28", "2024-13-29T15:51:28Z"] {
                let expected = format!("the parameter {key} can't be used: it takes a time");
                assert!(refusal(key, value).starts_with(&expected), "{value:?}");
            }
        }
    }

    #[test]
    fn what_says_nothing_is_the_default_and_what_is_not_known_is_ignored() {
        let pairs =
            [("limit", ""), ("from_oldest", ""), ("types", ","), ("before_at", ""), ("colour", "red"), ("", "")];
        assert_eq!(MessagesQuery::from_pairs(pairs), Ok(MessagesQuery::default()));
        let edges = ["1", "100"].map(|limit| MessagesQuery::from_pairs([("limit", limit)]).map(|query| query.limit));
        assert_eq!(edges, [Ok(Some(1)), Ok(Some(100))]);
    }

    #[test]
    fn of_a_parameter_that_is_there_twice_the_last_counts_and_types_are_gathered() {
        let pairs =
            [("limit", "1"), ("limit", "2"), ("types", "INTERACTION_TYPE_MUTE"), ("types", "INTERACTION_TYPE_TEXT")];
        let query = MessagesQuery::from_pairs(pairs).map(|query| (query.limit, query.types));
        assert_eq!(query, Ok((Some(2), vec![Kind::Mute, Kind::Text])));
    }
}
