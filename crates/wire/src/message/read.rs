//! Reads a message by hand, not by derive: the payload's key depends on `type`, which may stand behind it, and whatever is
//! not understood stays as it came.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, MapAccess, Visitor},
};

use super::{Message, TIMES};
use crate::{
    Kind, Payload, RawJson, Time, User,
    lenient::{self, Reader},
    raw,
};

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
        message.finish(kind, last_of_each(rest), Reader::Server).map_err(de::Error::custom)
    }
}

impl Message {
    /// Reads a message as a client does: what can't be read is kept among the rest or left out, unless the message says
    /// nothing without it.
    pub(crate) fn read_leniently(text: &str) -> Result<Self, String> {
        let Fields(fields) = serde_json::from_str(text).map_err(|error| raw::reason(&error))?;
        let mut rest = last_of_each(fields);
        let mut take = |name: &str| {
            let place = rest.iter().position(|(key, _)| key == name)?;
            Some(rest.remove(place).1)
        };
        let kind = take("type").ok_or("type is missing")?;
        let [id, user] = ["id", "user"].map(|name| take(name).filter(|value| value.as_str() != "null"));
        let times = TIMES.map(|name| (name, take(name)));
        let mut message = Self::new(User::default(), Payload::Mute);
        message.id = readable("id", id, &mut rest);
        message.user = readable("user", user, &mut rest).unwrap_or_default();
        for (name, value) in times {
            let Some(value) = value else { continue };
            let time = time(Cow::Borrowed(name), value, &mut rest);
            match name {
                "created_at" => message.created_at = time,
                "sent_at" => message.sent_at = time,
                "received_at" => message.received_at = time,
                _ => message.published_at = time,
            }
        }
        message.finish(kind, rest, Reader::Client)
    }

    fn finish(mut self, kind: RawJson, mut rest: Vec<(String, RawJson)>, reader: Reader) -> Result<Self, String> {
        self.payload = payload_of(kind, &mut rest, reader)?;
        rest.retain(|(name, _)| !TIMES.contains(&name.as_str()) || !self.writes(name));
        for (_, value) in &rest {
            value.check().map_err(|error| format!("an unknown field: {}", raw::reason(&error)))?;
        }
        self.extra = rest;
        Ok(self)
    }
}

/// A part that a client can do without; what is of another shape stays among the rest.
fn readable<T: DeserializeOwned>(key: &str, value: Option<RawJson>, rest: &mut Vec<(String, RawJson)>) -> Option<T> {
    let value = value?;
    let read = value.read(Reader::Client).inspect_err(lenient::note).ok();
    if read.is_none() {
        rest.push((key.to_owned(), value));
    }
    read
}

/// The fields of an object, in their order.
struct Fields(Vec<(String, RawJson)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message, which is an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// A time, or none; what is no time, or says that none is known, is kept among the rest.
fn time(key: Cow<'_, str>, value: RawJson, rest: &mut Vec<(String, RawJson)>) -> Option<Time> {
    let time = value.parse().ok().filter(|time: &Time| time.is_known());
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

fn payload_of(kind: RawJson, rest: &mut Vec<(String, RawJson)>, reader: Reader) -> Result<Payload, String> {
    let Some(known) = Kind::read(&kind) else {
        kind.check().map_err(|error| format!("type: {}", raw::reason(&error)))?;
        return Ok(Payload::Unknown(kind));
    };
    let key = known.payload_key();
    let place = key.and_then(|key| rest.iter().position(|(name, _)| name == key));
    let found = place.map(|place| rest.remove(place).1);
    let field = Field { key: key.unwrap_or_default(), found, reader };
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
        Kind::ViewerInfoEnabled => Payload::ViewerInfoEnabled(field.readable(rest)),
        Kind::ViewerInfoDisabled => Payload::ViewerInfoDisabled(field.readable(rest)),
        Kind::ViewerInfoUpdate => Payload::ViewerInfoUpdate(field.readable(rest)),
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
    reader: Reader,
}

impl Field {
    fn required<T: DeserializeOwned>(self) -> Result<T, String> {
        let key = self.key;
        self.optional()?.ok_or_else(|| format!("{key} is missing"))
    }

    /// A payload of our own shape; what is of another stays among the rest.
    fn readable<T: DeserializeOwned>(self, rest: &mut Vec<(String, RawJson)>) -> Option<T> {
        let found = self.found?;
        let read = found.read(self.reader).inspect_err(lenient::note).ok();
        if read.is_none() {
            rest.push((self.key.to_owned(), found));
        }
        read
    }

    fn optional<T: DeserializeOwned>(self) -> Result<Option<T>, String> {
        let Some(found) = self.found.filter(|found| found.as_str() != "null") else { return Ok(None) };
        found.read(self.reader).map(Some).map_err(|error| error.below(self.key).to_string())
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
