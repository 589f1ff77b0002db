//! Connections that read, on blocking threads.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;
use tokio::{sync::Semaphore, task};

use super::{damage::Damage, fault::Closed, schema};
use crate::store::StoreError;

/// How many connections read at once.
const READERS: usize = 4;

#[derive(Debug)]
pub(super) struct Readers {
    source: Source,
    damage: Damage,
}

#[derive(Debug)]
enum Source {
    /// Connections of their own, opened when they are first needed; none once the store is closed.
    File { path: PathBuf, permits: Arc<Semaphore>, idle: Arc<Mutex<Option<Vec<Connection>>>> },
    /// The writer's connection, between its transactions.
    Writer(Arc<Mutex<Connection>>),
}

impl Readers {
    pub(super) fn of_file(path: &Path, damage: Damage) -> Self {
        let source = Source::File {
            path: path.to_owned(),
            permits: Arc::new(Semaphore::new(READERS)),
            idle: Arc::new(Mutex::new(Some(Vec::with_capacity(READERS)))),
        };
        Self { source, damage }
    }

    pub(super) fn of_writer(connection: Arc<Mutex<Connection>>, damage: Damage) -> Self {
        Self { source: Source::Writer(connection), damage }
    }

    /// Closes those connections that nobody uses; the others are closed when their read is done. What can only read can't
    /// be the last to close the file: it could not empty the write-ahead log.
    pub(super) fn close(&self) {
        if let Source::File { idle, .. } = &self.source {
            drop(locked(idle).take());
        }
    }

    /// Has `work` done on one state of the store.
    ///
    /// # Cancel safety
    /// Nothing is lost but the answer.
    pub(super) async fn read<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let task = match &self.source {
            Source::File { path, permits, idle } => {
                let permit = Arc::clone(permits).acquire_owned().await.map_err(|_| Closed)?;
                let (path, idle) = (path.clone(), Arc::clone(idle));
                task::spawn_blocking(move || {
                    let ready = locked(&idle).as_mut().ok_or(Closed)?.pop();
                    let mut connection = ready.map_or_else(|| schema::open_reader(&path), Ok)?;
                    let result = in_one_state(&mut connection, work);
                    // One that failed may be at fault itself: the next reader opens a new one.
                    if result.is_ok()
                        && let Some(idle) = locked(&idle).as_mut()
                    {
                        idle.push(connection);
                    }
                    drop(permit);
                    result
                })
            }
            Source::Writer(connection) => {
                let connection = Arc::clone(connection);
                task::spawn_blocking(move || in_one_state(&mut locked(&connection), work))
            }
        };
        let result = task.await.map_err(|error| {
            if error.is_cancelled() { Closed.into() } else { StoreError::Internal(Arc::new(error)) }
        })?;
        self.damage.look(&result);
        result
    }
}

fn in_one_state<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection.transaction()?;
    let result = work(&transaction)?;
    transaction.finish()?;
    Ok(result)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
