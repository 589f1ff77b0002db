//! Bytes in any slicing to whole packets.
//!
//! The library would frame too, but it buffers a packet of any type that a peer
//! begins. Here the first byte and the length are judged before a byte of the
//! body is kept, a packet that came whole is not copied, and memory grows with
//! what really came, not with what was announced.

use std::borrow::Cow;

use crate::kind::Kind;
use crate::violation::Violation;
use crate::{CloseCause, ReasonCode};

/// One packet: its type, its flags and the bytes after the fixed header.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) body: Cow<'a, [u8]>,
}

/// Cuts a stream of bytes into packets.
pub(crate) struct Framer {
    /// The bytes of a packet that is not whole yet.
    held: Vec<u8>,
    maximum_packet_size: u32,
}

impl Framer {
    pub(crate) fn new(maximum_packet_size: u32) -> Self {
        Self { held: Vec::new(), maximum_packet_size }
    }

    /// From now on a packet may have this size.
    pub(crate) fn allow(&mut self, maximum_packet_size: u32) {
        self.maximum_packet_size = maximum_packet_size;
    }

    /// The next whole packet; takes what it used from `input`. `None` means that
    /// all of `input` was taken and more is needed.
    pub(crate) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Frame<'a>>, Violation> {
        if self.held.is_empty() {
            return match self.header(input)? {
                Some(header) if input.len() >= header.total => {
                    let (packet, rest) = input.split_at(header.total);
                    *input = rest;
                    let body = &packet[header.length..];
                    Ok(Some(header.frame(Cow::Borrowed(body))))
                }
                _ => {
                    self.held.extend_from_slice(input);
                    *input = &[];
                    Ok(None)
                }
            };
        }
        loop {
            let header = self.header(&self.held)?;
            // An incomplete header grows by single bytes, so that nothing of the next packet is held.
            let wanted = header.as_ref().map_or(self.held.len() + 1, |h| h.total);
            let (taken, rest) = input.split_at(input.len().min(wanted - self.held.len()));
            // No more than the whole packet: a vector alone would double.
            let needed = self.held.len() + taken.len();
            if needed > self.held.capacity() {
                let room = needed.max(wanted.min(self.held.capacity() * 2));
                self.held.reserve_exact(room - self.held.len());
            }
            self.held.extend_from_slice(taken);
            *input = rest;
            match header {
                Some(header) if self.held.len() == header.total => {
                    let mut body = std::mem::take(&mut self.held);
                    body.drain(..header.length);
                    return Ok(Some(header.frame(Cow::Owned(body))));
                }
                None if !taken.is_empty() => {}
                _ => return Ok(None),
            }
        }
    }

    /// Reads and judges a fixed header; `None` if it is not whole.
    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, Violation> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let kind = Kind::of(first)?;
        let Some((remaining, width)) = read_varint(rest).map_err(|what| Violation::malformed(kind.name(), what))?
        else {
            return Ok(None);
        };
        let length = 1 + width;
        let total = length + remaining as usize;
        let max = self.maximum_packet_size;
        if total > max as usize {
            let size = u32::try_from(total).unwrap_or(u32::MAX);
            let cause = CloseCause::PacketTooLarge { size, max };
            return Err(Violation::new(ReasonCode::PACKET_TOO_LARGE, cause));
        }
        Ok(Some(Header { kind, flags: first & 0x0F, length, total }))
    }
}

struct Header {
    kind: Kind,
    flags: u8,
    /// The size of the fixed header.
    length: usize,
    /// The size of the whole packet.
    total: usize,
}

impl Header {
    fn frame(self, body: Cow<'_, [u8]>) -> Frame<'_> {
        Frame { kind: self.kind, flags: self.flags, body }
    }
}

/// Reads a variable byte integer and its width; `None` if it is not whole.
pub(crate) fn read_varint(bytes: &[u8]) -> Result<Option<(u32, usize)>, &'static str> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            if byte == 0 && index > 0 {
                return Err("a length is not written in its shortest form");
            }
            return Ok(Some((value, index + 1)));
        }
    }
    if bytes.len() >= 4 {
        return Err("a length has more than four bytes");
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(framer: &mut Framer, mut input: &[u8]) -> Vec<(Kind, Vec<u8>)> {
        let mut found = Vec::new();
        while let Some(frame) = framer.next(&mut input).unwrap() {
            found.push((frame.kind, frame.body.into_owned()));
        }
        found
    }

    #[test]
    fn packets_are_the_same_in_one_slice_and_byte_by_byte() {
        let stream = [0xD0, 0, 0x40, 2, 0, 1, 0xD0, 0];
        let whole = frames(&mut Framer::new(100), &stream);
        let mut framer = Framer::new(100);
        let mut bytewise = Vec::new();
        for byte in stream {
            bytewise.extend(frames(&mut framer, &[byte]));
        }
        assert_eq!(whole, bytewise);
        assert_eq!(whole.len(), 3);
    }

    #[test]
    fn a_packet_over_the_limit_is_refused_before_its_body_is_kept() {
        let mut framer = Framer::new(64);
        let mut input: &[u8] = &[0x30, 0xFF, 0xFF, 0xFF, 0x7F];
        let violation = framer.next(&mut input).unwrap_err();
        assert_eq!(violation.reason, ReasonCode::PACKET_TOO_LARGE);
        assert_eq!(framer.held.capacity(), 0);
    }

    #[test]
    fn an_announced_length_alone_takes_no_memory() {
        let mut framer = Framer::new(1 << 20);
        let mut input: &[u8] = &[0x30, 0xFF, 0xFF, 0x1F];
        assert!(framer.next(&mut input).unwrap().is_none());
        assert!(framer.held.capacity() < 64);
    }

    #[test]
    fn lengths_are_read_only_in_their_shortest_form() {
        assert_eq!(read_varint(&[0x7F]), Ok(Some((127, 1))));
        assert_eq!(read_varint(&[0xFF, 0xFF, 0xFF, 0x7F]), Ok(Some((268_435_455, 4))));
        assert_eq!(read_varint(&[0x80]), Ok(None));
        assert!(read_varint(&[0x80, 0x00]).is_err());
        assert!(read_varint(&[0xFF, 0xFF, 0xFF, 0xFF]).is_err());
    }
}
