//! How long a test waits before it fails.

use std::future::Future;
use std::time::Duration;

/// The longest that any single wait of a test may take. It is a bound for what has hung, not a measure: generous, so
/// that a busy machine does not fail a test.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for `future`.
///
/// # Panics
/// If it takes longer than [`PATIENCE`].
///
/// # Cancel safety
/// As that of `future`.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let finished = tokio::time::timeout(PATIENCE, future).await;
    finished.unwrap_or_else(|_| panic!("waited {} s for {what}", PATIENCE.as_secs()))
}
