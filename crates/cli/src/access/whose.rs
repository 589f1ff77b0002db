//! Whose messages an outbox holds, and the names of files that say it.

use std::{fmt::Write as _, path::Path};

/// A longer name is cut, and told from others by a sum.
const LONGEST: usize = 80;

/// A user of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whose {
    pub(crate) room: String,
    pub(crate) user: String,
}

impl Whose {
    pub(crate) fn new(room: impl Into<String>, user: impl Into<String>) -> Self {
        Self { room: room.into(), user: user.into() }
    }

    /// The beginning of the names of the files; another one for each room and user.
    pub(crate) fn stem(&self) -> String {
        format!("{}.{}", safe(&self.room), safe(&self.user))
    }

    /// Reads the name of a file; a name that was cut is told as it is.
    pub(crate) fn of(path: &Path) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let mut parts = name.split('.').map(plain);
        Self { room: parts.next().unwrap_or_default(), user: parts.next().unwrap_or_default() }
    }
}

/// A part of a file name that says the same on every system: no dots, no capitals, and never nothing.
pub(crate) fn safe(text: &str) -> String {
    let mut safe = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => safe.push(char::from(byte)),
            _ => {
                let _ = write!(safe, "%{byte:02x}");
            }
        }
    }
    if safe.is_empty() {
        return "%".to_owned();
    }
    if safe.len() > LONGEST {
        safe.truncate(LONGEST);
        let _ = write!(safe, "~{:016x}", sum(text));
    }
    safe
}

/// The text that [`safe`] made this of.
fn plain(safe: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = safe;
    while let Some(first) = rest.chars().next() {
        let code = rest.strip_prefix('%').and_then(|rest| rest.get(..2));
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = &rest[3..];
        } else {
            bytes.extend(first.to_string().bytes());
            rest = &rest[first.len_utf8()..];
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// FNV-1a: the same in every version of this program.
pub(super) fn sum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_and_can_be_read_back() {
        for (room, user, stem) in [
            ("0197-ab", "ada", "0197-ab.ada"),
            ("../etc", "Ada", "%2e%2e%2fetc.%41da"),
            ("a.b", "由", "a%2eb.%e7%94%b1"),
        ] {
            let whose = Whose::new(room, user);
            assert_eq!(whose.stem(), stem);
            assert_eq!(Whose::of(Path::new(&format!("/x/{stem}.0.journal"))), whose);
        }
        assert_eq!(Whose::new("", "").stem(), "%.%");
    }

    #[test]
    fn long_names_are_cut_and_stay_different() {
        let (one, other) = (safe(&"a".repeat(300)), safe(&("a".repeat(299) + "b")));
        assert_ne!(one, other);
        assert!(one.len() < 100 && other.len() < 100);
    }

    #[test]
    fn what_is_no_code_is_told_as_it_is() {
        for text in ["%", "%g1", "%4", "a%由"] {
            assert_eq!(plain(text), text);
        }
    }
}
