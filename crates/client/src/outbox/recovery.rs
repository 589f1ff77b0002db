//! Reads the file of a program that may have ended at any instant, in the middle of a write too.

use std::collections::BTreeMap;

use chatroom_session::Kept;
use chatroom_wire::MessageId;

use super::{
    form::{self, Line, VERSION},
    remaining::Remaining,
};

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    pub(super) remaining: Remaining,
    /// The same messages, as messages.
    pub(super) left: Vec<Kept>,
    /// How many lines were ended and can't be read.
    pub(super) broken: u64,
    /// Behind this byte nothing is good.
    pub(super) good: u64,
    /// Whether the file begins as it must; where it is empty, it does not.
    pub(super) headed: bool,
}

/// Why the file is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Foreign {
    /// It is something else.
    NoOutbox,
    /// A newer program wrote it.
    Newer(u32),
}

/// Reads what is whole. A line that was not written to its end was never answered for, and counts for nothing.
pub(super) fn recover(bytes: &[u8]) -> Result<Recovered, Foreign> {
    let mut found = Recovered::default();
    let mut left: BTreeMap<MessageId, (usize, Kept)> = BTreeMap::new();
    let mut end = 0;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let place = end;
        end += line.len() as u64;
        let Some(line) = line.strip_suffix(b"\n") else { break };
        let Some(read) = form::read(line) else {
            found.broken += 1;
            continue;
        };
        found.good = end;
        match read {
            Line::ChatroomOutbox(version) if version > VERSION => return Err(Foreign::Newer(version)),
            Line::ChatroomOutbox(_) => found.headed |= number == 0,
            Line::Keep(kept) => {
                // What has no id can't be sent, and is not written.
                let Some(id) = kept.message.id.clone() else { continue };
                found.remaining.keep(id.clone(), place, String::from_utf8_lossy(line).into_owned() + "\n");
                left.insert(id, (number, *kept));
            }
            Line::End(id) => {
                found.remaining.end(&id);
                left.remove(&id);
            }
        }
    }
    if found.good == 0 && !is_unwritten(bytes) {
        return Err(Foreign::NoOutbox);
    }
    let mut left: Vec<_> = left.into_values().collect();
    left.sort_by_key(|(number, _)| *number);
    found.left = left.into_iter().map(|(_, kept)| kept).collect();
    Ok(found)
}

/// Whether the file was made, and its first line never written: some file systems keep zeros then.
fn is_unwritten(bytes: &[u8]) -> bool {
    form::header().as_bytes().starts_with(bytes) || bytes.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use chatroom_session::Entry;

    use super::{super::tests::kept, *};

    fn file(entries: &[Entry]) -> Vec<u8> {
        let lines: String = entries.iter().map(form::entry).collect();
        (form::header() + &lines).into_bytes()
    }

    fn keep(id: &str) -> Entry {
        Entry::Keep(Box::new(kept(id, id)))
    }

    fn ids(found: &Recovered) -> Vec<&str> {
        let ids: Vec<_> =
            found.left.iter().filter_map(|kept| kept.message.id.as_ref()).map(MessageId::as_str).collect();
        assert_eq!(found.remaining.lines().count(), ids.len());
        ids
    }

    #[test]
    fn what_is_kept_and_not_ended_is_left_in_its_order() {
        let found = recover(&file(&[keep("c"), keep("a"), Entry::End("a".into()), keep("b")])).unwrap();
        assert_eq!(ids(&found), ["c", "b"]);
        assert!(found.headed);
        assert_eq!(found.broken, 0);
    }

    #[test]
    fn a_broken_line_in_the_middle_is_counted_and_its_neighbours_are_read() {
        let mut bytes = file(&[keep("a"), keep("b"), keep("c")]);
        let place = bytes.windows(8).position(|at| at == b"\"id\":\"b\"").unwrap();
        bytes[place + 6] = b'x';
        let found = recover(&bytes).unwrap();
        assert_eq!(ids(&found), ["a", "c"]);
        assert_eq!(found.broken, 1);
        assert_eq!(found.good, bytes.len() as u64);
    }

    #[test]
    fn what_is_no_outbox_is_left_alone() {
        for bytes in [&b"# Notes\n"[..], b"x", b"\n", b"8a1c0f3e {\"chatroom_outbox\":1}\n"] {
            assert_eq!(recover(bytes).unwrap_err(), Foreign::NoOutbox, "{bytes:?}");
        }
        for bytes in [&b""[..], b"\0\0\0", &form::header().as_bytes()[..7]] {
            assert!(!recover(bytes).unwrap().headed, "{bytes:?}");
        }
    }
}
