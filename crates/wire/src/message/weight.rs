//! How large a message is: in memory, for those who keep many; in what nobody knows, for those who bound it.

use std::io;

use super::Message;
use crate::{MessageId, Payload, UserId};

/// A map with one entry takes a node with room for eleven of them.
const NODE: usize = 640;
/// One more value, with its name.
const VALUE: usize = 64;

impl Message {
    /// About how many bytes of memory it takes; seldom less than it really does.
    ///
    /// ```
    /// use chatroom_wire::{Message, User};
    ///
    /// let said = Message::text_by(User::named("ada"), "x".repeat(1_000_000));
    /// assert!((1_000_000..1_002_000).contains(&said.weight()));
    /// ```
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.plain().unwrap_or_else(|| self.structured())
    }

    /// The size as JSON of the fields that this version does not know, and of those that say nothing where they stand, in a
    /// message that a client may write.
    ///
    /// ```
    /// use chatroom_wire::Message;
    ///
    /// let json = r#"{"type":1,"user":{"custom_name":"ada"},"text_message":{"text":"hi","font":"mono"},"mood":"good"}"#;
    /// let message: Message = serde_json::from_str(json)?;
    /// assert_eq!(message.unknown_size(), r#""mood":"good""#.len() + r#""font":"mono""#.len());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn unknown_size(&self) -> usize {
        let own: usize = self.extra.iter().map(|(name, value)| json_size(name) + 1 + value.as_str().len()).sum();
        let payload = match &self.payload {
            Payload::Text(text) => fields_size(&text.extra),
            Payload::Custom(custom) => {
                fields_size(&custom.extra) + custom.incr.as_ref().map_or(0, |incr| fields_size(&incr.extra))
            }
            Payload::Sticker(Some(sticker)) => fields_size(&sticker.extra),
            Payload::PollUserVote(Some(vote)) => fields_size(&vote.extra),
            _ => 0,
        };
        let user = fields_size(&self.user.extra) + self.user.action_taker.as_ref().map_or(0, json_size);
        own + payload + user
    }

    /// The strings of a plain text, which nearly all messages are.
    fn plain(&self) -> Option<usize> {
        let Payload::Text(text) = &self.payload else { return None };
        let user = &self.user;
        let is_plain =
            self.extra.is_empty() && text.extra.is_empty() && user.extra.is_empty() && user.action_taker.is_none();
        let ids =
            [self.id.as_ref().map(MessageId::as_str), user.id.as_ref().map(UserId::as_str), user.device_id.as_deref()];
        let ids = ids.into_iter().flatten().map(str::len).sum::<usize>();
        is_plain.then(|| ids + user.custom_name.len() + text.text.len())
    }

    fn structured(&self) -> usize {
        let mut weight = Weight(0);
        serde_json::to_writer(&mut weight, self).expect("a message is JSON, and what counts takes it all");
        weight.0
    }
}

fn fields_size(fields: &serde_json::Map<String, serde_json::Value>) -> usize {
    fields.iter().map(|(name, value)| json_size(name) + 1 + json_size(value)).sum()
}

fn json_size(value: &(impl serde::Serialize + ?Sized)) -> usize {
    let mut size = Size(0);
    serde_json::to_writer(&mut size, value).expect("what was read from JSON is JSON, and what counts takes it all");
    size.0
}

/// Counts what is written.
struct Size(usize);

impl io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Weighs JSON by what its values take in memory.
struct Weight(usize);

impl io::Write for Weight {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let weight = |byte: &u8| match byte {
            b'{' => NODE,
            b',' => VALUE,
            _ => 1,
        };
        self.0 += bytes.iter().map(weight).sum::<usize>();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
