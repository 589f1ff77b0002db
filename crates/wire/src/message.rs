//! One InteractionMessage (docs/protocol.md, section D).

mod read;
mod weight;
mod write;

use crate::{Kind, MessageId, Payload, RawJson, Time, User, payload::TextMessage};

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

/// The keys of the times, in the order in which they are written.
const TIMES: [&str; 4] = ["created_at", "sent_at", "received_at", "published_at"];
