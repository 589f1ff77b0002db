//! Reads the upgrade request and the first MQTT packet out of the bytes that a client sends, without changing them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::record::{Record, Upgrade};

/// More than this is not kept of any one thing.
const MOST: usize = 1 << 20;

/// A stream whose incoming bytes are looked at on their way.
#[derive(Debug)]
pub struct Tapped<S> {
    stream: S,
    tap: Tap,
}

/// The reader behind [`Tapped`].
#[derive(Debug)]
pub struct Tap {
    record: Record,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Until the empty line that ends the request's head.
    Head(Vec<u8>),
    /// WebSocket frames, and what they held so far.
    Frames { raw: Vec<u8>, packet: Vec<u8> },
    /// Nothing more is of interest.
    Done,
}

impl<S> Tapped<S> {
    /// Looks at what `stream` reads and writes it into `record`.
    pub fn new(stream: S, record: Record) -> Self {
        Self { stream, tap: Tap::new(record) }
    }
}

impl Tap {
    /// A tap at the start of a connection.
    pub fn new(record: Record) -> Self {
        Self { record, stage: Stage::Head(Vec::new()) }
    }

    /// Takes the next bytes, in any slicing.
    pub fn feed(&mut self, bytes: &[u8]) {
        match &mut self.stage {
            Stage::Head(kept) | Stage::Frames { raw: kept, .. } => kept.extend_from_slice(bytes),
            Stage::Done => return,
        }
        if let Stage::Head(kept) = &self.stage
            && let Some(end) = kept.windows(4).position(|window| window == b"\r\n\r\n")
        {
            self.record.add_upgrade(parse_head(&kept[..end]));
            self.stage = Stage::Frames { raw: kept[end + 4..].to_vec(), packet: Vec::new() };
        }
        if let Stage::Frames { raw, packet } = &mut self.stage {
            while let Some((content, length)) = first_frame(raw) {
                packet.extend(content);
                raw.drain(..length);
            }
            if let Some(length) = packet_length(packet).filter(|length| *length <= packet.len()) {
                self.record.add_first_packet(packet[..length].to_vec());
                self.stage = Stage::Done;
                return;
            }
        }
        if let Stage::Head(kept) | Stage::Frames { raw: kept, .. } = &self.stage
            && kept.len() > MOST
        {
            self.stage = Stage::Done;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tapped<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        this.tap.feed(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tapped<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

fn parse_head(head: &[u8]) -> Upgrade {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let request_line = lines.next().unwrap_or_default().to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Upgrade { request_line, headers }
}

/// The unmasked content of the first whole frame and the frame's length; a control frame has no content here.
fn first_frame(raw: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (&[first, second], rest) = raw.split_first_chunk::<2>()?;
    let (length, extra) = match second & 0x7F {
        126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 2),
        127 => (usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?, 8),
        short => (usize::from(short), 0),
    };
    let rest = &rest[extra..];
    let (mask, rest, masked) =
        if second & 0x80 == 0 { ([0; 4], rest, 0) } else { (*rest.first_chunk::<4>()?, &rest[4..], 4) };
    let content = rest.get(..length)?;
    let whole = 2 + extra + masked + length;
    let is_control = first & 0x08 != 0;
    let content = if is_control {
        Vec::new()
    } else {
        content.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
    };
    Some((content, whole))
}

/// The length of the MQTT packet that starts here, header and all.
fn packet_length(packet: &[u8]) -> Option<usize> {
    let mut remaining = 0;
    for (index, byte) in packet.get(1..)?.iter().take(4).enumerate() {
        remaining |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(1 + index + 1 + remaining);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: [u8; 6] = [0x89, 0x80, 1, 2, 3, 4];
    const PACKET: [u8; 6] = [0x10, 4, b'M', b'Q', b'T', b'T'];

    #[tokio::test]
    async fn reads_the_request_and_the_first_packet_in_any_slicing() {
        let mut bytes = b"GET /mqtt HTTP/1.1\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n".to_vec();
        bytes.extend(PING);
        bytes.extend(masked(&PACKET[..3]));
        bytes.extend(masked(&PACKET[3..]));
        bytes.extend(masked(b"more"));
        for size in 1..bytes.len() {
            let record = Record::new();
            let mut tap = Tap::new(record.clone());
            bytes.chunks(size).for_each(|chunk| tap.feed(chunk));
            let upgrade = record.upgrade(0).await;
            assert_eq!(upgrade.target(), "/mqtt");
            assert_eq!(upgrade.header("sec-websocket-protocol"), Some("mqtt"));
            assert_eq!(record.first_packet(0).await, PACKET);
            assert_eq!(record.packets(), 1);
        }
    }

    #[test]
    fn half_a_packet_is_no_packet() {
        let record = Record::new();
        let mut tap = Tap::new(record.clone());
        tap.feed(b"GET / HTTP/1.1\r\n\r\n");
        tap.feed(&masked(&PACKET[..5]));
        assert_eq!(record.packets(), 0);
    }

    fn masked(content: &[u8]) -> Vec<u8> {
        let mask = [7, 9, 11, 13];
        let length = u8::try_from(content.len()).unwrap();
        let mut frame = vec![0x82, 0x80 | length];
        frame.extend(mask);
        frame.extend(content.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }
}
