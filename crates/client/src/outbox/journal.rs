//! Appends to the file, so that what was answered with "written" is on the disk, whatever happens next.
//!
//! An end for which there is no room is written over its message (`erase`).
//!
//! After a write that failed the file is cut back to where it was good. After a sync that failed nobody knows what the
//! disk holds: then the file is written anew before anything is appended to it.

mod erase;

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
    state: State,
}

/// What is known of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// More may stand in it than `length`, or other than was written there: it is written anew before it grows.
    Doubtful,
    /// Nobody knows whether this file or another one stands at its path after a power failure.
    Adrift,
}

/// Why entries were not written. No [`Entry::Keep`] of them counts.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: io::Error,
    /// Whether every [`Entry::End`] of them counts all the same: an end needs no room.
    pub(super) ends: bool,
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
        let mut journal = Self { storage, remaining, length, large: LARGE, state: State::Good };
        if journal.content().as_bytes() != bytes
            && let Err(error) = journal.rewrite()
        {
            // Where there is no room for a second file, the first one does, without its torn end.
            if journal.state != State::Good || !found.headed {
                return Err(LoadFault::System(error));
            }
            journal.storage.cut(found.good).map_err(LoadFault::System)?;
            journal.length = found.good;
        }
        Ok((journal, Found { left: found.left, broken: found.broken }))
    }

    /// Writes entries, all or none, but for ends: these need no room. Done means that they are on the disk.
    pub(super) fn append(&mut self, entries: &[Entry]) -> Result<(), Refusal> {
        if let Err(error) = self.write(entries) {
            let ends = self.erase(entries);
            if let Err(error) = &ends {
                tracing::debug!(%error, "what has ended stays in the outbox for now");
            }
            let ends = ends.is_ok();
            let only_ends = entries.iter().all(|entry| matches!(entry, Entry::End(_)));
            return if ends && only_ends { Ok(()) } else { Err(Refusal { error, ends }) };
        }
        if self.length > self.large && self.length > 2 * self.remaining.bytes() {
            // Where that fails, the file is as good as before, or is known not to be.
            if let Err(error) = self.rewrite() {
                tracing::debug!(%error, "the outbox can't be written anew");
                self.large = self.length + LARGE;
            }
        }
        Ok(())
    }

    /// Whether this message is kept.
    pub(super) fn has(&self, id: &MessageId) -> bool {
        self.remaining.has(id)
    }

    /// Leaves no more behind than is to be sent.
    pub(super) fn close(mut self) {
        let tidied = if self.state != State::Good {
            self.rewrite()
        } else if self.remaining.len() == 0 && self.length > header_length() {
            self.storage.cut(header_length())
        } else {
            Ok(())
        };
        if let Err(error) = tidied {
            tracing::debug!(%error, "the outbox can't be tidied");
        }
    }

    /// Appends entries, all or none.
    fn write(&mut self, entries: &[Entry]) -> io::Result<()> {
        if self.state != State::Good {
            self.rewrite()?;
        }
        let lines: Vec<String> = entries.iter().map(form::entry).collect();
        let text = lines.concat();
        if let Err(error) = self.storage.append(text.as_bytes()) {
            // Synced, so that no part of what is refused comes back.
            if self.storage.cut(self.length).and_then(|()| self.storage.sync()).is_err() {
                self.state = State::Doubtful;
            }
            return Err(error);
        }
        if let Err(error) = self.storage.sync() {
            self.state = State::Doubtful;
            // Should the program end before the file is written anew, what is refused does not come back.
            drop(self.storage.cut(self.length));
            return Err(error);
        }
        for (entry, line) in entries.iter().zip(lines) {
            let place = self.length;
            self.length += line.len() as u64;
            match entry {
                Entry::Keep(kept) => {
                    if let Some(id) = kept.message.id.clone() {
                        self.remaining.keep(id, place, line);
                    }
                }
                Entry::End(id) => self.remaining.end(id),
            }
        }
        Ok(())
    }

    /// Puts a file with what has not ended, and nothing else, in the place of this one.
    fn rewrite(&mut self) -> io::Result<()> {
        let content = self.content();
        self.storage.prepare(content.as_bytes())?;
        if let Err(error) = self.storage.switch() {
            self.state = State::Adrift;
            return Err(error);
        }
        self.length = content.len() as u64;
        self.remaining.moved_together(header_length());
        self.large = LARGE;
        self.state = State::Good;
        Ok(())
    }

    /// The whole file, without what has ended.
    fn content(&self) -> String {
        std::iter::once(form::header().as_str()).chain(self.remaining.lines()).collect()
    }
}

fn header_length() -> u64 {
    form::header().len() as u64
}

#[cfg(test)]
impl<S> Journal<S> {
    pub(super) fn storage(&mut self) -> &mut S {
        &mut self.storage
    }
}

#[cfg(test)]
mod tests;
