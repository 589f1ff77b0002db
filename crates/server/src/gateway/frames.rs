//! WebSocket frames, the server's side (RFC 6455, section 5). Pure: bytes in, pieces out.
//!
//! MQTT over WebSocket is a stream of bytes that frames cut anywhere, so nothing is put together here: each piece of
//! a frame goes on as it comes, and an idle connection holds no buffer. Frames of a server are not masked, so a packet
//! for a whole room is framed once ([`binary`]) and the same bytes are written to all.

use bytes::{BufMut, Bytes, BytesMut};

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming<'a> {
    /// A piece of the stream.
    Data(&'a [u8]),
    /// To be answered with [`pong`] and the same bytes.
    Ping(&'a [u8]),
    /// The client ends the connection. Nothing follows.
    Close,
}

/// Why a frame can't be accepted. The connection ends with this code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame of the client is not masked")]
    NotMasked,
    #[error("a frame has reserved bits or an unknown opcode")]
    Reserved,
    #[error("a control frame is cut or longer than 125 bytes")]
    Control,
    #[error("a frame continues nothing, or begins before the last one ended")]
    Continuation,
    #[error("a frame's length is above 2^63")]
    Length,
    #[error("a text frame came; MQTT travels in binary frames")]
    Text,
}

impl FrameError {
    /// The status code for the close frame (RFC 6455, section 7.4.1).
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Text => UNSUPPORTED,
            Self::NotMasked | Self::Reserved | Self::Control | Self::Continuation | Self::Length => PROTOCOL_ERROR,
        }
    }
}

/// All is well.
pub(crate) const NORMAL: u16 = 1000;
const PROTOCOL_ERROR: u16 = 1002;
const UNSUPPORTED: u16 = 1003;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;

/// Reads the frames of one client.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    /// The head of the frame as far as it came.
    head: [u8; 14],
    head_len: usize,
    frame: Option<Frame>,
    /// Whether a message in several frames is not at its end.
    in_message: bool,
    /// The payload of a control frame as far as it came.
    control: Vec<u8>,
    /// Whether the client has ended the connection: what follows means nothing.
    closed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    opcode: u8,
    mask: [u8; 4],
    /// How many bytes of the payload came.
    offset: u64,
    length: u64,
}

impl FrameReader {
    /// Takes bytes in any slicing, unmasks them where they stand, and tells each piece.
    ///
    /// # Errors
    /// When a frame can't be accepted; nothing may be read after that.
    pub(crate) fn read(&mut self, mut bytes: &mut [u8], tell: &mut impl FnMut(Incoming<'_>)) -> Result<(), FrameError> {
        while !self.closed && (!bytes.is_empty() || self.frame.is_some_and(|frame| frame.length == 0)) {
            let Some(frame) = &mut self.frame else {
                self.head[self.head_len] = bytes[0];
                self.head_len += 1;
                bytes = &mut bytes[1..];
                self.frame = self.frame_of_head()?;
                if self.frame.is_some() {
                    self.head_len = 0;
                }
                continue;
            };
            let rest = usize::try_from(frame.length - frame.offset).unwrap_or(usize::MAX);
            let (piece, behind) = bytes.split_at_mut(rest.min(bytes.len()));
            unmask(piece, frame.mask, frame.offset);
            frame.offset += piece.len() as u64;
            let (opcode, ended) = (frame.opcode, frame.offset == frame.length);
            if opcode & 0x8 == 0 {
                if !piece.is_empty() {
                    tell(Incoming::Data(piece));
                }
            } else {
                self.control.extend_from_slice(piece);
            }
            if ended {
                self.frame = None;
                match opcode {
                    PING => tell(Incoming::Ping(&self.control)),
                    CLOSE => {
                        self.closed = true;
                        tell(Incoming::Close);
                    }
                    _ => {}
                }
                self.control = Vec::new();
            }
            bytes = behind;
        }
        Ok(())
    }

    /// The frame, once its head is whole.
    fn frame_of_head(&mut self) -> Result<Option<Frame>, FrameError> {
        let head = &self.head[..self.head_len];
        let [first, second, ..] = *head else { return Ok(None) };
        let opcode = first & 0x0F;
        let fin = first & FIN != 0;
        if head.len() == 2 {
            if first & 0x70 != 0 || !matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG) {
                return Err(FrameError::Reserved);
            }
            if second & MASKED == 0 {
                return Err(FrameError::NotMasked);
            }
            if opcode == TEXT {
                return Err(FrameError::Text);
            }
            if opcode & 0x8 != 0 && (!fin || second & 0x7F > 125) {
                return Err(FrameError::Control);
            }
            if opcode & 0x8 == 0 && (opcode == CONTINUATION) != self.in_message {
                return Err(FrameError::Continuation);
            }
        }
        let length_bytes = match second & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if head.len() < 2 + length_bytes + 4 {
            return Ok(None);
        }
        let length = match length_bytes {
            0 => u64::from(second & 0x7F),
            _ => head[2..2 + length_bytes].iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        if length >> 63 != 0 {
            return Err(FrameError::Length);
        }
        let mask = [0, 1, 2, 3].map(|index| head[2 + length_bytes + index]);
        if opcode & 0x8 == 0 {
            self.in_message = !fin;
        }
        Ok(Some(Frame { opcode, mask, offset: 0, length }))
    }
}

fn unmask(piece: &mut [u8], mask: [u8; 4], offset: u64) {
    // The mask turned to the piece's place, so that whole words can be unmasked at once.
    let turned: [u8; 4] = std::array::from_fn(|index| mask[(index + usize::try_from(offset % 4).unwrap_or(0)) % 4]);
    let word = u32::from_ne_bytes(turned);
    let mut words = piece.chunks_exact_mut(4);
    for four in &mut words {
        let value = u32::from_ne_bytes([four[0], four[1], four[2], four[3]]) ^ word;
        four.copy_from_slice(&value.to_ne_bytes());
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(turned) {
        *byte ^= mask;
    }
}

/// Frames a packet once, for any number of clients.
pub(crate) fn binary(packet: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(packet.len() + 10);
    put_binary(&mut bytes, packet);
    bytes.freeze()
}

/// Frames a packet behind what is there.
pub(crate) fn put_binary(bytes: &mut BytesMut, packet: &[u8]) {
    put(bytes, BINARY, packet);
}

/// Answers a ping.
pub(crate) fn pong(bytes: &mut BytesMut, payload: &[u8]) {
    put(bytes, PONG, payload);
}

/// Ends the connection.
pub(crate) fn close(bytes: &mut BytesMut, code: u16) {
    put(bytes, CLOSE, &code.to_be_bytes());
}

fn put(bytes: &mut BytesMut, opcode: u8, payload: &[u8]) {
    bytes.reserve(payload.len() + 10);
    bytes.put_u8(FIN | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => bytes.put_u8(length),
        (_, Ok(length)) => {
            bytes.put_u8(126);
            bytes.put_u16(length);
        }
        (_, Err(_)) => {
            bytes.put_u8(127);
            bytes.put_u64(payload.len() as u64);
        }
    }
    bytes.put_slice(payload);
}

#[cfg(test)]
mod tests;
