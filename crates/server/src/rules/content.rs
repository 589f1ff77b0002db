//! What a message may carry.

use chatroom_mqtt::ReasonCode;
use chatroom_wire::{Kind, Message, Payload, id, safe_text};

use super::Refusal;

/// The longest id that is kept, in bytes.
const ID_MAX: usize = 128;

/// Reads the one message of a payload.
pub(super) fn read(payload: &[u8]) -> Result<Message, Refusal> {
    let refuse = |text| Refusal::for_good(ReasonCode::PAYLOAD_FORMAT_INVALID, text);
    let text = std::str::from_utf8(payload).map_err(|_| refuse("the payload is not UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if !text.starts_with('{') {
        return Err(refuse("the payload must be one message, which is a JSON object".to_owned()));
    }
    serde_json::from_str(text).map_err(|error| refuse(format!("the payload is no message: {}", without_values(&error))))
}

/// The error in words that quote nothing of the payload: it goes into logs and packets.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once("expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None if text.starts_with("missing field") || text.contains(" is missing") || !error.is_data() => text,
        None => "one of its fields is of the wrong form".to_owned(),
    }
}

/// Checks type, id and lengths, and takes out what only the server may say.
pub(super) fn check(message: &mut Message, text_max: usize, unknown_max: usize) -> Result<(), Refusal> {
    let malformed = |text| Refusal::for_good(ReasonCode::PAYLOAD_FORMAT_INVALID, text);
    let unknown = message.unknown_size();
    if unknown > unknown_max {
        return Err(Refusal::for_good(
            ReasonCode::PAYLOAD_FORMAT_INVALID,
            format!("the fields that are not known here have {unknown} bytes; {unknown_max} are allowed"),
        ));
    }
    match &mut message.payload {
        Payload::Text(text) => {
            if safe_text::is_blank(&text.text) {
                return Err(malformed("the text is empty"));
            }
            let length = text.text.chars().count();
            if length > text_max {
                return Err(Refusal::for_good(
                    ReasonCode::PAYLOAD_FORMAT_INVALID,
                    format!("the text has {length} characters; {text_max} are allowed"),
                ));
            }
        }
        Payload::Custom(_) | Payload::Sticker(_) | Payload::PollUserVote(_) => {}
        Payload::Unknown(_) => return Err(malformed("this type of message is not known here")),
        other => return Err(Refusal::for_good(ReasonCode::NOT_AUTHORIZED, not_for_clients(other.kind()))),
    }
    match &message.id {
        Some(id) if id.as_str().is_empty() => message.id = None,
        Some(id) if id.as_str().len() > ID_MAX => return Err(malformed("the id is longer than 128 bytes")),
        Some(id) if !id.as_str().bytes().all(|byte| byte.is_ascii_graphic()) => {
            return Err(malformed("the id has other characters than printable ASCII"));
        }
        // Its path deletes the message.
        Some(id) => {
            if let Some(fault) = id::path_fault(id.as_str()) {
                return Err(Refusal::for_good(ReasonCode::PAYLOAD_FORMAT_INVALID, format!("the id {fault}")));
            }
        }
        None => {}
    }
    Ok(())
}

fn not_for_clients(kind: Kind) -> String {
    format!("{} is said by the server alone", kind.name())
}
