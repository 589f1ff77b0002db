//! A walk over the body of a packet, without copies.

use crate::frame::read_varint;
use crate::violation::Violation;

/// The most properties that are read in one packet: the library spends some
/// hundred bytes of memory on a user property that takes five bytes of the wire.
pub(crate) const MAX_PROPERTIES: usize = 128;

/// What is left of a packet's body; each step takes its part from the front.
pub(crate) struct Reader<'a> {
    packet: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(packet: &'static str, body: &'a [u8]) -> Self {
        Self { packet, rest: body }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    pub(crate) fn len(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], Violation> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| self.malformed("the packet ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Violation> {
        Ok(self.bytes(1)?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Violation> {
        let bytes = self.bytes(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(crate) fn binary(&mut self) -> Result<&'a [u8], Violation> {
        let length = self.u16()?;
        self.bytes(length.into())
    }

    /// A text: UTF-8 without U+0000 (MQTT 5 section 1.5.4).
    pub(crate) fn text(&mut self) -> Result<&'a str, Violation> {
        let bytes = self.binary()?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.malformed("a text is not UTF-8"))?;
        if text.contains('\0') {
            return Err(self.malformed("a text holds the character U+0000"));
        }
        Ok(text)
    }

    pub(crate) fn packet_id(&mut self) -> Result<u16, Violation> {
        match self.u16()? {
            0 => Err(self.protocol("the packet identifier is 0")),
            id => Ok(id),
        }
    }

    pub(crate) fn end(&self) -> Result<(), Violation> {
        if self.is_empty() { Ok(()) } else { Err(self.malformed("bytes follow the end of the packet")) }
    }

    /// A block of properties: known ones, each at most once where MQTT says so, whole texts.
    /// Whether they belong into this packet, and their values, is left to the library.
    pub(crate) fn properties(&mut self) -> Result<(), Violation> {
        let length = self.varint()?;
        let mut block = Reader::new(self.packet, self.bytes(length as usize)?);
        let mut seen = 0_u64;
        let mut count = 0;
        while !block.is_empty() {
            let id = block.varint()?;
            block.property(id)?;
            count += 1;
            if count > MAX_PROPERTIES {
                return Err(Violation::too_many(self.packet, "too many properties"));
            }
            // `property` refused every identifier over 42.
            let bit = 1 << id;
            if seen & bit != 0 && !matches!(id, SUBSCRIPTION_IDENTIFIER | USER_PROPERTY) {
                return Err(self.protocol("a property stands twice"));
            }
            seen |= bit;
        }
        if seen & (1 << AUTHENTICATION_DATA) != 0 && seen & (1 << AUTHENTICATION_METHOD) == 0 {
            return Err(self.protocol("it holds authentication data without a method"));
        }
        Ok(())
    }

    fn property(&mut self, id: u32) -> Result<(), Violation> {
        match id {
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2A => match self.u8()? {
                0 | 1 => Ok(()),
                _ => Err(self.protocol("a property that is 0 or 1 has another value")),
            },
            0x13 | 0x21 | 0x22 => self.u16().map(drop),
            TOPIC_ALIAS => match self.u16()? {
                0 => Err(Violation::topic_alias(0)),
                _ => Ok(()),
            },
            0x02 | 0x11 | 0x18 | 0x27 => self.bytes(4).map(drop),
            SUBSCRIPTION_IDENTIFIER => match self.varint()? {
                0 => Err(self.protocol("a subscription identifier is 0")),
                _ => Ok(()),
            },
            // It is a topic name: MQTT 5 section 3.3.2.3.5.
            RESPONSE_TOPIC => match self.text()? {
                "" => Err(self.protocol("the response topic is empty")),
                topic if topic.contains(['+', '#']) => Err(self.protocol("the response topic holds a wildcard")),
                _ => Ok(()),
            },
            0x03 | 0x12 | AUTHENTICATION_METHOD | 0x1A | 0x1C | 0x1F => self.text().map(drop),
            0x09 | AUTHENTICATION_DATA => self.binary().map(drop),
            USER_PROPERTY => {
                self.text()?;
                self.text().map(drop)
            }
            _ => Err(self.malformed("a property is unknown")),
        }
    }

    fn varint(&mut self) -> Result<u32, Violation> {
        let (value, width) = read_varint(self.rest)
            .map_err(|what| self.malformed(what))?
            .ok_or_else(|| self.malformed("the packet ends too early"))?;
        self.rest = &self.rest[width..];
        Ok(value)
    }

    fn malformed(&self, what: &str) -> Violation {
        Violation::malformed(self.packet, what)
    }

    fn protocol(&self, what: &str) -> Violation {
        Violation::protocol(self.packet, what)
    }
}

const RESPONSE_TOPIC: u32 = 0x08;
const SUBSCRIPTION_IDENTIFIER: u32 = 0x0B;
const AUTHENTICATION_METHOD: u32 = 0x15;
const AUTHENTICATION_DATA: u32 = 0x16;
const TOPIC_ALIAS: u32 = 0x23;
const USER_PROPERTY: u32 = 0x26;
