//! What is checked before the library sees a packet.
//!
//! The library reads packets without a panic, but it lets pass: U+0000 in a
//! text, the packet identifier 0, reserved bits of CONNECT and CONNACK, a
//! PUBLISH without its property length, bytes after a PINGREQ, and any number of
//! tiny properties or topic filters, each of which costs many times its size. And
//! its errors say only "malformed" or "protocol error", not what is wrong.

use crate::frame::Frame;
use crate::kind::Kind;
use crate::reader::Reader;
use crate::topic;
use crate::violation::Violation;
use crate::{CloseCause, ReasonCode};

/// The most topic filters that are read in one packet (AWS allows 8: docs/protocol.md, section G).
pub(crate) const MAX_FILTERS: usize = 64;

/// Walks over a whole packet once.
pub(crate) fn check(frame: &Frame<'_>) -> Result<(), Violation> {
    let name = frame.kind.name();
    let mut reader = Reader::new(name, &frame.body);
    match frame.kind {
        Kind::Connect => connect(&mut reader)?,
        Kind::ConnAck => {
            if reader.u8()? & !1 != 0 {
                return Err(Violation::malformed(name, "reserved flags are set"));
            }
            reader.u8()?;
            reader.properties()?;
        }
        Kind::Publish => return publish(frame.flags, &mut reader),
        Kind::PubAck | Kind::PubRec | Kind::PubRel | Kind::PubComp => {
            reader.packet_id()?;
            reason_and_properties(&mut reader)?;
        }
        Kind::SubAck | Kind::UnsubAck => {
            reader.packet_id()?;
            reader.properties()?;
            if reader.is_empty() {
                return Err(Violation::protocol(name, "it holds no reason code"));
            }
            return Ok(());
        }
        Kind::Subscribe => filters(name, &mut reader, true)?,
        Kind::Unsubscribe => filters(name, &mut reader, false)?,
        Kind::PingReq | Kind::PingResp => {}
        Kind::Disconnect | Kind::Auth => reason_and_properties(&mut reader)?,
    }
    reader.end()
}

/// A CONNECT of MQTT 5; the caller looked at the protocol name and level already.
fn connect(reader: &mut Reader<'_>) -> Result<(), Violation> {
    const NAME: &str = "CONNECT";
    reader.text()?;
    reader.u8()?;
    let flags = reader.u8()?;
    let has_will = flags & 0b0000_0100 != 0;
    if flags & 1 != 0 {
        return Err(Violation::malformed(NAME, "the reserved flag is set"));
    }
    if flags & 0b0001_1000 == 0b0001_1000 {
        return Err(Violation::malformed(NAME, "the will has the QoS 3"));
    }
    if !has_will && flags & 0b0011_1000 != 0 {
        return Err(Violation::malformed(NAME, "will flags without a will"));
    }
    reader.u16()?;
    reader.properties()?;
    reader.text()?;
    if has_will {
        reader.properties()?;
        topic_name(NAME, reader.text()?)?;
        reader.binary()?;
    }
    if flags & 0b1000_0000 != 0 {
        reader.text()?;
    }
    if flags & 0b0100_0000 != 0 {
        reader.binary()?;
    }
    Ok(())
}

fn publish(flags: u8, reader: &mut Reader<'_>) -> Result<(), Violation> {
    const NAME: &str = "PUBLISH";
    let qos = (flags >> 1) & 0b11;
    if qos == 3 {
        return Err(Violation::malformed(NAME, "the QoS is 3"));
    }
    if qos == 0 && flags & 0b1000 != 0 {
        return Err(Violation::malformed(NAME, "a repetition at QoS 0"));
    }
    let name = reader.text()?;
    if !name.is_empty() {
        topic_name(NAME, name)?;
    }
    if qos > 0 {
        reader.packet_id()?;
    }
    reader.properties()
}

fn topic_name(packet: &str, name: &str) -> Result<(), Violation> {
    topic::check_name(name).map_err(|what| {
        let cause = CloseCause::ProtocolError(format!("{packet}: {what}"));
        Violation::new(ReasonCode::TOPIC_INVALID, cause)
    })
}

fn reason_and_properties(reader: &mut Reader<'_>) -> Result<(), Violation> {
    if !reader.is_empty() {
        reader.u8()?;
    }
    if !reader.is_empty() {
        reader.properties()?;
    }
    Ok(())
}

fn filters(name: &'static str, reader: &mut Reader<'_>, with_options: bool) -> Result<(), Violation> {
    reader.packet_id()?;
    reader.properties()?;
    let mut count = 0;
    while !reader.is_empty() {
        let filter = reader.text()?;
        if filter.is_empty() {
            return Err(Violation::malformed(name, "a topic filter is empty"));
        }
        if with_options {
            subscription_options(name, filter, reader.u8()?)?;
        }
        count += 1;
        if count > MAX_FILTERS {
            return Err(Violation::too_many(name, "too many topic filters"));
        }
    }
    if count == 0 {
        return Err(Violation::protocol(name, "it holds no topic filter"));
    }
    Ok(())
}

/// MQTT 5 section 3.8.3.1.
fn subscription_options(name: &'static str, filter: &str, options: u8) -> Result<(), Violation> {
    let (qos, retain_handling) = (options & 0b11, (options >> 4) & 0b11);
    let no_local = options & 0b100 != 0;
    match () {
        () if options & 0b1100_0000 != 0 => Err(Violation::malformed(name, "reserved options are set")),
        () if qos == 3 => Err(Violation::protocol(name, "the QoS is 3")),
        () if retain_handling == 3 => Err(Violation::protocol(name, "the retain handling is 3")),
        () if no_local && filter.starts_with("$share/") => {
            Err(Violation::protocol(name, "a shared subscription has no use for No Local"))
        }
        () => Ok(()),
    }
}
