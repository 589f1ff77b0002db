//! An MQTT payload and the messages in it (docs/protocol.md, section A.4).
//!
//! Clients publish one object; the server sends arrays. Both forms are read in both directions, and one bad element
//! never spoils its neighbours.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{Message, RawJson};

/// The most elements that are read. A message takes more memory than its shortest text, so that a packet full of
/// `0,0,0,…` would grow a hundredfold.
pub const ELEMENTS_MAX: usize = 10_000;

/// One element of a payload: a message, or what could not be read as one.
pub type Element = Result<Message, BadElement>;

/// An element that is no message, kept as it came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("element {index} is no message: {reason}")]
pub struct BadElement {
    /// Its place in the array, from 0.
    pub index: usize,
    /// Why it could not be read.
    pub reason: String,
    /// Its text.
    pub raw: RawJson,
}

/// A payload in which nothing can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Nothing but white space.
    #[error("the payload is empty")]
    Empty,
    /// More elements than any server sends.
    #[error("the payload has more than {ELEMENTS_MAX} elements")]
    TooMany,
    /// Neither an object nor an array of them.
    #[error("the payload is neither a message nor an array of messages")]
    NotMessages,
    /// Not JSON at all.
    #[error("the payload is no JSON: {0}")]
    NotJson(String),
    /// Not UTF-8.
    #[error("the payload is not UTF-8")]
    NotUtf8,
}

/// Reads a payload: an array of messages, or one message.
///
/// # Errors
/// When the payload as a whole is no JSON object or array, or has more than [`ELEMENTS_MAX`] elements; an element that is no message is an `Err` in its place.
///
/// ```
/// use chatroom_wire::envelope::{EnvelopeError, decode};
///
/// assert_eq!(decode(b"[]"), Ok(Vec::new()));
/// assert_eq!(decode(b"null"), Err(EnvelopeError::NotMessages));
/// assert_eq!(decode(br#"{"text":"no type"}"#).map(|elements| elements[0].is_err()), Ok(true));
/// ```
pub fn decode(payload: &[u8]) -> Result<Vec<Element>, EnvelopeError> {
    let text = std::str::from_utf8(payload).map_err(|_| EnvelopeError::NotUtf8)?;
    decode_text(text.trim_start_matches('\u{feff}').trim())
}

fn decode_text(text: &str) -> Result<Vec<Element>, EnvelopeError> {
    let raws = match text.as_bytes().first() {
        None => return Err(EnvelopeError::Empty),
        Some(b'[') => serde_json::from_str(text).map(|Few(raws)| raws),
        Some(b'{') => serde_json::from_str(text).map(|one| Some(vec![one])),
        Some(_) => match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => return Err(EnvelopeError::NotMessages),
            Err(error) => Err(error),
        },
    }
    .map_err(|error| EnvelopeError::NotJson(error.to_string()))?;
    let raws: Vec<&RawValue> = raws.ok_or(EnvelopeError::TooMany)?;
    Ok(raws.into_iter().enumerate().map(|(index, raw)| decode_element(index, raw)).collect())
}

/// The elements of an array, as long as there are no more than [`ELEMENTS_MAX`]; beyond, none is kept.
struct Few<T>(Option<Vec<T>>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FewVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for FewVisitor<T> {
            type Value = Few<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Few<T>, A::Error> {
                let mut few = Vec::new();
                while let Some(element) = sequence.next_element()? {
                    if few.len() == ELEMENTS_MAX {
                        drop(few);
                        while sequence.next_element::<IgnoredAny>()?.is_some() {}
                        return Ok(Few(None));
                    }
                    few.push(element);
                }
                Ok(Few(Some(few)))
            }
        }
        deserializer.deserialize_seq(FewVisitor(PhantomData))
    }
}

fn decode_element(index: usize, element: &RawValue) -> Element {
    let bad = |reason| Err(BadElement { index, reason, raw: element.into() });
    if !element.get().starts_with('{') {
        return bad("it is no object".to_owned());
    }
    // Nearly all are read at once; what is odd is looked at field by field.
    serde_json::from_str(element.get()).or_else(|_| Message::read_leniently(element.get()).or_else(bad))
}

/// Writes one message, as a client publishes it.
///
/// ```
/// use chatroom_wire::{Message, User, envelope};
///
/// let json = envelope::encode(&Message::text_by(User::named("ada"), "hi"));
/// let expected = r#"{"user":{"custom_name":"ada"},"type":"INTERACTION_TYPE_TEXT","text_message":{"text":"hi"}}"#;
/// assert_eq!(json, expected.as_bytes());
/// ```
pub fn encode(message: &Message) -> Vec<u8> {
    serde_json::to_vec(message).expect("a message holds only strings, numbers and JSON that was read before")
}

/// Joins messages that were written by [`encode`] to the array that the server sends.
///
/// ```
/// assert_eq!(chatroom_wire::envelope::join([b"{}".as_slice(), b"{}"]), b"[{},{}]");
/// ```
pub fn join<'a>(encoded: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut array = vec![b'['];
    for (index, message) in encoded.into_iter().enumerate() {
        if index > 0 {
            array.push(b',');
        }
        array.extend_from_slice(message);
    }
    array.push(b']');
    array
}

/// The elements of a `messages` field of a REST answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elements(pub Vec<Element>);

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raws: Vec<Box<RawValue>> = match Option::<Few<_>>::deserialize(deserializer)? {
            None => Vec::new(),
            Some(Few(raws)) => raws.ok_or_else(|| de::Error::custom(EnvelopeError::TooMany))?,
        };
        Ok(Self(raws.iter().enumerate().map(|(index, raw)| decode_element(index, raw)).collect()))
    }
}
