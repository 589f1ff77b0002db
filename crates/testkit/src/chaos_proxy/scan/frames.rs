//! WebSocket frames, byte by byte (RFC 6455, section 5.2).

use super::Found;
use crate::chaos_proxy::point::Place;

/// Where in the frames a stream is.
#[derive(Debug, Default)]
pub(super) struct Frames {
    header: Vec<u8>,
    content: Option<Content>,
}

#[derive(Debug)]
struct Content {
    left: u64,
    mask: [u8; 4],
    read: usize,
    is_control: bool,
}

impl Frames {
    /// Takes the next byte; a byte of data comes back unmasked, with how many of its frame follow it.
    pub(super) fn step(&mut self, position: u64, byte: u8, mut found: impl FnMut(Found)) -> Option<(u8, u64)> {
        if let Some(content) = &mut self.content {
            let unmasked = byte ^ content.mask[content.read % 4];
            content.read += 1;
            content.left -= 1;
            return (!content.is_control).then_some((unmasked, content.left));
        }
        if self.header.is_empty() {
            found(Found { place: Place::Before, at: position, more: 0 });
        }
        self.header.push(byte);
        if let Some(content) = parse(&self.header) {
            // Within a header this position is the last that has not passed.
            found(match content.left {
                0 => Found { place: Place::Inside, at: position, more: 0 },
                left => Found { place: Place::Inside, at: position + 1, more: left - 1 },
            });
            self.header.clear();
            self.content = Some(content);
        }
        None
    }

    /// After the byte at this position was taken.
    pub(super) fn finish(&mut self, position: u64, mut found: impl FnMut(Found)) {
        if self.content.as_ref().is_some_and(|content| content.left == 0) {
            found(Found { place: Place::After, at: position + 1, more: 0 });
            self.content = None;
        }
    }
}

/// The content that follows a header; nothing while it is not whole.
fn parse(header: &[u8]) -> Option<Content> {
    let (&[first, second], rest) = header.split_first_chunk::<2>()?;
    let (left, rest) = match second & 0x7F {
        126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), &rest[2..]),
        127 => (u64::from_be_bytes(*rest.first_chunk()?), &rest[8..]),
        short => (u64::from(short), rest),
    };
    let mask = if second & 0x80 == 0 { [0; 4] } else { *rest.first_chunk()? };
    Some(Content { left, mask, read: 0, is_control: first & 0x08 != 0 })
}
