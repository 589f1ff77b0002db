//! Values that are kept as clients get them.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use crate::store::StoreError;

/// A value to be stored.
pub(super) fn stored(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Internal(Arc::new(error)))
}

/// A value that was stored.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(json).map_err(|error| StoreError::Corrupt(Arc::new(error)))
}
