//! MQTT packets, byte by byte (MQTT 5, section 2.1).

use super::Found;
use crate::chaos_proxy::point::Place;

/// Where in the packets a stream is.
#[derive(Debug, Default)]
pub(super) enum Packets {
    #[default]
    Between,
    Length {
        first_byte: u8,
        length: u64,
        shift: u32,
    },
    Body {
        first_byte: u8,
        left: u64,
    },
    /// A length of more than four bytes: this is no MQTT.
    Lost,
}

impl Packets {
    /// Takes the next byte, which stands at `position`, with `run` more of the content right behind it.
    pub(super) fn step(&mut self, position: u64, byte: u8, run: u64, mut found: impl FnMut(u8, Found)) {
        let (first_byte, left) = match *self {
            Self::Lost => return,
            Self::Between => {
                found(byte, Found { place: Place::Before, at: position, more: 0 });
                *self = Self::Length { first_byte: byte, length: 0, shift: 0 };
                return;
            }
            Self::Length { first_byte, length, shift } => {
                let length = length | (u64::from(byte & 0x7F) << shift);
                if byte & 0x80 != 0 {
                    let shift = shift + 7;
                    *self = if shift > 21 { Self::Lost } else { Self::Length { first_byte, length, shift } };
                    return;
                }
                // Never the whole packet: a cut that leaves out at least the last byte.
                let inside = match length {
                    0 => Found { place: Place::Inside, at: position, more: 0 },
                    _ => Found { place: Place::Inside, at: position + 1, more: (length - 1).min(run) },
                };
                found(first_byte, inside);
                (first_byte, length)
            }
            Self::Body { first_byte, left } => (first_byte, left - 1),
        };
        *self = if left == 0 {
            found(first_byte, Found { place: Place::After, at: position + 1, more: 0 });
            Self::Between
        } else {
            Self::Body { first_byte, left }
        };
    }
}
