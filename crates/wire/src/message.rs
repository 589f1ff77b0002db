//! One InteractionMessage (docs/protocol.md, section D).
//!
//! Read by hand, not by derive: the payload's key depends on `type`, which may stand behind it, and whatever is not
//! understood stays as it came.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned, MapAccess, Visitor},
    ser::SerializeMap,
};

use crate::{Kind, MessageId, Payload, RawJson, Time, User, payload::TextMessage, raw};

/// A message as it travels: one object from a client, an element of an array from the server.
///
/// What was read is written back with the same meaning, with these liberties: a number in `type` becomes its name,
/// a time goes to UTC, `null` where a field may be left out is left out, and what has a default is written.
/// Read it from text: the parts that are kept as they came can't be read from a `serde_json::Value`.
///
/// ```
/// use chatroom_wire::{Kind, Message};
///
/// let json = r#"{"type":1,"user":{"custom_name":"ada"},"text_message":{"text":"[0]"},"mood":"good"}"#;
/// let message: Message = serde_json::from_str(json)?;
/// assert_eq!((message.kind(), message.text()), (Kind::Text, Some("[0]")));
/// assert_eq!(message.field("mood").map(|mood| mood.as_str()), Some("\"good\""));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Chosen by the sender, else by the server.
    pub id: Option<MessageId>,
    /// Who wrote it, or made it happen.
    pub user: User,
    /// What it says, by its type.
    pub payload: Payload,
    /// The sender's clock.
    pub sent_at: Option<Time>,
    /// The server's clock when it came in; grows strictly in a room; the paging key.
    pub received_at: Option<Time>,
    /// The server's clock when it went out to all.
    pub published_at: Option<Time>,
    /// As the server says; what it means is unknown.
    pub created_at: Option<Time>,
    /// Fields that this version does not know, in their order.
    pub extra: Vec<(String, RawJson)>,
}

impl Message {
    /// A message that carries `payload`, and says nothing else.
    ///
    /// ```
    /// use chatroom_wire::{Message, Payload, User};
    ///
    /// let muted = Message::new(User::named("host"), Payload::Mute);
    /// let json = serde_json::to_string(&muted)?;
    /// assert_eq!(json, r#"{"user":{"custom_name":"host"},"type":"INTERACTION_TYPE_MUTE"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn new(user: User, payload: Payload) -> Self {
        Self {
            id: None,
            user,
            payload,
            sent_at: None,
            received_at: None,
            published_at: None,
            created_at: None,
            extra: Vec::new(),
        }
    }

    /// A text by somebody.
    pub fn text_by(user: User, text: impl Into<String>) -> Self {
        Self::new(user, Payload::Text(TextMessage { text: text.into(), ..TextMessage::default() }))
    }

    /// The message's type.
    pub fn kind(&self) -> Kind {
        self.payload.kind()
    }

    /// The text, if this is one.
    pub fn text(&self) -> Option<&str> {
        match &self.payload {
            Payload::Text(text) => Some(&text.text),
            _ => None,
        }
    }

    /// An unknown field, by its name.
    pub fn field(&self, name: &str) -> Option<&RawJson> {
        self.extra.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// What orders messages: the server's clock, then the id (docs/protocol.md, section F).
    pub fn order_key(&self) -> (Option<Time>, Option<&MessageId>) {
        (self.received_at, self.id.as_ref())
    }
}

impl Message {
    /// Whether this key is written from a typed field: an unknown field of the same name (a time that was no time,
    /// and has been stamped since) must not follow it, as the last of two counts.
    fn writes(&self, key: &str) -> bool {
        match key {
            "type" => true,
            "id" => self.id.is_some(),
            "user" => !self.user.is_unknown(),
            "created_at" => self.created_at.is_some(),
            "sent_at" => self.sent_at.is_some(),
            "received_at" => self.received_at.is_some(),
            "published_at" => self.published_at.is_some(),
            _ => self.kind().payload_key() == Some(key) && !self.payload.is_absent(),
        }
    }
}

const TIMES: [&str; 4] = ["created_at", "sent_at", "received_at", "published_at"];

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(id) = &self.id {
            map.serialize_entry("id", id)?;
        }
        if !self.user.is_unknown() {
            map.serialize_entry("user", &self.user)?;
        }
        match &self.payload {
            Payload::Unknown(kind) => map.serialize_entry("type", kind)?,
            known => map.serialize_entry("type", known.kind().name())?,
        }
        let key = self.payload.kind().payload_key();
        match (&self.payload, key) {
            (Payload::Text(it), Some(key)) => map.serialize_entry(key, it)?,
            (Payload::PinMessage(it) | Payload::UnpinMessage(it), Some(key)) => map.serialize_entry(key, it)?,
            (Payload::DeleteMessage(it), Some(key)) => map.serialize_entry(key, it)?,
            (Payload::BlockUser(it) | Payload::UnblockUser(it), Some(key)) => map.serialize_entry(key, it)?,
            (
                Payload::ViewerInfoEnabled(Some(it))
                | Payload::ViewerInfoDisabled(Some(it))
                | Payload::ViewerInfoUpdate(Some(it)),
                Some(key),
            ) => map.serialize_entry(key, it)?,
            (Payload::Custom(it), Some(key)) => map.serialize_entry(key, it)?,
            (Payload::Entrance(it), Some(key)) => map.serialize_entry(key, it)?,
            (Payload::CustomCounterUpdate(it), Some(key)) => map.serialize_entry(key, it)?,
            (Payload::BroadcastUpdate(it), Some(key)) => map.serialize_entry(key, it)?,
            _ => {}
        }
        let times = [self.created_at, self.sent_at, self.received_at, self.published_at];
        for (name, time) in TIMES.iter().zip(times) {
            if let Some(time) = time {
                map.serialize_entry(name, &time)?;
            }
        }
        for (name, value) in &self.extra {
            if !self.writes(name) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

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
        Kind::PollStarted => Payload::PollStarted,
        Kind::PollClosed => Payload::PollClosed,
        Kind::PollArchived => Payload::PollArchived,
        Kind::PollUpdate => Payload::PollUpdate,
        Kind::PollUserVote => Payload::PollUserVote,
        Kind::Sticker => Payload::Sticker,
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
