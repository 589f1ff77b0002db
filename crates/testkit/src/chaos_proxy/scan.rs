//! Finds the boundaries in one direction of a connection: HTTP head, WebSocket frames, MQTT packets.
//!
//! It keeps no content but a head's, changes nothing, and goes on with anything: what it can't read has no boundaries.
//! Positions are counted in bytes from the beginning of the stream.

mod frames;
mod packets;

use self::frames::Frames;
use self::packets::Packets;
use super::point::Place;

/// What is larger is no head of an upgrade.
const LARGEST_HEAD: usize = 16 * 1024;

/// The first byte of a TLS record that begins a handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// The first byte of a CONNECT and of a CONNACK.
const MQTT: [u8; 2] = [0x10, 0x20];

/// Something that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// TLS begins here, and is passed on unread.
    Tls,
    /// The head of an upgrade began at 0 and ends here.
    Upgrade { end: u64 },
    /// A place of a frame.
    Frame(Found),
    /// A place of a packet, and the packet's first byte.
    Packet { first_byte: u8, found: Found },
}

/// A place, and the positions at which the stream may be cut to be there: `at` and the `more` that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) at: u64,
    pub(super) more: u64,
}

/// One direction's reader.
#[derive(Debug)]
pub(super) struct Scanner {
    position: u64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Nothing came yet.
    Fresh,
    /// Until the empty line that ends the head.
    Head(Vec<u8>),
    /// WebSocket, with MQTT in it.
    Frames(Frames, Packets),
    /// MQTT without WebSocket.
    Bare(Packets),
    /// Something else.
    Opaque,
}

impl Scanner {
    pub(super) fn new() -> Self {
        Self { position: 0, stage: Stage::Fresh }
    }

    /// Whether a head has begun and not ended.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self.stage, Stage::Fresh | Stage::Head(_))
    }

    /// Takes the next bytes, in any slicing.
    pub(super) fn scan(&mut self, bytes: &[u8], mut found: impl FnMut(Mark)) {
        for &byte in bytes {
            self.step(byte, &mut found);
            self.position += 1;
        }
    }

    fn step(&mut self, byte: u8, found: &mut impl FnMut(Mark)) {
        if matches!(self.stage, Stage::Fresh) {
            self.stage = match byte {
                TLS_HANDSHAKE => {
                    found(Mark::Tls);
                    Stage::Opaque
                }
                _ if MQTT.contains(&byte) => Stage::Bare(Packets::default()),
                _ => Stage::Head(Vec::new()),
            };
        }
        match &mut self.stage {
            Stage::Head(head) => {
                head.push(byte);
                if head.ends_with(b"\r\n\r\n") {
                    let upgrade = is_upgrade(head);
                    self.stage = Stage::Opaque;
                    if upgrade {
                        found(Mark::Upgrade { end: self.position + 1 });
                        self.stage = Stage::Frames(Frames::default(), Packets::default());
                    }
                } else if head.len() >= LARGEST_HEAD {
                    self.stage = Stage::Opaque;
                }
            }
            Stage::Frames(frames, packets) => {
                let content = frames.step(self.position, byte, |place| found(Mark::Frame(place)));
                if let Some((byte, left)) = content {
                    packets.step(self.position, byte, left, |first_byte, place| {
                        found(Mark::Packet { first_byte, found: place });
                    });
                }
                frames.finish(self.position, |place| found(Mark::Frame(place)));
            }
            Stage::Bare(packets) => packets.step(self.position, byte, u64::MAX, |first_byte, place| {
                found(Mark::Packet { first_byte, found: place });
            }),
            Stage::Fresh | Stage::Opaque => {}
        }
    }
}

/// Whether this is a request for a WebSocket, or the agreement to one.
fn is_upgrade(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut lines = head.split("\r\n");
    let is_answer = lines.next().is_some_and(|line| line.starts_with("http/1.1 101"));
    is_answer
        || lines
            .filter_map(|line| line.split_once(':'))
            .any(|(name, value)| name == "upgrade" && value.trim() == "websocket")
}

#[cfg(test)]
mod tests;
