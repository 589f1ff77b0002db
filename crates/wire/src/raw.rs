//! JSON that is kept as it came, letter by letter.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    SafeText,
    body::BodyError,
    lenient::{self, Reader},
};

/// One JSON value in the text in which it came.
///
/// ```
/// use chatroom_wire::RawJson;
///
/// let raw = RawJson::from_text("{\"stars\": 5.0}")?;
/// assert_eq!(raw.as_str(), "{\"stars\": 5.0}");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct RawJson(Box<RawValue>);

/// How deep a value may be nested. With the message and the array around it, it stays under the 128 levels at which
/// common readers give up: what one client sends must not break another.
const DEPTH_MAX: usize = 120;

impl RawJson {
    /// The text of the value.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads the value as a `T`.
    ///
    /// # Errors
    /// When the value is of another shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.as_str())
    }

    /// Reads the value as this reader does.
    pub(crate) fn read<T: DeserializeOwned>(&self, reader: Reader) -> Result<T, BodyError> {
        lenient::read(self.as_str().as_bytes(), reader)
    }

    /// The value that a text holds.
    ///
    /// # Errors
    /// When the text is no JSON value that every reader can read: not nested deeper than 120 levels, no number
    /// beyond a double, no half of a surrogate pair.
    pub fn from_text(text: &str) -> Result<Self, serde_json::Error> {
        let raw = RawValue::from_string(text.to_owned()).map(Self)?;
        raw.check()?;
        Ok(raw)
    }

    /// Whether every reader can read this: skipping over a value, as is done when one is kept, looks less closely.
    pub(crate) fn check(&self) -> Result<(), serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(self.as_str());
        Readable { depth_left: DEPTH_MAX }.deserialize(&mut reader)
    }
}

/// An error without its place, which counts from the start of a part and would mislead; and not at any length.
pub(crate) fn reason(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    SafeText::log(reason).into_string()
}

/// Reads a value for nothing but its errors.
#[derive(Clone, Copy)]
struct Readable {
    depth_left: usize,
}

impl Readable {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1).ok_or_else(|| E::custom("it is nested too deeply"))?;
        Ok(Self { depth_left })
    }
}

impl<'de> DeserializeSeed<'de> for Readable {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while seq.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while map.next_entry_seed(inner, inner)?.is_some() {}
        Ok(())
    }
}

impl From<&RawValue> for RawJson {
    fn from(value: &RawValue) -> Self {
        Self(value.to_owned())
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RawJson {}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}
