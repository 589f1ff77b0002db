//! `null` for a value that has a default: services in some languages write it for an empty list or text.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::{
    body::BodyError,
    lenient::{self, Reader},
    poll::Poll,
};

pub(crate) fn is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// For a poll in a room, whose shape another service may choose otherwise: what can't be read spoils nothing else.
pub(crate) fn poll<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Poll>, D::Error> {
    // An object of a wholly other shape would read as one in which nothing is said.
    let value = Value::deserialize(deserializer)?;
    let has = |name, is: fn(&Value) -> bool| value.get(name).is_some_and(is);
    let is_ours = has("id", |id| id.is_string() || id.is_number()) || has("multi_choice", Value::is_object);
    Ok(if is_ours { answered(value) } else { serde_json::from_value(value).ok() })
}

/// For what an answer lists, each thing for itself: one that can't be read is left out, and spoils no other.
pub(crate) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(Readable(PhantomData))
}

/// The same for a list that stands beside other things: it is left out where it is no list.
pub(crate) fn list_beside<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(elements) => elements.into_iter().filter_map(answered).collect(),
        Value::Null => Vec::new(),
        _ => {
            let problem = "expected a list".to_owned();
            lenient::note(&BodyError::Unusable { path: "a list".to_owned(), problem });
            Vec::new()
        }
    })
}

/// A part of an answer, if it can be read.
fn answered<T: DeserializeOwned>(mut value: Value) -> Option<T> {
    if value.is_null() {
        return None;
    }
    // As it stands, where that will do: then what is not known keeps its `null`s.
    if let Ok(read) = T::deserialize(&value) {
        return Some(read);
    }
    lenient::strip_nulls(&mut value);
    lenient::from_value(value, Reader::Client).inspect_err(lenient::note).ok()
}

struct Readable<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Readable<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = sequence.next_element::<Value>()? {
            list.extend(answered(item));
        }
        Ok(list)
    }
}
