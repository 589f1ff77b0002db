//! Writes in a thread that may wait for the disk: all that came meanwhile is written and synced at once.

use std::{future::pending, io};

use chatroom_session::{Entry, WriteId};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{
    Outbox,
    journal::{Journal, Refusal},
    storage::FileStorage,
};

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

type Appended = Result<(), Refusal>;

#[derive(Debug)]
struct Busy {
    tickets: Vec<Ticket>,
    task: JoinHandle<(Option<Journal<FileStorage>>, Appended)>,
}

#[derive(Debug)]
struct Ticket {
    id: WriteId,
    is_end: bool,
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
        let ticket = |(id, entry)| (Ticket { id, is_end: matches!(entry, Entry::End(_)) }, entry);
        let (tickets, entries): (Vec<Ticket>, Vec<Entry>) = self.waiting.drain(..).map(ticket).unzip();
        let mut journal = self.journal.take();
        let task = spawn_blocking(move || {
            let result = match &mut journal {
                Some(journal) => journal.append(&entries),
                None => Err(Refusal { error: io::Error::other("there is no outbox"), ends: false }),
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
        let refusal = match (&mut busy.task).await {
            Ok((journal, result)) => {
                self.journal = journal;
                result.err().map(|refusal| (refusal.error.to_string(), refusal.ends))
            }
            // The runtime is being shut down.
            Err(error) => Some((error.to_string(), false)),
        };
        let tickets = self.busy.take().map(|busy| busy.tickets).unwrap_or_default();
        let result = |ticket: &Ticket| match &refusal {
            Some((reason, ends)) if !(*ends && ticket.is_end) => Err(reason.clone()),
            _ => Ok(()),
        };
        tickets.iter().map(|ticket| (ticket.id, result(ticket))).collect()
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
