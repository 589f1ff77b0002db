//! How much memory a message takes, for those who keep many.

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
