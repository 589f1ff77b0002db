//! What can change in a room besides its log.

use chatroom_wire::{
    DictionaryId, MessageId, OptionId, PollId, StickerPackId, User, UserId, payload::PinUnpin, poll::Poll,
};

use super::ViewerInfoRecord;

/// What changes in a room, and survives a restart. The caller has made sure that it makes sense; where it makes none
/// (a counter that is not there, a block of somebody blocked, a poll without an id), nothing happens and nothing fails.
///
/// The time of a change is that of its message, or the one that was said with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Viewers may not, or may again, write.
    Muted(bool),
    /// This person's messages are hidden from now on. `user.id` says who; a person has one entry, the first.
    Block(User),
    /// This person's messages are shown again.
    Unblock(UserId),
    /// A message is pinned behind the others. One message has one entry, the first.
    Pin(PinUnpin),
    /// A message is no longer pinned.
    Unpin(MessageId),
    /// A message is deleted: it is in no page any more, its text is gone from the files, also where a pin of it was
    /// announced, and its id and its number stay taken, so that sending it again brings nothing back. A pin of it is
    /// another change.
    Delete(MessageId),
    /// The number of viewers.
    ViewerInfo(ViewerInfoRecord),
    /// So many presses of a counter. The value stops at the ends of 64 bits.
    Count {
        /// Which counter.
        key: String,
        /// How many.
        by: i64,
    },
    /// Somebody goes by another name in this room.
    Rename {
        /// Who.
        user: UserId,
        /// The name.
        name: String,
    },
    /// A moderator goes by this name. What is known of it is a person's id and name; of many names the newest are kept.
    AdminName(User),
    /// A poll is written, anew or over the one of the same id: question, options, status, times. Its counts are kept by
    /// the store: those in here count for nothing.
    Poll(Poll),
    /// A poll goes, with its votes.
    DeletePoll(PollId),
    /// Somebody votes; an earlier vote of theirs in this poll counts no more. A vote for nothing, or for an option that the
    /// poll does not have, counts nothing and leaves the earlier one. Whether the poll takes votes is for the caller to
    /// know.
    Vote {
        /// Who.
        user: UserId,
        /// In which poll.
        poll: PollId,
        /// For which of its options, each once.
        options: Vec<OptionId>,
    },
    /// The room uses a dictionary that is there, or does no longer.
    Dictionary(DictionaryId, bool),
    /// The room uses a pack of stickers, or does not.
    StickerPack(StickerPackId, bool),
}
