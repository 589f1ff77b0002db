//! A file that was found damaged: from then on nothing is written to it, so that what can be read still can be saved.

use std::sync::{Arc, OnceLock};

use tracing::error;

use crate::store::StoreError;

/// Whether the file was found damaged; shared by all who use it.
#[derive(Debug, Clone, Default)]
pub(super) struct Damage(Arc<OnceLock<StoreError>>);

impl Damage {
    /// # Errors
    /// The damage that was found first, if any was.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.0.get().map_or(Ok(()), |found| Err(found.clone()))
    }

    /// Notes whether an outcome shows damage.
    pub(super) fn look<T>(&self, outcome: &Result<T, StoreError>) {
        if let Err(found @ StoreError::Corrupt(_)) = outcome
            && self.0.set(found.clone()).is_ok()
        {
            error!(error = %found, "the store is damaged: nothing is written to it any more; restore a backup");
        }
    }
}
