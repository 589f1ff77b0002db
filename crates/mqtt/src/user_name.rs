//! The MQTT user name, which carries the room's token and therefore never prints.

use std::fmt;

use zeroize::Zeroizing;

/// The user name of a CONNECT. It holds credentials: it never prints, and its
/// memory is wiped when it is dropped (the packets made from it are not).
///
/// ```
/// use chatroom_mqtt::UserName;
///
/// let name = UserName::new("?x-token=secret");
/// assert_eq!(format!("{name:?}"), "[redacted]");
/// assert_eq!(name.expose(), "?x-token=secret");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct UserName(Zeroizing<String>);

impl UserName {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for UserName {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
