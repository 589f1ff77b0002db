//! One line of the file: a sum over what follows, and an entry as JSON.
//!
//! ```text
//! 8a1c0f3e {"chatroom_outbox":1}
//! 5b77d9a0 {"keep":{"message":{…},"written_at":"2026-06-01T18:00:00Z"}}
//! 0c9e4412 {"end":"0197…"}
//! ```

use chatroom_session::{Entry, Kept};
use chatroom_wire::MessageId;
use serde::{Deserialize, Serialize};

/// The version of this form; one that is newer is not touched.
pub(super) const VERSION: u32 = 1;

/// The digits of the sum, and the space behind them.
const SUM: usize = 9;

/// What a line says.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The first line: what this file is, and its version.
    ChatroomOutbox(u32),
    Keep(Box<Kept>),
    End(MessageId),
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Written<'a> {
    ChatroomOutbox(u32),
    Keep(&'a Kept),
    End(&'a MessageId),
}

/// The first line.
pub(super) fn header() -> String {
    written(&Written::ChatroomOutbox(VERSION))
}

/// The line of an entry.
pub(super) fn entry(entry: &Entry) -> String {
    match entry {
        Entry::Keep(kept) => written(&Written::Keep(kept)),
        Entry::End(id) => end(id),
    }
}

/// The line that says that a message has ended.
pub(super) fn end(id: &MessageId) -> String {
    written(&Written::End(id))
}

/// The same line, as long as this one, so that it can stand in its place; none where it is longer.
pub(super) fn end_over(id: &MessageId, line: &str) -> Option<String> {
    let said = Written::End(id);
    let spare = line.len().checked_sub(written(&said).len())?;
    let json = json(&said) + &" ".repeat(spare);
    Some(summed(&json))
}

/// Reads a line, without the line feed at its end; none where it is not whole.
pub(super) fn read(line: &[u8]) -> Option<Line> {
    let (said, json) = line.split_at_checked(SUM)?;
    let json = std::str::from_utf8(json).ok()?;
    let whole = said == format!("{:08x} ", sum(json)).as_bytes();
    whole.then(|| serde_json::from_str(json).ok()).flatten()
}

fn written(line: &Written<'_>) -> String {
    summed(&json(line))
}

fn json(line: &Written<'_>) -> String {
    let json = serde_json::to_string(line).expect("a message holds only texts, numbers and JSON that was read before");
    // JSON that is passed on as it came may hold line feeds between its tokens.
    json.replace('\n', " ")
}

fn summed(json: &str) -> String {
    format!("{:08x} {json}\n", sum(json))
}

/// CRC-32, as in Ethernet and gzip.
fn sum(text: &str) -> u32 {
    !text.bytes().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::{super::tests::kept, *};

    #[test]
    fn the_sum_is_crc_32() {
        assert_eq!(sum("123456789"), 0xcbf4_3926);
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let kept = kept("id", "two\nlines, \u{1b}[2J and 由紀");
        let line = entry(&Entry::Keep(Box::new(kept.clone())));
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        assert_eq!(read(line.trim_end().as_bytes()), Some(Line::Keep(Box::new(kept))));
        assert_eq!(read(end(&"id".into()).trim_end().as_bytes()), Some(Line::End("id".into())));
        assert_eq!(read(header().trim_end().as_bytes()), Some(Line::ChatroomOutbox(VERSION)));
    }

    #[test]
    fn an_end_can_stand_where_the_message_stood() {
        let line = entry(&Entry::Keep(Box::new(kept("id", "hello"))));
        let end = end_over(&"id".into(), &line).unwrap();
        assert_eq!(end.len(), line.len());
        assert_eq!(read(end.strip_suffix('\n').unwrap().as_bytes()), Some(Line::End("id".into())));
        assert_eq!(end_over(&"id".into(), "short\n"), None);
    }

    #[test]
    fn a_line_with_any_byte_changed_is_not_whole() {
        let line = end(&"id".into());
        let line = line.trim_end().as_bytes();
        for place in 0..line.len() {
            let mut other = line.to_vec();
            other[place] ^= 0x20;
            assert_eq!(read(&other), None, "byte {place}");
        }
    }
}
