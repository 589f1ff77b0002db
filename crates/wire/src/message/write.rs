//! Writes a message: what is typed first, then what was kept as it came.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Message, TIMES};
use crate::Payload;

impl Message {
    /// Whether this key is written from a typed field: an unknown field of the same name (a time that was no time,
    /// and has been stamped since) must not follow it, as the last of two counts.
    pub(super) fn writes(&self, key: &str) -> bool {
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
            (
                Payload::PollStarted(Some(it))
                | Payload::PollClosed(Some(it))
                | Payload::PollArchived(Some(it))
                | Payload::PollUpdate(Some(it)),
                Some(key),
            ) => map.serialize_entry(key, it)?,
            (Payload::PollUserVote(Some(it)), Some(key)) => map.serialize_entry(key, it)?,
            (Payload::Sticker(Some(it)), Some(key)) => map.serialize_entry(key, it)?,
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
