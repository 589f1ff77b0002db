//! What announcements of pins quote of a message, its text and its sender: it goes with the message.

use chatroom_wire::{Message, MessageId, Payload, User, envelope};
use rusqlite::{Connection, named_params};

use super::json;
use crate::store::StoreError;

/// The types of the announcements.
pub(super) const KINDS: [&str; 2] = ["INTERACTION_TYPE_PIN_MESSAGE", "INTERACTION_TYPE_UNPIN_MESSAGE"];

const IS_SHOWN: &str = "SELECT 1 FROM message
    WHERE room = :room AND id = :id AND audience != 2 AND received_at >= :horizon";

/// Empties the quotes of messages that are deleted or not there any more. A damaged row is left alone.
macro_rules! erase {
    ($of:literal) => {
        concat!(
            "UPDATE message INDEXED BY message_audience_kind
            SET json = CAST(json_set(CAST(json AS TEXT),
                '$.pin_unpin_message.message.text', '',
                '$.pin_unpin_message.message.sender', json('{\"custom_name\":\"\"}')) AS BLOB)
            WHERE room = :room AND audience = 0
            AND kind IN ('INTERACTION_TYPE_PIN_MESSAGE', 'INTERACTION_TYPE_UNPIN_MESSAGE')
            AND ",
            $of,
            " AND CASE WHEN json_valid(CAST(json AS TEXT)) THEN
                (json_extract(CAST(json AS TEXT), '$.pin_unpin_message.message.text') != ''
                OR json_extract(CAST(json AS TEXT), '$.pin_unpin_message.message.sender.custom_name') != '')
                AND NOT EXISTS (SELECT 1 FROM message AS quoted WHERE quoted.room = :room AND quoted.audience != 2
                    AND quoted.id = json_extract(CAST(message.json AS TEXT), '$.pin_unpin_message.message.id'))
            ELSE FALSE END"
        )
    };
}

const ERASE: &str = erase!("instr(json, :id) > 0");
const ERASE_ALL: &str = erase!("TRUE");

/// Erases what is quoted of a message that was deleted just now.
pub(super) fn erase(connection: &Connection, room: i64, id: &MessageId) -> Result<(), StoreError> {
    let quoted = json::stored(id)?;
    connection.prepare_cached(ERASE)?.execute(named_params! { ":room": room, ":id": quoted })?;
    Ok(())
}

/// Erases what is quoted of all messages that a room does not have any more.
pub(super) fn erase_all(connection: &Connection, room: i64) -> Result<(), StoreError> {
    connection.prepare_cached(ERASE_ALL)?.execute(named_params! { ":room": room })?;
    Ok(())
}

/// The announcement without what it quotes, if that has expired.
pub(super) fn without_quote(
    connection: &Connection,
    room: i64,
    horizon: i64,
    announcement: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    let mut message: Message = json::read(announcement)?;
    let (Payload::PinMessage(pin) | Payload::UnpinMessage(pin)) = &mut message.payload else { return Ok(None) };
    let quoted = named_params! {
        ":room": room, ":id": pin.message.id.as_ref().map(MessageId::as_str), ":horizon": horizon,
    };
    if connection.prepare_cached(IS_SHOWN)?.exists(quoted)? {
        return Ok(None);
    }
    pin.message.text.clear();
    pin.message.sender = Some(User::named(""));
    Ok(Some(envelope::encode(&message)))
}
