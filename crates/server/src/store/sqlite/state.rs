//! What changes in a room besides its log: each change is a row or none.

use chatroom_wire::{DictionaryId, MessageId, RoomId, StickerPackId, User, UserId, payload::PinUnpin};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, ToSql, named_params};

use super::{append, copies, json, polls, stamp};
use crate::store::{Change, StoreError, ViewerInfoRecord, record::ADMIN_NAMES};

const TOUCH: &str = "UPDATE room SET updated_at = max(updated_at, :at) WHERE key = :room";
const MUTE: &str = "UPDATE room SET muted = :muted WHERE key = :room AND muted != :muted";
const BLOCK: &str =
    "INSERT INTO blocked_user (room, user, json) VALUES (:room, :user, :json) ON CONFLICT (room, user) DO NOTHING";
const UNBLOCK: &str = "DELETE FROM blocked_user WHERE room = :room AND user = :user";
const PIN: &str = "INSERT INTO pinned_message (room, message, json) VALUES (:room, :message, :json)
    ON CONFLICT (room, message) DO NOTHING";
const UNPIN: &str = "DELETE FROM pinned_message WHERE room = :room AND message = :message";
const DELETE: &str = "UPDATE message SET audience = 2, json = x'' WHERE room = :room AND id = :id AND audience != 2";
const VIEWERS_SHOWN: &str = "SELECT viewers_shown FROM room WHERE key = :room";
const VIEWERS: &str = "UPDATE room SET viewers_shown = :shown, viewers = :count, viewers_version = :version,
    viewers_at = :at WHERE key = :room";
const COUNTER: &str = "SELECT value FROM counter WHERE room = :room AND key = :key AND disabled = 0";
const COUNT: &str = "UPDATE counter SET value = :value, version = version + 1, updated_at = :at
    WHERE room = :room AND key = :key";
const RENAME: &str = "INSERT INTO member_name (room, user, name) VALUES (:room, :user, :name)
    ON CONFLICT (room, user) DO UPDATE SET name = excluded.name";
const ADMIN_NAME: &str =
    "INSERT INTO admin_name (room, user, name) VALUES (:room, :user, :name) ON CONFLICT DO NOTHING";
const ADMIN_NAMES_END: &str = "DELETE FROM admin_name WHERE room = :room
    AND key <= (SELECT key FROM admin_name WHERE room = :room ORDER BY key DESC LIMIT 1 OFFSET :most)";
const USE: &str = "INSERT INTO room_dictionary (room, dictionary)
    SELECT :room, key FROM dictionary WHERE id = :id ON CONFLICT DO NOTHING";
const USE_NO_MORE: &str = "DELETE FROM room_dictionary
    WHERE room = :room AND dictionary = (SELECT key FROM dictionary WHERE id = :id)";
const PACK: &str = "INSERT INTO room_sticker_pack (room, pack, enabled) VALUES (:room, :pack, :enabled)
    ON CONFLICT (room, pack) DO UPDATE SET enabled = excluded.enabled";

/// Changes of a room without a message.
pub(super) fn change(
    connection: &Connection,
    room: &RoomId,
    changes: &[Change],
    at: Timestamp,
) -> Result<(), StoreError> {
    apply(connection, append::end(connection, room)?.room, changes, stamp::stored(at)?)
}

/// Changes of a room in their order, at one instant.
pub(super) fn apply(connection: &Connection, room: i64, changes: &[Change], at: i64) -> Result<(), StoreError> {
    let target = Target { connection, room, at };
    let mut moved = false;
    for change in changes {
        moved |= target.apply(change)?;
    }
    if moved {
        target.write(TOUCH, named_params! { ":room": room, ":at": at })?;
    }
    Ok(())
}

/// Whether texts are to go from the file.
pub(super) fn erases(changes: &[Change]) -> bool {
    let erases = |change: &Change| {
        matches!(
            change,
            Change::Delete(_) | Change::Unpin(_) | Change::Unblock(_) | Change::Poll(_) | Change::DeletePoll(_)
        )
    };
    changes.iter().any(erases)
}

/// What is changed, and when.
struct Target<'a> {
    connection: &'a Connection,
    room: i64,
    at: i64,
}

impl Target<'_> {
    /// Says whether the room's state moved. What changes often, and what the room does not show, does not move it.
    fn apply(&self, change: &Change) -> Result<bool, StoreError> {
        match change {
            Change::Muted(muted) => self.write(MUTE, named_params! { ":room": self.room, ":muted": muted }),
            Change::Block(user) => self.block(user),
            Change::Unblock(user) => self.write(UNBLOCK, named_params! { ":room": self.room, ":user": user.as_str() }),
            Change::Pin(pin) => self.pin(pin),
            Change::Unpin(id) => self.write(UNPIN, named_params! { ":room": self.room, ":message": id.as_str() }),
            Change::ViewerInfo(info) => self.viewers(*info),
            Change::Poll(poll) => polls::write(self.connection, self.room, poll),
            Change::DeletePoll(id) => polls::delete(self.connection, self.room, id),
            Change::Delete(id) => self.delete(id).map(still),
            Change::Count { key, by } => self.count(key, *by).map(still),
            Change::Rename { user, name } => self.rename(user, name).map(still),
            Change::AdminName(user) => self.admin_name(user).map(still),
            Change::Vote { user, poll, options } => {
                polls::vote(self.connection, self.room, user, poll, options).map(still)
            }
            Change::Dictionary(id, used) => self.dictionary(id, *used).map(still),
            Change::StickerPack(id, enabled) => self.pack(id, *enabled).map(still),
        }
    }

    fn block(&self, user: &User) -> Result<bool, StoreError> {
        let Some(id) = &user.id else { return Ok(false) };
        let json = json::stored(user)?;
        self.write(BLOCK, named_params! { ":room": self.room, ":user": id.as_str(), ":json": json })
    }

    fn pin(&self, pin: &PinUnpin) -> Result<bool, StoreError> {
        let Some(id) = &pin.message.id else { return Ok(false) };
        let json = json::stored(pin)?;
        self.write(PIN, named_params! { ":room": self.room, ":message": id.as_str(), ":json": json })
    }

    fn delete(&self, id: &MessageId) -> Result<bool, StoreError> {
        let deleted = self.write(DELETE, named_params! { ":room": self.room, ":id": id.as_str() })?;
        if deleted {
            copies::erase(self.connection, self.room, id)?;
        }
        Ok(deleted)
    }

    fn viewers(&self, info: ViewerInfoRecord) -> Result<bool, StoreError> {
        let shown: bool = self
            .connection
            .prepare_cached(VIEWERS_SHOWN)?
            .query_row(named_params! { ":room": self.room }, |row| row.get(0))?;
        self.write(
            VIEWERS,
            named_params! {
                ":room": self.room,
                ":shown": info.enabled,
                ":count": info.count,
                ":version": info.version,
                ":at": info.updated_at.map(stamp::stored).transpose()?,
            },
        )?;
        Ok(shown != info.enabled)
    }

    fn count(&self, key: &str, by: i64) -> Result<bool, StoreError> {
        let value: Option<i64> = self
            .connection
            .prepare_cached(COUNTER)?
            .query_row(named_params! { ":room": self.room, ":key": key }, |row| row.get(0))
            .optional()?;
        let Some(value) = value else { return Ok(false) };
        // SQLite's own sum would become a real number at the ends.
        let value = value.saturating_add(by);
        self.write(COUNT, named_params! { ":room": self.room, ":key": key, ":value": value, ":at": self.at })
    }

    fn rename(&self, user: &UserId, name: &str) -> Result<bool, StoreError> {
        self.write(RENAME, named_params! { ":room": self.room, ":user": user.as_str(), ":name": name })
    }

    /// Keeps the newest names.
    fn admin_name(&self, user: &User) -> Result<bool, StoreError> {
        let Some(id) = &user.id else { return Ok(false) };
        let named = named_params! { ":room": self.room, ":user": id.as_str(), ":name": user.custom_name };
        let most = i64::try_from(ADMIN_NAMES).unwrap_or(i64::MAX);
        Ok(self.write(ADMIN_NAME, named)?
            && self.write(ADMIN_NAMES_END, named_params! { ":room": self.room, ":most": most })?)
    }

    fn dictionary(&self, id: &DictionaryId, used: bool) -> Result<bool, StoreError> {
        let statement = if used { USE } else { USE_NO_MORE };
        self.write(statement, named_params! { ":room": self.room, ":id": id.as_str() })
    }

    fn pack(&self, id: &StickerPackId, enabled: bool) -> Result<bool, StoreError> {
        self.write(PACK, named_params! { ":room": self.room, ":pack": id.as_str(), ":enabled": enabled })
    }

    /// Says whether a row changed.
    fn write(&self, statement: &str, values: &[(&str, &dyn ToSql)]) -> Result<bool, StoreError> {
        Ok(self.connection.prepare_cached(statement)?.execute(values)? > 0)
    }
}

/// Whatever it changed, it does not move the room's state.
fn still(_changed: bool) -> bool {
    false
}
