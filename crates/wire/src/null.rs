//! `null` for a value that has a default: services in some languages write it for an empty list or text.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, SeqAccess, Visitor},
};
use serde_json::Value;

pub(crate) fn is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// For a field whose shape another service may choose otherwise: what can't be read spoils nothing else.
pub(crate) fn is_none_if_unreadable<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// For a list of things that say something each for itself: one that can't be read is left out, and spoils no other.
pub(crate) fn is_what_is_readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
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
                list.extend(serde_json::from_value(item));
            }
            Ok(list)
        }
    }
    deserializer.deserialize_any(Readable(PhantomData))
}
