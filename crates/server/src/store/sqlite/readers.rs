//! Connections that read, on blocking threads.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;
use tokio::{sync::Semaphore, task};

use super::{fault::Closed, schema};
use crate::store::StoreError;

/// How many connections read at once.
const READERS: usize = 4;

#[derive(Debug)]
pub(super) enum Readers {
    /// Connections of their own, opened when they are first needed.
    File { path: PathBuf, permits: Arc<Semaphore>, idle: Arc<Mutex<Vec<Connection>>> },
    /// The writer's connection, between its transactions.
    Writer(Arc<Mutex<Connection>>),
}

impl Readers {
    pub(super) fn of_file(path: &Path) -> Self {
        Self::File {
            path: path.to_owned(),
            permits: Arc::new(Semaphore::new(READERS)),
            idle: Arc::new(Mutex::new(Vec::with_capacity(READERS))),
        }
    }

    pub(super) fn of_writer(connection: Arc<Mutex<Connection>>) -> Self {
        Self::Writer(connection)
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
        let task = match self {
            Self::File { path, permits, idle } => {
                let permit = Arc::clone(permits).acquire_owned().await.map_err(|_| Closed)?;
                let (path, idle) = (path.clone(), Arc::clone(idle));
                task::spawn_blocking(move || {
                    let ready = locked(&idle).pop();
                    let mut connection = ready.map_or_else(|| schema::open_reader(&path), Ok)?;
                    let result = in_one_state(&mut connection, work);
                    // One that failed may be at fault itself: the next reader opens a new one.
                    if result.is_ok() {
                        locked(&idle).push(connection);
                    }
                    drop(permit);
                    result
                })
            }
            Self::Writer(connection) => {
                let connection = Arc::clone(connection);
                task::spawn_blocking(move || in_one_state(&mut locked(&connection), work))
            }
        };
        task.await.map_err(
            |error| {
                if error.is_cancelled() { Closed.into() } else { StoreError::Internal(Arc::new(error)) }
            },
        )?
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
