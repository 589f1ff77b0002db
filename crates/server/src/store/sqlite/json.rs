//! Values that are kept as clients get them.

use std::sync::Arc;

use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::store::StoreError;

/// A row that is JSON, and no message.
#[derive(Debug, thiserror::Error)]
#[error("it is no JSON object")]
struct NoObject;

/// A value to be stored.
pub(super) fn stored(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Internal(Arc::new(error)))
}

/// A value that was stored.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(json).map_err(|error| StoreError::DamagedRow(Arc::new(error)))
}

/// Checks that what was stored is a JSON object, before it is passed on as it is.
///
/// # Errors
/// [`StoreError::DamagedRow`] where it is none.
pub(super) fn check(json: &[u8]) -> Result<(), StoreError> {
    let text = str::from_utf8(json).map_err(|error| StoreError::DamagedRow(Arc::new(error)))?;
    let IgnoredAny = serde_json::from_str(text).map_err(|error| StoreError::DamagedRow(Arc::new(error)))?;
    if text.trim_start().starts_with('{') { Ok(()) } else { Err(StoreError::DamagedRow(Arc::new(NoObject))) }
}
