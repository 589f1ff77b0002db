//! Ends where nothing can be appended: a disk that is full must not keep alive what has ended.

use std::{collections::BTreeSet, io};

use chatroom_session::Entry;
use chatroom_wire::MessageId;

use super::{Journal, State, form, header_length};
use crate::outbox::storage::Storage;

impl<S: Storage> Journal<S> {
    /// Writes the ends among these entries into the room that their messages take.
    pub(super) fn erase(&mut self, entries: &[Entry]) -> io::Result<()> {
        let ended: BTreeSet<&MessageId> = entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::End(id) => Some(id),
                Entry::Keep(_) => None,
            })
            .filter(|id| self.remaining.has(id))
            .collect();
        if ended.is_empty() {
            return Ok(());
        }
        if self.state == State::Adrift {
            return Err(io::Error::other("the file may be another one after a power failure"));
        }
        if let Err(error) = self.erase_all(&ended) {
            // Some of it may be done.
            self.state = State::Doubtful;
            return Err(error);
        }
        for id in ended {
            self.remaining.end(id);
        }
        Ok(())
    }

    fn erase_all(&mut self, ended: &BTreeSet<&MessageId>) -> io::Result<()> {
        if ended.len() == self.remaining.len() {
            // That makes room, too.
            self.storage.cut(header_length())?;
            self.storage.sync()?;
            self.length = header_length();
            return Ok(());
        }
        for id in ended {
            let Some((place, line)) = self.remaining.line(id) else { continue };
            let end = form::end_over(id, line).ok_or_else(|| io::Error::other("the line is too short"))?;
            self.storage.overwrite(place, end.as_bytes())?;
        }
        self.storage.sync()
    }
}
