//! Many calls in a row: a service that is asked too fast says so, which is told, and is asked again later.

use std::time::Duration;

use chatroom_client::CallError;
use tokio::time::sleep;

use crate::{color::ColorChoice, diagnostics, output::seconds};

/// So often a call is made before its refusal counts.
const TRIES: u32 = 5;
/// The pause where the service says none.
const PAUSE: Duration = Duration::from_secs(1);
/// Who is asked to wait longer than this is told so.
const LONGEST: Duration = Duration::from_secs(30);

/// Makes a call, and makes it again after a pause while the service is too busy for it: what it says is told.
pub(in crate::commands) async fn patiently<T>(
    color: ColorChoice,
    call: impl AsyncFn() -> Result<T, CallError>,
) -> Result<T, CallError> {
    let mut tries = 1;
    loop {
        let error = match call().await {
            Err(error) => error,
            done => return done,
        };
        let Some(pause) = pause(&error, tries) else { return Err(error) };
        if tries == 1 {
            diagnostics::note(&format!("{error}; trying again in {}", seconds(pause)), color);
        }
        sleep(pause).await;
        tries += 1;
    }
}

/// How long to wait before the call is made again, if it is.
fn pause(error: &CallError, tries: u32) -> Option<Duration> {
    let CallError::Status { status: 429 | 503, retry_after, .. } = error else { return None };
    let pause = retry_after.unwrap_or(PAUSE);
    (tries < TRIES && pause <= LONGEST).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, retry_after: Option<Duration>) -> CallError {
        CallError::Status { status, body: chatroom_wire::rest::ErrorBody::default(), retry_after }
    }

    #[test]
    fn only_a_busy_service_is_asked_again_and_not_for_ever() {
        let three = Some(Duration::from_secs(3));
        assert_eq!(pause(&status(429, three), 1), three);
        assert_eq!(pause(&status(503, None), 4), Some(PAUSE));
        assert_eq!(pause(&status(429, three), TRIES), None);
        assert_eq!(pause(&status(429, Some(Duration::from_secs(3600))), 1), None);
        for refusal in [status(400, three), status(500, None), CallError::TimedOut] {
            assert_eq!(pause(&refusal, 1), None, "{refusal}");
        }
    }
}
