//! An outbox on disk: what was taken is sent, over as many ends and starts of the program as it takes.
//!
//! - [`Outbox`]: the file, for this program alone
//! - `writer`: writes what a session hands over; `journal`: so that what is written stays; `recovery`: what an earlier
//!   program left; `remaining`: what has not ended; `form`: the file's lines; `storage`: the file's bytes;
//!   `ownership`: whose it is

mod form;
mod journal;
mod ownership;
mod recovery;
mod remaining;
mod storage;
mod writer;

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use chatroom_session::{Entry, Kept};

use self::{
    journal::{Found, Journal, LoadFault, Refusal},
    recovery::Foreign,
    storage::{FileStorage, OpenFault},
};

pub(crate) use self::writer::Writer;

/// Own messages in a file, from when [`Room::send`](crate::Room::send) takes them until they have ended. What is in it
/// survives `kill -9` and a power failure.
///
/// Give it to a [`Builder`](crate::Builder::outbox): the session then sends first what an earlier program left, and
/// keeps what is sent through it. Give it the outbox of the same room and user each time.
///
/// A message is taken only once it is written and synced: that takes as long as the disk does, and many messages that
/// are sent at once share one sync. A message that has ended is not kept. One program at a time can use a file; a lock
/// on `<path>.lock` sees to that, and ends with the program. File and directory are made for their owner alone, and must be
/// this user's: one that others own or may write, a symbolic link, or what is no regular file, is refused.
///
/// The methods that touch the file wait for the disk: a moment, for they read and write no more than what waits.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("ada.journal");
/// use chatroom_client::{Outbox, memory::MemoryRoom};
///
/// let memory = MemoryRoom::new();
/// let (room, _events) = memory.join("ada").outbox(Outbox::open(&path)?).build()?;
/// room.send("hello").await?;
/// // Whatever happens from here on: it is sent, if not by this program, then by the next that opens the outbox.
/// # room.deliver("there").await?;
/// room.leave().await;
/// assert!(Outbox::open(&path)?.left().is_empty());
/// # Ok(())
/// # }
/// ```
pub struct Outbox {
    path: PathBuf,
    journal: Journal<FileStorage>,
    found: Found,
}

/// Why an outbox can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// Another program has it; it is free when that one ends.
    #[error("the outbox {} is in use by another program", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else. It was not touched.
    #[error("{} is no outbox", path.display())]
    NoOutbox {
        /// The file.
        path: PathBuf,
    },
    /// A newer version of this program wrote it. It was not touched.
    #[error("the outbox {} was written by a newer program: its version is {version}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// Somebody else may have written it, or may write it. It was not touched.
    #[error("the outbox {} is not used: {problem}", path.display())]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// Whose it is, or what.
        problem: &'static str,
    },
    /// The file, or its directory, can't be read or written.
    #[error("the outbox {} can't be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Outbox {
    /// Opens the outbox in this file for this program alone; makes the file, and its directory, where there is none.
    ///
    /// A write that was cut short, as its program or the machine ended, is undone: nobody was told that it was done.
    ///
    /// # Errors
    /// When the file is in use, is no outbox, is not this user's alone, or can't be read or written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OutboxError> {
        let path = path.as_ref().to_owned();
        let (storage, bytes) = match FileStorage::open(&path) {
            Ok(opened) => opened,
            Err(fault) => return Err(fault.of(path)),
        };
        match Journal::load(storage, &bytes) {
            Ok((journal, found)) => Ok(Self { path, journal, found }),
            Err(LoadFault::Foreign(foreign)) => Err(foreign.of(path)),
            Err(LoadFault::System(source)) => Err(OutboxError::File { path, source }),
        }
    }

    /// Reads what waits in this file, oldest first, and changes nothing: also while another program uses it.
    ///
    /// # Errors
    /// When there is no such file, it can't be read, or is no outbox.
    pub fn peek(path: impl AsRef<Path>) -> Result<Vec<Kept>, OutboxError> {
        let path = path.as_ref();
        let bytes = FileStorage::read(path).map_err(|fault| fault.of(path.to_owned()))?;
        recovery::recover(&bytes).map(|found| found.left).map_err(|foreign| foreign.of(path.to_owned()))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What an earlier program left, oldest first.
    pub fn left(&self) -> &[Kept] {
        &self.found.left
    }

    /// How many entries could not be read: the disk, or somebody, changed them. They are lost.
    pub fn broken(&self) -> u64 {
        self.found.broken
    }

    /// Takes what is left in another outbox too, behind what is left in this one, and clears that one.
    ///
    /// # Errors
    /// When this one, or that one, can't be written. Nothing is lost then.
    pub fn take_over(&mut self, other: Self) -> Result<(), OutboxError> {
        // It may be here already, if a program ended between the two writes.
        let new = |kept: &&Kept| kept.message.id.as_ref().is_some_and(|id| !self.journal.has(id));
        let new: Vec<Kept> = other.found.left.iter().filter(new).cloned().collect();
        let entries: Vec<Entry> = new.iter().map(|kept| Entry::Keep(Box::new(kept.clone()))).collect();
        self.append(&entries)?;
        self.found.left.extend(new);
        other.clear().map(drop)
    }

    /// Gives up what is left, and answers what that was: it is not sent any more.
    ///
    /// # Errors
    /// When the file can't be written; then it is left.
    pub fn clear(mut self) -> Result<Vec<Kept>, OutboxError> {
        let ids = self.found.left.iter().filter_map(|kept| kept.message.id.clone());
        let ends: Vec<Entry> = ids.map(Entry::End).collect();
        self.append(&ends)?;
        self.journal.close();
        Ok(self.found.left)
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), OutboxError> {
        if entries.is_empty() {
            return Ok(());
        }
        let refused = |refusal: Refusal| OutboxError::File { path: self.path.clone(), source: refusal.error };
        self.journal.append(entries).map_err(refused)
    }
}

impl OpenFault {
    fn of(self, path: PathBuf) -> OutboxError {
        match self {
            Self::InUse => OutboxError::InUse { path },
            Self::Untrusted(problem) => OutboxError::Untrusted { path, problem },
            Self::System(source) => OutboxError::File { path, source },
        }
    }
}

impl Foreign {
    fn of(self, path: PathBuf) -> OutboxError {
        match self {
            Self::NoOutbox => OutboxError::NoOutbox { path },
            Self::Newer(version) => OutboxError::Newer { path, version },
        }
    }
}

/// Without what was written: only how much.
impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("path", &self.path).field("left", &self.found.left.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
