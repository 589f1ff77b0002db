//! Secrets that can't be printed: no `Display`, a `Debug` that tells nothing, wiped when dropped.
//!
//! [`Token::expose`] and its like are the only ways out; a search for `expose` finds every place that uses one.
//! A field that must travel as JSON says so with `#[serde(serialize_with = "secret::exposed")]`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serializer, de};
use zeroize::Zeroizing;

/// A secret's text, for [`exposed`].
pub trait Expose {
    /// The text itself.
    fn expose(&self) -> &str;
}

/// Writes a secret into the JSON of a body that is meant to carry it.
///
/// # Errors
/// Those of the serializer.
pub fn exposed<T: Expose, S: Serializer>(secret: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Reads a secret that an answer brings: an empty one is none.
///
/// # Errors
/// Those of the deserializer, and where there is no text but white space.
pub fn not_empty<'de, T: Expose + Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let secret = T::deserialize(deserializer)?;
    if secret.expose().is_empty() { Err(de::Error::custom("it is empty")) } else { Ok(secret) }
}

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes the secret's text, without white space around it (files end in a newline).
            pub fn new(text: impl Into<String>) -> Self {
                let text = Zeroizing::new(text.into());
                if text.trim().len() == text.len() { Self(text) } else { Self(Zeroizing::new(text.trim().to_owned())) }
            }

            /// The secret's text. Never write it where a person or a log can see it.
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// Whether there is no text at all.
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl Expose for $name {
            fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::new)
            }
        }
    )+};
}

secrets! {
    /// A chat token or a connection token: a JWT that says who may do what in which room.
    Token,
    /// The detached signature over a connection token.
    Signature,
    /// What buys a new chat token.
    RefreshToken,
    /// An organisation's token: creates rooms and chat tokens.
    OrgToken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        let token = Token::new("eyJhbGciOi.payload.signature");
        let shown = format!("{token:?} {:?} {token:#?}", Some(&token));
        assert!(!shown.contains("payload"), "{shown}");
        assert!(shown.contains("redacted"));
    }

    #[test]
    fn the_newline_at_a_files_end_is_no_part_of_the_token() {
        assert_eq!(Token::new("abc\n").expose(), "abc");
    }
}
