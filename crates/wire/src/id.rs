//! Names of things: each its own type, so that a user's id never stands where a room's is wanted.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use percent_encoding::percent_decode;

use crate::safe_text;

/// Why a text can't stand as an id in the path of a URL, if it can't: many clients and proxies decode a path, take the
/// steps in it, and decode it once more.
///
/// ```
/// use chatroom_wire::id::path_fault;
///
/// assert_eq!(path_fault("0190ff2c-6d1a"), None);
/// for id in [".", "..", "%2e%2E", "%252e", "a/b", "a%2fb", "%5C", "a%00", "%20", ""] {
///     assert!(path_fault(id).is_some(), "{id}");
/// }
/// ```
pub fn path_fault(id: &str) -> Option<&'static str> {
    let mut bytes = id.as_bytes().to_vec();
    loop {
        let decoded: Vec<u8> = percent_decode(&bytes).collect();
        if decoded.len() == bytes.len() {
            break;
        }
        bytes = decoded;
    }
    if matches!(&*bytes, b"." | b"..") {
        Some("is a step through a path (`.` or `..`)")
    } else if bytes.iter().any(|byte| matches!(byte, b'/' | b'\\')) {
        Some("holds a slash or a backslash")
    } else if bytes.iter().any(u8::is_ascii_control) {
        Some("holds control characters")
    } else if safe_text::is_blank(&String::from_utf8_lossy(&bytes)) {
        Some("holds nothing that can be seen")
    } else {
        None
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as it stands on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<Arc<str>>> From<T> for $name {
            fn from(name: T) -> Self {
                Self(name.into())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self(Arc::from(""))
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }
    )+};
}

names! {
    /// A message's id: chosen by its sender, kept by the server (docs/protocol.md, section D).
    MessageId,
    /// A person: the token's `sub`, `user.id` of a message, `user.customer_id` of a config.
    UserId,
    /// A room: the token's `chat_id`.
    RoomId,
    /// An MQTT client id, as a config call gave it.
    ClientId,
    /// A poll (docs/protocol.md, section C.4).
    PollId,
    /// An option of a poll.
    OptionId,
    /// A dictionary of the word filter (docs/protocol.md, section C.5).
    DictionaryId,
    /// A pattern of a dictionary.
    PatternId,
    /// A pack of stickers (docs/protocol.md, section C.6).
    StickerPackId,
    /// A sticker within its pack.
    StickerId,
    /// An MQTT topic, an opaque string from the config (docs/protocol.md, section A.3).
    TopicName,
}
