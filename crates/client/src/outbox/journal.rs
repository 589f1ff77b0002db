//! Appends to the file, so that what was answered with "written" is on the disk, whatever happens next.
//!
//! After a write that failed the file is cut back to where it was good. After a sync that failed nobody knows what the
//! disk holds: then the file is written anew before anything is appended to it.

use std::io;

use chatroom_session::{Entry, Kept};
use chatroom_wire::MessageId;

use super::{
    form,
    recovery::{Foreign, recover},
    remaining::Remaining,
    storage::Storage,
};

/// A file that has grown so large is written anew, if most of it has ended.
const LARGE: u64 = 1 << 20;

/// The file, and what has not ended of it.
#[derive(Debug)]
pub(super) struct Journal<S> {
    storage: S,
    remaining: Remaining,
    /// How much of the file is good.
    length: u64,
    /// It may be written anew from this length on.
    large: u64,
    /// Ends that could not be written; they go with what is written next.
    owed: Vec<MessageId>,
    /// Whether more may stand in the file than `length`, or less.
    suspect: bool,
}

/// Why a journal can't be used.
#[derive(Debug)]
pub(super) enum LoadFault {
    Foreign(Foreign),
    System(io::Error),
}

/// What an earlier program left.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Oldest first.
    pub(super) left: Vec<Kept>,
    /// How many lines can't be read.
    pub(super) broken: u64,
}

impl<S: Storage> Journal<S> {
    /// Begins with what the storage holds, and tidies it.
    pub(super) fn load(storage: S, bytes: &[u8]) -> Result<(Self, Found), LoadFault> {
        let found = recover(bytes).map_err(LoadFault::Foreign)?;
        let length = bytes.len() as u64;
        let remaining = found.remaining;
        let mut journal = Self { storage, remaining, length, large: LARGE, owed: Vec::new(), suspect: false };
        if journal.content().as_bytes() != bytes
            && let Err(error) = journal.rewrite()
        {
            // Where there is no room for a second file, the first one does, without its torn end.
            if journal.suspect || !found.headed {
                return Err(LoadFault::System(error));
            }
            journal.storage.cut(found.good).map_err(LoadFault::System)?;
            journal.length = found.good;
        }
        Ok((journal, Found { left: found.left, broken: found.broken }))
    }

    /// Writes entries, all or none; done means that they are on the disk.
    pub(super) fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        let result = self.write(entries);
        for entry in entries {
            match (entry, &result) {
                (Entry::Keep(kept), Ok(())) => {
                    if let Some(id) = kept.message.id.clone() {
                        self.remaining.keep(id, form::entry(entry));
                    }
                }
                (Entry::Keep(_), Err(_)) => {}
                (Entry::End(id), result) => {
                    if self.remaining.end(id) && result.is_err() {
                        self.owed.push(id.clone());
                    }
                }
            }
        }
        if result.is_ok() && self.length > self.large && self.length > 2 * self.remaining.bytes() {
            // Where that fails, the file is as good as before, or is known not to be.
            if let Err(error) = self.rewrite() {
                tracing::debug!(%error, "the outbox can't be written anew");
                self.large = self.length + LARGE;
            }
        }
        result
    }

    /// Whether this message is kept.
    pub(super) fn has(&self, id: &MessageId) -> bool {
        self.remaining.has(id)
    }

    /// Leaves no more behind than is to be sent.
    pub(super) fn close(mut self) {
        let header = form::header().len() as u64;
        let tidied = if self.suspect {
            self.rewrite()
        } else if self.remaining.is_empty() && self.length > header {
            self.storage.cut(header)
        } else {
            Ok(())
        };
        if let Err(error) = tidied {
            tracing::debug!(%error, "the outbox can't be tidied");
        }
    }

    fn write(&mut self, entries: &[Entry]) -> io::Result<()> {
        if self.suspect {
            self.rewrite()?;
        }
        let owed: String = self.owed.iter().map(form::end).collect();
        let lines: String = entries.iter().map(form::entry).collect();
        let text = owed + &lines;
        if let Err(error) = self.storage.append(text.as_bytes()) {
            // Synced, so that no part of what is refused comes back.
            self.suspect = self.storage.cut(self.length).and_then(|()| self.storage.sync()).is_err();
            return Err(error);
        }
        if let Err(error) = self.storage.sync() {
            self.suspect = true;
            // Should the program end before the file is written anew, what is refused does not come back.
            drop(self.storage.cut(self.length));
            return Err(error);
        }
        self.length += text.len() as u64;
        self.owed.clear();
        Ok(())
    }

    /// Puts a file with what has not ended, and nothing else, in the place of this one.
    fn rewrite(&mut self) -> io::Result<()> {
        let content = self.content();
        self.storage.prepare(content.as_bytes())?;
        if let Err(error) = self.storage.switch() {
            self.suspect = true;
            return Err(error);
        }
        self.length = content.len() as u64;
        self.large = LARGE;
        self.owed.clear();
        self.suspect = false;
        Ok(())
    }

    /// The whole file, without what has ended.
    fn content(&self) -> String {
        std::iter::once(form::header().as_str()).chain(self.remaining.lines()).collect()
    }
}

#[cfg(test)]
impl<S> Journal<S> {
    pub(super) fn storage(&mut self) -> &mut S {
        &mut self.storage
    }
}

#[cfg(test)]
mod tests;
