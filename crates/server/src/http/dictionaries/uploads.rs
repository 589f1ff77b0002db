//! Uploads under way: one of each token, and few in all, since each holds a large file in memory.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::http::StatusCode;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::http::{ApiError, call_rates::CallerKey};

/// How many there may be at once.
const MAX: usize = 4;

/// How long the others wait, before anything of their files is read.
const WAIT: Duration = Duration::from_secs(30);

/// When to try again.
const AGAIN: Duration = Duration::from_secs(2);

/// Whose uploads are under way.
#[derive(Debug)]
pub(crate) struct Uploads {
    callers: Mutex<HashSet<CallerKey>>,
    places: Arc<Semaphore>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { callers: Mutex::default(), places: Arc::new(Semaphore::new(MAX)) }
    }
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Upload {
    caller: CallerKey,
    uploads: Arc<Uploads>,
    /// Given back with it.
    place: Option<OwnedSemaphorePermit>,
}

impl Uploads {
    /// An upload begins, once there is a place for it.
    ///
    /// # Errors
    /// 429 while another one of the caller is under way, 503 while too many of others are.
    pub(super) async fn begin(self: &Arc<Self>, caller: CallerKey) -> Result<Upload, ApiError> {
        if !self.callers().insert(caller.clone()) {
            let text = "another upload with this token is under way";
            return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, text).retry_after(AGAIN));
        }
        let mut upload = Upload { caller, uploads: Arc::clone(self), place: None };
        match timeout(WAIT, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => {
                upload.place = Some(place);
                Ok(upload)
            }
            _ => Err(ApiError::unavailable("too many uploads are under way; try again").retry_after(AGAIN)),
        }
    }

    fn callers(&self) -> MutexGuard<'_, HashSet<CallerKey>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.uploads.callers().remove(&self.caller);
    }
}
