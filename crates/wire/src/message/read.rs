//! Reads a message by hand, not by derive: the payload's key depends on `type`, which may stand behind it, and whatever is
//! not understood stays as it came.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, MapAccess, Visitor},
};

use super::{Message, TIMES};
use crate::{Kind, Payload, RawJson, Time, User, raw};

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MessageVisitor)
    }
}

struct MessageVisitor;

impl<'de> Visitor<'de> for MessageVisitor {
    type Value = Message;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message, which is an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message, A::Error> {
        let mut message = Message::new(User::default(), Payload::Mute);
        let mut kind = None;
        let mut rest = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            match &*key {
                "id" => message.id = map.next_value()?,
                "user" => message.user = map.next_value::<Option<User>>()?.unwrap_or_default(),
                "type" => kind = Some(map.next_value::<RawJson>()?),
                "created_at" => message.created_at = time(key, map.next_value()?, &mut rest),
                "sent_at" => message.sent_at = time(key, map.next_value()?, &mut rest),
                "received_at" => message.received_at = time(key, map.next_value()?, &mut rest),
                "published_at" => message.published_at = time(key, map.next_value()?, &mut rest),
                _ => rest.push((key.into_owned(), map.next_value()?)),
            }
        }
        let kind = kind.ok_or_else(|| de::Error::missing_field("type"))?;
        let mut rest = last_of_each(rest);
        message.payload = payload_of(kind, &mut rest).map_err(de::Error::custom)?;
        rest.retain(|(name, _)| !TIMES.contains(&name.as_str()) || !message.writes(name));
        for (_, value) in &rest {
            value.check().map_err(|error| de::Error::custom(format!("an unknown field: {}", raw::reason(&error))))?;
        }
        message.extra = rest;
        Ok(message)
    }
}

/// A time, or none; what is no time is kept among the rest.
fn time(key: Cow<'_, str>, value: RawJson, rest: &mut Vec<(String, RawJson)>) -> Option<Time> {
    let time = value.parse().ok();
    if time.is_none() {
        rest.push((key.into_owned(), value));
    }
    time
}

/// Of a field that stands there twice the last counts, in the place of the first. Not quadratic: a sender could make
/// a server compare ten thousand names with each other.
fn last_of_each(mut fields: Vec<(String, RawJson)>) -> Vec<(String, RawJson)> {
    if fields.len() < 2 {
        return fields;
    }
    let mut places: Vec<usize> = (0..fields.len()).collect();
    places.sort_by(|one, other| fields[*one].0.cmp(&fields[*other].0));
    let mut dropped = vec![false; fields.len()];
    let mut first = 0;
    for pair in places.windows(2) {
        if fields[pair[0]].0 == fields[pair[1]].0 {
            if !dropped[pair[0]] {
                first = pair[0];
            }
            dropped[pair[1]] = true;
            fields.swap(first, pair[1]);
        }
    }
    let mut dropped = dropped.into_iter();
    fields.retain(|_| dropped.next() != Some(true));
    fields
}

fn payload_of(kind: RawJson, rest: &mut Vec<(String, RawJson)>) -> Result<Payload, String> {
    let Some(known) = Kind::read(&kind) else {
        kind.check().map_err(|error| format!("type: {}", raw::reason(&error)))?;
        return Ok(Payload::Unknown(kind));
    };
    let key = known.payload_key();
    let place = key.and_then(|key| rest.iter().position(|(name, _)| name == key));
    let found = place.map(|place| rest.remove(place).1);
    let field = Field { key: key.unwrap_or_default(), found };
    Ok(match known {
        Kind::Text => Payload::Text(field.required()?),
        Kind::Mute => Payload::Mute,
        Kind::Unmute => Payload::Unmute,
        Kind::PinMessage => Payload::PinMessage(field.required()?),
        Kind::UnpinMessage => Payload::UnpinMessage(field.required()?),
        Kind::DeleteMessage => Payload::DeleteMessage(field.required()?),
        Kind::BlockUser => Payload::BlockUser(field.required()?),
        Kind::UnblockUser => Payload::UnblockUser(field.required()?),
        Kind::PollStarted => Payload::PollStarted(field.readable(rest)),
        Kind::PollClosed => Payload::PollClosed(field.readable(rest)),
        Kind::PollArchived => Payload::PollArchived(field.readable(rest)),
        Kind::PollUpdate => Payload::PollUpdate(field.readable(rest)),
        Kind::PollUserVote => Payload::PollUserVote(field.readable(rest)),
        Kind::Sticker => Payload::Sticker(field.readable(rest)),
        Kind::ViewerInfoEnabled => Payload::ViewerInfoEnabled(field.optional()?),
        Kind::ViewerInfoDisabled => Payload::ViewerInfoDisabled(field.optional()?),
        Kind::ViewerInfoUpdate => Payload::ViewerInfoUpdate(field.optional()?),
        Kind::Custom => Payload::Custom(field.required()?),
        Kind::Entrance => Payload::Entrance(field.required()?),
        Kind::CustomCounterUpdate => Payload::CustomCounterUpdate(field.required()?),
        Kind::BroadcastUpdate => Payload::BroadcastUpdate(field.required()?),
        Kind::Unknown => Payload::Unknown(kind),
    })
}

struct Field {
    key: &'static str,
    found: Option<RawJson>,
}

impl Field {
    fn required<T: DeserializeOwned>(self) -> Result<T, String> {
        let key = self.key;
        self.optional()?.ok_or_else(|| format!("missing field `{key}`"))
    }

    /// A payload of our own shape; what is of another stays among the rest.
    fn readable<T: DeserializeOwned>(self, rest: &mut Vec<(String, RawJson)>) -> Option<T> {
        let found = self.found?;
        let read = found.parse().ok();
        if read.is_none() {
            rest.push((self.key.to_owned(), found));
        }
        read
    }

    fn optional<T: DeserializeOwned>(self) -> Result<Option<T>, String> {
        let Some(found) = self.found else { return Ok(None) };
        found.parse().map_err(|error| format!("{}: {}", self.key, raw::reason(&error)))
    }
}

/// A key that is borrowed from the text where it holds no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field's name")
            }

            fn visit_borrowed_str<E: de::Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}
