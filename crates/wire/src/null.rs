//! `null` for a value that has a default: services in some languages write it for an empty list or text.

use serde::{Deserialize, Deserializer};

pub(crate) fn is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
