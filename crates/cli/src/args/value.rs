//! Values of options that are more than a text or a number.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use chatroom_wire::{Kind, MessageId};
use jiff::SignedDuration;

use crate::near::nearest;

/// Longer than any event; keeps deadlines far from what a clock can hold.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Where to listen, if at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) Option<SocketAddr>);

/// One `KEY=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// A duration such as `90s`, `500ms` or `1h30m`; a bare number counts seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let form = || "a duration is written like 500ms, 90s or 1h30m".to_owned();
    let text = text.trim();
    let read: SignedDuration = match text.parse::<u64>() {
        Ok(seconds) => SignedDuration::try_from(Duration::from_secs(seconds)).map_err(|_| form())?,
        Err(_) => text.parse().map_err(|_| form())?,
    };
    match Duration::try_from(read) {
        Ok(Duration::ZERO) => Err("it must be longer than nothing".to_owned()),
        Ok(read) if read <= LONGEST => Ok(read),
        Ok(_) => Err("a year is the longest".to_owned()),
        Err(_) => Err("it must not be negative".to_owned()),
    }
}

/// `ADDRESS:PORT`, `localhost:PORT`, a port of 127.0.0.1, or `off`.
pub(crate) fn listen(text: &str) -> Result<Listen, String> {
    if text == "off" {
        return Ok(Listen(None));
    }
    let port_of_loopback = text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':')).unwrap_or(text);
    if let Ok(port) = port_of_loopback.parse::<u16>() {
        return Ok(Listen(Some((Ipv4Addr::LOCALHOST, port).into())));
    }
    match text.parse() {
        Ok(address) => Ok(Listen(Some(address))),
        Err(_) => Err("write it like 127.0.0.1:8080, [::1]:8080, 8080 or off".to_owned()),
    }
}

/// `KEY=VALUE`.
pub(crate) fn pair(text: &str) -> Result<Pair, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok(Pair { key: key.trim().to_owned(), value: value.trim().to_owned() })
        }
        _ => Err("write it like rate.viewer=20".to_owned()),
    }
}

/// A type of messages, in small letters and without what all names on the wire begin with.
pub(crate) fn kind(text: &str) -> Result<Kind, String> {
    let wanted = text.trim().to_ascii_uppercase().replace('-', "_");
    let wanted = wanted.strip_prefix(KIND_PREFIX).unwrap_or(&wanted);
    if let Some(kind) = Kind::from_name(&format!("{KIND_PREFIX}{wanted}")) {
        return Ok(kind);
    }
    let near = nearest(&wanted.to_lowercase(), Kind::known().map(short_name)).map(str::to_lowercase);
    Err(match near {
        Some(near) => format!("there is no such type; did you mean {near}?"),
        None => "there is no such type; write it like text, custom, sticker or pin_message".to_owned(),
    })
}

const KIND_PREFIX: &str = "INTERACTION_TYPE_";

/// How a type is named on the command line, but for the case.
pub(crate) fn short_name(kind: Kind) -> &'static str {
    kind.name().trim_start_matches(KIND_PREFIX)
}

/// The id of a message, of the kind that every server takes and that can stand in the path of a URL.
pub(super) fn message_id(text: &str) -> Result<MessageId, String> {
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'\\' | b'%' | b'?' | b'#');
    match text {
        "" => Err("an id has at least one character".to_owned()),
        "." | ".." => Err("an id can't be `.` or `..`, as it stands in paths".to_owned()),
        _ if text.len() > 128 => Err("an id has at most 128 characters".to_owned()),
        _ if !text.bytes().all(fits) => {
            Err("an id has printable ASCII characters, without spaces and / \\ % ? #".to_owned())
        }
        _ => Ok(MessageId::from(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_named_shortly_or_as_on_the_wire() {
        for text in ["pin_message", "Pin-Message", "INTERACTION_TYPE_PIN_MESSAGE", " pin_message "] {
            assert_eq!(kind(text), Ok(Kind::PinMessage), "{text}");
        }
        assert_eq!(kind("stiker").unwrap_err(), "there is no such type; did you mean sticker?");
        assert!(kind("").unwrap_err().contains("like text"));
    }

    #[test]
    fn durations_are_written_as_people_write_them() {
        for (text, seconds) in [("10s", 10.0), ("500ms", 0.5), ("1h30m", 5400.0), ("2", 2.0), ("1m 30s", 90.0)] {
            assert_eq!(duration(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
    }

    #[test]
    fn a_duration_that_is_none_is_refused_with_the_form() {
        for text in ["", "soon", "10", "-3s", "0s", "0", "9999999999999s", "99999999999999999999", "2y"] {
            let read = duration(text);
            assert_eq!(read.is_ok(), text == "10", "{text}: {read:?}");
        }
    }

    #[test]
    fn an_address_to_listen_on_may_be_short() {
        let loopback = |port| Ok(Listen(Some((Ipv4Addr::LOCALHOST, port).into())));
        assert_eq!(listen("8080"), loopback(8080));
        assert_eq!(listen(":0"), loopback(0));
        assert_eq!(listen("localhost:8443"), loopback(8443));
        assert_eq!(listen("[::1]:80"), Ok(Listen(Some("[::1]:80".parse().unwrap()))));
        assert_eq!(listen("off"), Ok(Listen(None)));
        for text in ["", "example.com:80", "127.0.0.1", "127.0.0.1:70000"] {
            assert!(listen(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pair_has_a_key_and_a_value() {
        assert_eq!(pair("a.b = c=d"), Ok(Pair { key: "a.b".to_owned(), value: "c=d".to_owned() }));
        assert!(pair("a.b").is_err());
        assert!(pair("=1").is_err());
    }
}
