//! Copies of a message's text in the announcements of its pins: they go with the text.

use chatroom_wire::{Kind, Message, MessageId, Payload, envelope};
use rusqlite::{Connection, named_params};

use super::json;
use crate::store::StoreError;

/// Those that name the message, whatever else they say.
const NAMING: &str = "SELECT key, json FROM message INDEXED BY message_audience_kind
    WHERE room = :room AND audience = 0 AND kind = :kind AND instr(json, :id) > 0";
const REWRITE: &str = "UPDATE message SET json = :json WHERE key = :key";

/// Takes the text of a message out of all that was announced of its pins.
pub(super) fn erase(connection: &Connection, room: i64, id: &MessageId) -> Result<(), StoreError> {
    let quoted = json::stored(id)?;
    for kind in [Kind::PinMessage, Kind::UnpinMessage] {
        let mut naming = connection.prepare_cached(NAMING)?;
        let of = named_params! { ":room": room, ":kind": kind.name(), ":id": quoted };
        let found = naming.query_map(of, |row| Ok((row.get("key")?, row.get("json")?)))?;
        let found: Vec<(i64, Vec<u8>)> = found.collect::<Result<_, _>>()?;
        for (key, announcement) in found {
            if let Some(json) = without_text(&announcement, id) {
                connection.prepare_cached(REWRITE)?.execute(named_params! { ":key": key, ":json": json })?;
            }
        }
    }
    Ok(())
}

/// The announcement without the text, if it is one of a pin of this message.
fn without_text(announcement: &[u8], id: &MessageId) -> Option<Vec<u8>> {
    let mut message: Message = serde_json::from_slice(announcement).ok()?;
    match &mut message.payload {
        Payload::PinMessage(pin) | Payload::UnpinMessage(pin) if pin.message.id.as_ref() == Some(id) => {
            pin.message.text.clear();
        }
        _ => return None,
    }
    Some(envelope::encode(&message))
}
