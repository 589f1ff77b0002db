//! Writes in a thread that may wait for the disk: all that came meanwhile is written and synced at once.

use std::{future::pending, io};

use chatroom_session::{Entry, WriteId};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{Outbox, journal::Journal, storage::FileStorage};

/// What came of writes, in order.
pub(crate) type Written = Vec<(WriteId, Result<(), String>)>;

/// The outbox of a session, if it has one.
#[derive(Debug)]
pub(crate) struct Writer {
    /// None while it is being written.
    journal: Option<Journal<FileStorage>>,
    waiting: Vec<(WriteId, Entry)>,
    busy: Option<Busy>,
}

#[derive(Debug)]
struct Busy {
    tickets: Vec<WriteId>,
    task: JoinHandle<(Option<Journal<FileStorage>>, io::Result<()>)>,
}

impl Writer {
    pub(crate) fn new(outbox: Option<Outbox>) -> Self {
        Self { journal: outbox.map(|outbox| outbox.journal), waiting: Vec::new(), busy: None }
    }

    /// Takes an entry; it is written with the next [`Writer::start`].
    pub(crate) fn write(&mut self, ticket: WriteId, entry: Entry) {
        self.waiting.push((ticket, entry));
    }

    /// Begins to write what waits, unless an earlier write goes on.
    pub(crate) fn start(&mut self) {
        if self.waiting.is_empty() || self.busy.is_some() {
            return;
        }
        let (tickets, entries): (Vec<WriteId>, Vec<Entry>) = self.waiting.drain(..).unzip();
        let mut journal = self.journal.take();
        let task = spawn_blocking(move || {
            let result = match &mut journal {
                Some(journal) => journal.append(&entries),
                None => Err(io::Error::other("there is no outbox")),
            };
            (journal, result)
        });
        self.busy = Some(Busy { tickets, task });
    }

    /// Waits for the end of a write; for ever, where there is none.
    ///
    /// Cancel safe: the write goes on.
    pub(crate) async fn written(&mut self) -> Written {
        let Some(busy) = &mut self.busy else { return pending().await };
        let result = match (&mut busy.task).await {
            Ok((journal, result)) => {
                self.journal = journal;
                result.map_err(|error| error.to_string())
            }
            // The runtime is being shut down.
            Err(error) => Err(error.to_string()),
        };
        let tickets = self.busy.take().map(|busy| busy.tickets).unwrap_or_default();
        tickets.into_iter().map(|ticket| (ticket, result.clone())).collect()
    }

    /// Writes what waits, and leaves the file tidy.
    pub(crate) async fn close(&mut self) {
        loop {
            self.start();
            if self.busy.is_none() {
                break;
            }
            self.written().await;
        }
        if let Some(journal) = self.journal.take() {
            // An error means that the runtime is being shut down.
            drop(spawn_blocking(move || journal.close()).await);
        }
    }
}
