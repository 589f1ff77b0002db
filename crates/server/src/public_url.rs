//! Where clients find the server, which a server behind a proxy can't see by itself.

use std::{fmt, str::FromStr};

use chatroom_wire::{Endpoint, LinkUrl, endpoint::EndpointError};
use percent_encoding::percent_decode_str;

/// The base URL under which clients reach the server, such as that of a proxy in front of it:
/// `https://host[:port][/prefix]`. The REST API and `/mqtt` are below it.
///
/// ```
/// use chatroom_server::PublicUrl;
///
/// let url: PublicUrl = "https://chat.example/rooms/".parse()?;
/// assert_eq!(url.to_string(), "https://chat.example/rooms");
/// assert!("chat.example".parse::<PublicUrl>().is_err());
/// # Ok::<(), chatroom_server::PublicUrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    secure: bool,
    endpoint: Endpoint,
    /// What stands before every path: empty, or `/…` without a slash at its end.
    prefix: String,
}

/// Why a text is no public URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicUrlError {
    /// It begins with neither `https://` nor `http://`.
    #[error("it begins with neither https:// nor http://")]
    Scheme,
    /// It has no usable host or port.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// It does not fit into a token.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// Its path is none that requests could begin with.
    #[error("its path has a query, a fragment, an empty segment, `.` or `..`")]
    Path,
}

/// The longest, in bytes: tokens say it.
const LONGEST: usize = 1_000;

impl PublicUrl {
    /// Whether it is encrypted.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.endpoint.is_loopback()
    }

    /// The host name or address; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        self.endpoint.host()
    }

    /// The URL of the WebSocket.
    pub(crate) fn link(&self) -> LinkUrl {
        LinkUrl { secure: self.secure, endpoint: self.endpoint.clone(), path: format!("{}/mqtt", self.prefix) }
    }

    /// The rest of a request's path where it begins with the prefix. A proxy may pass the prefix on, or strip it.
    pub(crate) fn strip_prefix<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.prefix.is_empty() {
            return None;
        }
        let mut rest = path;
        // Proxies may write a character plain or encoded.
        for wanted in self.prefix[1..].split('/') {
            let tail = rest.strip_prefix('/')?;
            let (segment, after) = tail.split_at(tail.find('/').unwrap_or(tail.len()));
            if !percent_decode_str(segment).eq(percent_decode_str(wanted)) {
                return None;
            }
            rest = after;
        }
        Some(if rest.is_empty() { "/" } else { rest })
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        if text.len() > LONGEST {
            return Err(PublicUrlError::TooLong);
        }
        let (secure, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return Err(PublicUrlError::Scheme),
        };
        let (endpoint, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let prefix = path.trim_end_matches('/');
        let is_segment = |segment: &str| {
            let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\');
            !matches!(segment, "" | "." | "..") && segment.bytes().all(plain)
        };
        if !prefix.is_empty() && !prefix.strip_prefix('/').is_some_and(|prefix| prefix.split('/').all(is_segment)) {
            return Err(PublicUrlError::Path);
        }
        let endpoint: Endpoint = endpoint.to_ascii_lowercase().parse()?;
        let endpoint = if endpoint.port() == Some(if secure { 443 } else { 80 }) {
            // Without the port that the scheme means anyway.
            let text = endpoint.to_string();
            text.rsplit_once(':').map_or(&*text, |(host, _)| host).parse()?
        } else {
            endpoint
        };
        Ok(Self { secure, endpoint, prefix: prefix.to_owned() })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.secure { "https" } else { "http" }, self.endpoint, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PublicUrl {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn gives_the_link_below_the_prefix() {
        for (text, link) in [
            ("https://chat.example", "wss://chat.example/mqtt"),
            ("https://chat.example:443/", "wss://chat.example/mqtt"),
            ("HTTPS://chat.example:8443/a/b/", "wss://chat.example:8443/a/b/mqtt"),
            ("http://[::1]:80/a", "ws://[::1]/a/mqtt"),
            ("http://10.0.0.7:8080", "ws://10.0.0.7:8080/mqtt"),
        ] {
            assert_eq!(url(text).link().to_string(), link, "{text}");
        }
    }

    #[test]
    fn strips_whole_segments_only() {
        let url = url("https://chat.example/a%20b/c");
        for (path, rest) in [
            ("/a%20b/c/mqtt", Some("/mqtt")),
            ("/%61%20b/c", Some("/")),
            ("/a%20b/c/", Some("/")),
            ("/a%20b/cd/mqtt", None),
            ("/a%20b", None),
            ("/mqtt", None),
        ] {
            assert_eq!(url.strip_prefix(path), rest, "{path}");
        }
        assert_eq!("https://chat.example".parse::<PublicUrl>().unwrap().strip_prefix("/mqtt"), None);
    }

    #[test]
    fn refuses_what_is_no_base() {
        for wrong in [
            "",
            "chat.example",
            "wss://chat.example",
            "https://",
            "https://u@chat.example",
            "https://chat.example?a",
            "https://chat.example/a#b",
            "https://chat.example/a//b",
            "https://chat.example/../a",
            "https://a b",
            "https://chat.example:0",
        ] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }
}
