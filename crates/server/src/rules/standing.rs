//! The room as it is now: what its rules judge by, and what changes it. Pure.

use std::collections::HashSet;

use chatroom_wire::{StickerPackId, User, UserId, poll::Poll, poll::PollStatus};
use jiff::Timestamp;

use crate::{
    stickers,
    store::{Change, CounterRecord, RoomRecord, record::ADMIN_NAMES},
};

/// A room's record in memory. Each change is applied here once the store has committed it, and does here what it does
/// there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    record: RoomRecord,
    /// Asked for each message, where the list would be walked.
    blocked: HashSet<UserId>,
}

impl Standing {
    /// The room as the store has it.
    pub fn new(record: RoomRecord) -> Self {
        let blocked = record.blocked_users.iter().filter_map(|user| user.id.clone()).collect();
        Self { record, blocked }
    }

    /// The record.
    pub fn record(&self) -> &RoomRecord {
        &self.record
    }

    /// Whether this person's messages are hidden.
    pub fn is_blocked(&self, user: &UserId) -> bool {
        self.blocked.contains(user)
    }

    /// What makes a moderator's name known, unless it is.
    pub fn admin_name(&self, id: &UserId, name: &str) -> Option<Change> {
        let is_known =
            self.record.admins.iter().any(|admin| admin.id.as_ref() == Some(id) && admin.custom_name == name);
        (!is_known).then(|| Change::AdminName(User { id: Some(id.clone()), ..User::named(name) }))
    }

    /// The counter of this key.
    pub fn counter(&self, key: &str) -> Option<&CounterRecord> {
        self.record.custom_counters.iter().find(|counter| counter.key == key)
    }

    /// Whether stickers of this pack may be sent.
    pub fn uses_pack(&self, pack: &StickerPackId) -> bool {
        self.record.sticker_packs.get(pack).copied().unwrap_or_else(|| stickers::is_on_by_default(pack))
    }

    /// Puts the poll that takes votes there as it is now, with its counts.
    pub fn count_votes(&mut self, poll: Poll) {
        self.record.active_poll = Some(poll).filter(|poll| poll.status == PollStatus::Active);
    }

    /// Does what the store has done. Polls and votes change nothing here, because only the store knows how they were
    /// before: the record is read anew then, or the counts are ([`Standing::count_votes`]). Names are no part of it.
    pub fn apply(&mut self, change: &Change, at: Timestamp) {
        if self.apply_one(change, at) {
            self.record.updated_at = self.record.updated_at.max(at);
        }
    }

    /// Answers whether it is a change of the room's own state.
    fn apply_one(&mut self, change: &Change, at: Timestamp) -> bool {
        let record = &mut self.record;
        match change {
            Change::Muted(muted) => std::mem::replace(&mut record.muted, *muted) != *muted,
            Change::Block(user) => {
                let new = user.id.clone().is_some_and(|id| self.blocked.insert(id));
                record.blocked_users.extend(new.then(|| user.clone()));
                new
            }
            Change::Unblock(id) => {
                record.blocked_users.retain(|user| user.id.as_ref() != Some(id));
                self.blocked.remove(id)
            }
            Change::Pin(pin) => {
                let new = record.pinned_messages.iter().all(|pinned| pinned.message.id != pin.message.id);
                record.pinned_messages.extend(new.then(|| pin.clone()));
                new
            }
            Change::Unpin(id) => {
                let before = record.pinned_messages.len();
                record.pinned_messages.retain(|pinned| pinned.message.id.as_ref() != Some(id));
                record.pinned_messages.len() < before
            }
            Change::ViewerInfo(info) => std::mem::replace(&mut record.viewer_info, *info).enabled != info.enabled,
            Change::Count { key, by } => {
                if let Some(counter) = record.custom_counters.iter_mut().find(|it| it.key == *key && !it.disabled) {
                    counter.value = counter.value.saturating_add(*by);
                    counter.version += 1;
                    counter.updated_at = at;
                }
                false
            }
            Change::Dictionary(id, used) => {
                record.dictionaries.retain(|known| known != id);
                if *used {
                    let place = record.dictionaries.partition_point(|known| known < id);
                    record.dictionaries.insert(place, id.clone());
                }
                false
            }
            Change::StickerPack(id, used) => {
                record.sticker_packs.insert(id.clone(), *used);
                false
            }
            Change::AdminName(user) => {
                if user.id.is_some() && !record.admins.contains(user) {
                    record.admins.push(user.clone());
                    if record.admins.len() > ADMIN_NAMES {
                        record.admins.remove(0);
                    }
                }
                false
            }
            Change::Delete(_)
            | Change::Vote { .. }
            | Change::Rename { .. }
            | Change::Poll(_)
            | Change::DeletePoll(_) => false,
        }
    }
}
