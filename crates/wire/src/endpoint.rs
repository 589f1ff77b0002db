//! Where to dial, checked before anything is dialled.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A host with an optional port, as it stands in `connection.endpoint` (docs/protocol.md, section C.7).
///
/// Nothing else may stand there: no scheme, no user info, no path. Whoever can slip one in can send a user's token
/// elsewhere.
///
/// ```
/// use chatroom_wire::{Endpoint, endpoint::EndpointError};
///
/// let endpoint: Endpoint = "chat.example:8443".parse()?;
/// assert_eq!((endpoint.host(), endpoint.port()), ("chat.example", Some(8443)));
/// assert_eq!("chat.example@evil.example".parse::<Endpoint>(), Err(EndpointError::UserInfo));
/// # Ok::<(), EndpointError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: Option<u16>,
}

/// Why a text is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// A user or password stands before the host.
    #[error("it carries user info (`…@`), which an endpoint must not")]
    UserInfo,
    /// A scheme, a path, a query or a fragment stands beside the host.
    #[error("it carries a scheme, path, query or fragment; only a host, or host:port, may stand here")]
    MoreThanAHost,
    /// The host has characters that no host has.
    #[error("it is no host name")]
    NotAHost,
    /// The port is no number from 1 to 65535.
    #[error("its port is no number from 1 to 65535")]
    Port,
    /// A link's URL begins with neither `wss://` nor `ws://`.
    #[error("it begins with neither wss:// nor ws://")]
    Scheme,
}

impl Endpoint {
    /// The host name or address; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, where one is said.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether it is this machine, by name or address.
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        if text.is_empty() {
            return Err(EndpointError::Empty);
        }
        if text.contains('@') {
            return Err(EndpointError::UserInfo);
        }
        if text.contains(['/', '?', '#', '\\']) {
            return Err(EndpointError::MoreThanAHost);
        }
        let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((host, rest))) => {
                if !matches!(host.parse(), Ok(IpAddr::V6(_))) {
                    return Err(EndpointError::NotAHost);
                }
                match rest.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if rest.is_empty() => (host, None),
                    None => return Err(EndpointError::NotAHost),
                }
            }
            Some(None) => return Err(EndpointError::NotAHost),
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let is_name = |host: &str| {
            host.len() <= 253
                && host.split('.').all(|label| {
                    !label.is_empty()
                        && label.len() <= 63
                        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
                })
        };
        if !host.contains(':') && !is_name(host.strip_suffix('.').unwrap_or(host)) {
            return Err(EndpointError::NotAHost);
        }
        // A number is an address to some, and no name to anybody.
        let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
        if host.rsplit('.').next().is_some_and(is_number) && host.parse::<IpAddr>().is_err() {
            return Err(EndpointError::NotAHost);
        }
        let port = match port {
            None => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok().filter(|port| *port > 0).ok_or(EndpointError::Port)?)
            }
            Some(_) => return Err(EndpointError::Port),
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// The URL of a WebSocket link: `wss://host[:port]/path`, or `ws://…`.
///
/// Its `Debug` leaves out the query, which may carry credentials (docs/protocol.md, section A.2).
///
/// ```
/// use chatroom_wire::LinkUrl;
///
/// let url: LinkUrl = "ws://127.0.0.1:8080/mqtt".parse()?;
/// assert!(!url.secure && url.endpoint.is_loopback());
/// assert_eq!(url.port(), 8080);
/// assert!("https://host.example/mqtt".parse::<LinkUrl>().is_err());
/// # Ok::<(), chatroom_wire::endpoint::EndpointError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct LinkUrl {
    /// Whether it runs over TLS.
    pub secure: bool,
    /// Host and port.
    pub endpoint: Endpoint,
    /// The path with its leading slash, and the query if there is one.
    pub path: String,
}

impl LinkUrl {
    /// The port that is dialled: the one said, else 443 or 80.
    pub fn port(&self) -> u16 {
        self.endpoint.port.unwrap_or(if self.secure { 443 } else { 80 })
    }
}

impl FromStr for LinkUrl {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (secure, rest) = if let Some(rest) = text.strip_prefix("wss://") {
            (true, rest)
        } else if let Some(rest) = text.strip_prefix("ws://") {
            (false, rest)
        } else {
            return Err(EndpointError::Scheme);
        };
        let (endpoint, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if path.contains('#') || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(EndpointError::MoreThanAHost);
        }
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { secure, endpoint: endpoint.parse()?, path: path.to_owned() })
    }
}

impl fmt::Debug for LinkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, query) = self.path.split_once('?').map_or((&*self.path, ""), |(path, _)| (path, "?(redacted)"));
        write!(f, "{}://{}{path}{query}", if self.secure { "wss" } else { "ws" }, self.endpoint)
    }
}

impl fmt::Display for LinkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.secure { "wss" } else { "ws" }, self.endpoint, self.path)
    }
}

macro_rules! as_text {
    ($($name:ident),+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )+};
}
as_text!(Endpoint, LinkUrl);
