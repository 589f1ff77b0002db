//! What changes in a room besides its log.

use chatroom_wire::{MessageId, UserId};
use jiff::Timestamp;
use rusqlite::{Connection, Params, named_params};
use serde::Serialize;

use super::{append, fault, polls, stamp};
use crate::store::{Change, StoreError, ViewerInfoRecord};

const TOUCH: &str = "UPDATE room SET updated_at = max(updated_at, :at) WHERE key = :room";
const MUTE: &str = "UPDATE room SET muted = :muted WHERE key = :room AND muted <> :muted";
const BLOCK: &str = "INSERT INTO blocked_user (room, user, json) VALUES (:room, :user, :json) ON CONFLICT DO NOTHING";
const UNBLOCK: &str = "DELETE FROM blocked_user WHERE room = :room AND user = :user";
const PIN: &str = "INSERT INTO pinned_message (room, message, json) VALUES (:room, :message, :json)
    ON CONFLICT DO NOTHING";
const UNPIN: &str = "DELETE FROM pinned_message WHERE room = :room AND message = :message";
const DELETE: &str = "UPDATE message SET audience = 2, json = x'' WHERE room = :room AND id = :message";
const VIEWERS: &str = "UPDATE room SET viewers_shown = :shown, viewers_count = :count, viewers_version = :version,
    viewers_at = :at WHERE key = :room";
// The sum of two whole numbers that leaves 64 bits is a real one in SQLite: then it stops at the end.
const COUNT: &str = "UPDATE counter SET
    value = CASE WHEN typeof(value + :by) = 'integer' THEN value + :by WHEN :by > 0 THEN 9223372036854775807
        ELSE -9223372036854775808 END,
    version = version + 1, updated_at = :at WHERE room = :room AND key = :key AND disabled = 0";
const NAME: &str = "INSERT INTO name (room, user, name) VALUES (:room, :user, :name)
    ON CONFLICT (room, user) DO UPDATE SET name = excluded.name";
const USE_DICTIONARY: &str = "INSERT INTO room_dictionary (room, dictionary)
    SELECT :room, id FROM dictionary WHERE id = :dictionary ON CONFLICT DO NOTHING";
const DISUSE_DICTIONARY: &str = "DELETE FROM room_dictionary WHERE room = :room AND dictionary = :dictionary";
const STICKER_PACK: &str = "INSERT INTO room_sticker_pack (room, pack, enabled) VALUES (:room, :pack, :enabled)
    ON CONFLICT (room, pack) DO UPDATE SET enabled = excluded.enabled";

/// Makes these changes, and says so in the room's `updated_at` where it is the room that changes.
pub(super) fn change(
    connection: &Connection,
    room: &chatroom_wire::RoomId,
    changes: &[Change],
    at: Timestamp,
) -> Result<(), StoreError> {
    let end = append::end(connection, room)?;
    apply(connection, end.room, changes, at)
}

pub(super) fn apply(connection: &Connection, room: i64, changes: &[Change], at: Timestamp) -> Result<(), StoreError> {
    let mut touched = false;
    for change in changes {
        touched |= apply_one(connection, room, change, at)?;
    }
    if touched {
        run(connection, TOUCH, named_params! { ":room": room, ":at": stamp::stored(at)? })?;
    }
    Ok(())
}

/// Answers whether it is a change of the room's own state.
fn apply_one(connection: &Connection, room: i64, change: &Change, at: Timestamp) -> Result<bool, StoreError> {
    match change {
        Change::Muted(muted) => run(connection, MUTE, named_params! { ":room": room, ":muted": muted }),
        Change::Block(user) => {
            let id = user.id.as_ref().map(UserId::as_str);
            let json = json(user)?;
            run(connection, BLOCK, named_params! { ":room": room, ":user": id.unwrap_or_default(), ":json": json })
        }
        Change::Unblock(user) => run(connection, UNBLOCK, named_params! { ":room": room, ":user": user.as_str() }),
        Change::Pin(pin) => {
            let id = pin.message.id.as_ref().map(MessageId::as_str);
            let json = json(pin)?;
            run(connection, PIN, named_params! { ":room": room, ":message": id.unwrap_or_default(), ":json": json })
        }
        Change::Unpin(message) => run(connection, UNPIN, named_params! { ":room": room, ":message": message.as_str() }),
        Change::Delete(message) => {
            run(connection, DELETE, named_params! { ":room": room, ":message": message.as_str() })?;
            Ok(false)
        }
        Change::ViewerInfo(info) => viewers(connection, room, info),
        Change::Count { key, by } => {
            let at = stamp::stored(at)?;
            run(connection, COUNT, named_params! { ":room": room, ":key": key, ":by": by, ":at": at })?;
            Ok(false)
        }
        Change::Rename { user, name } => {
            run(connection, NAME, named_params! { ":room": room, ":user": user.as_str(), ":name": name })?;
            Ok(false)
        }
        Change::Poll(poll) => polls::write(connection, room, poll),
        Change::DeletePoll(poll) => polls::delete(connection, room, poll),
        Change::Vote { user, poll, options } => {
            polls::vote(connection, room, user, poll, options)?;
            Ok(false)
        }
        Change::Dictionary(dictionary, used) => {
            let statement = if *used { USE_DICTIONARY } else { DISUSE_DICTIONARY };
            let of = named_params! { ":room": room, ":dictionary": dictionary.as_str() };
            run(connection, statement, of)?;
            Ok(false)
        }
        Change::StickerPack(pack, enabled) => {
            let of = named_params! { ":room": room, ":pack": pack.as_str(), ":enabled": enabled };
            run(connection, STICKER_PACK, of)?;
            Ok(false)
        }
    }
}

fn viewers(connection: &Connection, room: i64, info: &ViewerInfoRecord) -> Result<bool, StoreError> {
    let at = info.updated_at.map(stamp::stored).transpose()?;
    run(
        connection,
        VIEWERS,
        named_params! {
            ":room": room, ":shown": info.enabled, ":count": info.count, ":version": info.version, ":at": at,
        },
    )
}

/// Runs a statement; answers whether it changed anything.
pub(super) fn run(connection: &Connection, statement: &str, with: impl Params) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached(statement)?.execute(with)? > 0)
}

pub(super) fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(fault::internal)
}
