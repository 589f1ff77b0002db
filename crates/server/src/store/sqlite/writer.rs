//! The thread that writes: many requests, one commit.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{
    mpsc::{
        self,
        error::{TryRecvError, TrySendError},
    },
    oneshot, watch,
};

use super::{
    damage::Damage,
    fault::{Closed, Full, is_refusal},
};
use crate::store::StoreError;

/// How many messages one transaction takes, so that the first of them does not wait for long.
pub(super) const GROUP_MAX: usize = 1_000;

/// How many requests may wait. What comes when it is full is refused, so that a slow disk costs no memory without end
/// and whoever sent too much is told.
pub(super) const QUEUE_MAX: usize = 8_192;

/// How long the emptying of the write-ahead log waits for readers, before writes go on.
const ERASURE: Duration = Duration::from_millis(50);

/// How long after that it is tried again where nobody writes.
const AGAIN: Duration = Duration::from_millis(20);

/// How long the last emptying waits for readers.
const CLOSING: Duration = Duration::from_secs(2);

/// What a request costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// How many messages it stands for.
    pub(super) weight: usize,
    /// Whether it deletes texts.
    pub(super) erases: bool,
}

impl Load {
    /// Of so many messages, and deletes texts.
    pub(super) fn erasing(weight: usize) -> Self {
        Self { weight, erases: true }
    }
}

impl From<usize> for Load {
    fn from(weight: usize) -> Self {
        Self { weight, erases: false }
    }
}

/// The thread, and the way to it.
pub(super) struct Writer {
    /// Taken when the store is closed: the thread ends when nothing more can come.
    jobs: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    thread: Option<JoinHandle<()>>,
    /// Its sender is gone once the thread has closed the file.
    ended: watch::Receiver<()>,
    damage: Damage,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    pub(super) fn start(connection: Arc<Mutex<Connection>>, damage: Damage) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let (ending, ended) = watch::channel(());
        let noted = damage.clone();
        let thread = thread::Builder::new()
            .name("chatroom-store".to_owned())
            .spawn(move || {
                serve(&connection, queue, &noted);
                drop((connection, ending));
            })
            .map_err(|error| StoreError::Unavailable(Arc::new(error)))?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Some(thread), ended, damage })
    }

    /// Has `work` done in a transaction and answers after the commit. What is asked first is done first: the place in the
    /// queue is taken by this call, not when the answer is awaited, because futures may be polled in any order.
    ///
    /// # Cancel safety
    /// Dropped, the work is done all the same, and the answer is lost.
    pub(super) fn write<T, W, L>(
        &self,
        load: L,
        work: W,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, W, L>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        L: Into<Load>,
    {
        let load = load.into();
        let (reply, answer) = oneshot::channel();
        let queued = self
            .damage
            .check()
            .and_then(|()| self.queue(Box::new(Request { load, work: Some(work), done: None, reply })));
        async move {
            queued?;
            answer.await.map_err(|_| Closed)?
        }
    }

    fn queue(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.jobs().as_ref().ok_or(Closed)?.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Full.into(),
            TrySendError::Closed(_) => Closed.into(),
        })
    }

    fn jobs(&self) -> MutexGuard<'_, Option<mpsc::Sender<Box<dyn Job>>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes no more requests, and returns once those that were taken are carried out and the file is closed.
    ///
    /// # Cancel safety
    /// It is closed all the same.
    pub(super) fn close(&self) -> impl Future<Output = ()> + Send + use<> {
        drop(self.jobs().take());
        let mut ended = self.ended.clone();
        async move {
            // Nothing is ever sent: an error means that the thread is done.
            while ended.changed().await.is_ok() {}
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs().take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by its own thread.
            let _ = thread.join();
        }
    }
}

/// A request, as the thread sees it.
trait Job: Send {
    fn load(&self) -> Load;

    /// Does the work and keeps its result.
    ///
    /// # Errors
    /// What the work failed with.
    fn work(&mut self, connection: &Connection) -> Result<(), StoreError>;

    /// Tells the result, unless the whole group failed.
    fn answer(self: Box<Self>, group: Result<(), StoreError>);
}

struct Request<T, W> {
    load: Load,
    work: Option<W>,
    done: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Job for Request<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn load(&self) -> Load {
        self.load
    }

    fn work(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let done = work(connection);
        let outcome = done.as_ref().map(|_| ()).map_err(Clone::clone);
        self.done = Some(done);
        outcome
    }

    fn answer(self: Box<Self>, group: Result<(), StoreError>) {
        let answer = match group {
            Ok(()) => self.done.unwrap_or_else(|| Err(Closed.into())),
            Err(error) => Err(error),
        };
        // Nobody waits where the future was dropped.
        let _ = self.reply.send(answer);
    }
}

fn serve(connection: &Mutex<Connection>, mut queue: mpsc::Receiver<Box<dyn Job>>, damage: &Damage) {
    let locked = || connection.lock().unwrap_or_else(PoisonError::into_inner);
    let mut to_erase = false;
    while let Some(first) = next(&mut queue, &mut to_erase, || empty_log(&locked(), ERASURE)) {
        let mut weight = first.load().weight;
        let mut group = vec![first];
        while weight < GROUP_MAX {
            let Ok(next) = queue.try_recv() else { break };
            weight += next.load().weight;
            group.push(next);
        }
        let outcome = {
            let mut connection = locked();
            // What was asked before the damage was found is refused, too.
            let outcome = damage.check().and_then(|()| commit(&mut connection, &mut group));
            damage.look(&outcome);
            to_erase |= group.iter().any(|job| job.load().erases);
            if to_erase {
                to_erase = !empty_log(&connection, ERASURE);
            }
            outcome
        };
        for job in group {
            job.answer(outcome.clone());
        }
    }
    // So that the file alone holds all of it.
    empty_log(&locked(), CLOSING);
}

/// The next request; none if none can come any more. Meanwhile, what is to be erased is erased.
fn next(
    queue: &mut mpsc::Receiver<Box<dyn Job>>,
    to_erase: &mut bool,
    erase: impl Fn() -> bool,
) -> Option<Box<dyn Job>> {
    while *to_erase {
        match queue.try_recv() {
            Ok(job) => return Some(job),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => thread::sleep(AGAIN),
        }
        *to_erase = !erase();
    }
    queue.blocking_recv()
}

/// What was deleted stands in the write-ahead log as it was before, until the log is emptied. Waits for readers so long at
/// most; says whether it is empty, which it is not while somebody reads an older state.
fn empty_log(connection: &Connection, wait: Duration) -> bool {
    let emptied = || -> rusqlite::Result<bool> {
        let patience: i64 = connection.pragma_query_value(None, "busy_timeout", |row| row.get(0))?;
        connection.busy_timeout(wait)?;
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        connection.pragma_update_and_check(None, "busy_timeout", patience, |_| Ok(()))?;
        busy.map(|busy: bool| !busy)
    };
    emptied().unwrap_or(false)
}

/// One transaction for all, and in it each request undone by itself when it is refused.
fn commit(connection: &mut Connection, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in group {
        let savepoint = transaction.savepoint()?;
        match job.work(&savepoint) {
            Ok(()) => savepoint.commit()?,
            Err(error) if is_refusal(&error) => savepoint.finish()?,
            Err(error) => return Err(error),
        }
    }
    transaction.commit()?;
    Ok(())
}
