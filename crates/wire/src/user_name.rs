//! The credentials that ride in the MQTT user name (docs/protocol.md, sections A.2 and G.1).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::{Signature, Token, config::Connection};

const AUTHORIZER: &str = "x-amz-customauthorizer-name";
const SIGNATURE: &str = "x-amz-customauthorizer-signature";
const TOKEN: &str = "x-token";

/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes the user name: `?` and three values, percent-encoded, in the order that all known clients use.
pub fn encode(connection: &Connection) -> Zeroizing<String> {
    let encoded = |value| utf8_percent_encode(value, ENCODED);
    Zeroizing::new(format!(
        "?{AUTHORIZER}={}&{SIGNATURE}={}&{TOKEN}={}",
        encoded(&connection.authorizer),
        encoded(connection.signature.expose()),
        encoded(connection.token.expose()),
    ))
}

/// What a user name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name of the authorizer.
    pub authorizer: String,
    /// The detached signature over the token.
    pub signature: Signature,
    /// The token.
    pub token: Token,
}

/// Why a user name holds no credentials. Never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserNameError {
    /// There is no `?`, so there is no query.
    #[error("the user name has no query")]
    NoQuery,
    /// One of the three keys is not there.
    #[error("the user name has no {0}")]
    Missing(&'static str),
    /// A key stands there twice: whoever checks one and uses the other is fooled.
    #[error("the user name has {0} twice")]
    Twice(&'static str),
    /// A value is not percent-encoded UTF-8.
    #[error("the user name's {0} is not percent-encoded UTF-8")]
    NotUtf8(&'static str),
}

/// Reads a user name: any prefix, the keys in any order, unknown keys ignored, each value decoded once.
///
/// A `+` is a plus: signatures are base64, and not every client encodes theirs. The authorizer's name is empty where
/// none stands: a service may have a default one.
///
/// ```
/// use chatroom_wire::user_name;
///
/// let credentials = user_name::decode("any?x-token=a.b.c&x-amz-customauthorizer-signature=c2ln%2Bg%3D%3D&SDK=x")?;
/// assert_eq!(credentials.signature.expose(), "c2ln+g==");
/// assert_eq!(format!("{:?}", credentials.token), "Token(redacted)");
/// # Ok::<(), user_name::UserNameError>(())
/// ```
///
/// # Errors
/// When the signature or the token is missing, or one of the three values is there twice or not decodable.
pub fn decode(user_name: &str) -> Result<Credentials, UserNameError> {
    let (_, query) = user_name.split_once('?').ok_or(UserNameError::NoQuery)?;
    let mut values: [Option<String>; 3] = [None, None, None];
    let names = [AUTHORIZER, SIGNATURE, TOKEN];
    for pair in query.trim_start_matches('?').split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(place) = names.iter().position(|name| *name == key) else { continue };
        if values[place].is_some() {
            return Err(UserNameError::Twice(names[place]));
        }
        let decoded = percent_decode_str(value).decode_utf8().map_err(|_| UserNameError::NotUtf8(names[place]))?;
        values[place] = Some(decoded.into_owned());
    }
    let [authorizer, signature, token] = values;
    Ok(Credentials {
        authorizer: authorizer.unwrap_or_default(),
        signature: Signature::new(signature.ok_or(UserNameError::Missing(SIGNATURE))?),
        token: Token::new(token.ok_or(UserNameError::Missing(TOKEN))?),
    })
}
