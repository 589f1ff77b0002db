//! When a command is to end: by a signal, or by the clock.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::{failure::Failure, signals::Signals};

/// Waits for a reason to end.
#[derive(Debug)]
pub(super) struct Stop {
    signals: Signals,
    end: Option<End>,
}

#[derive(Debug, Clone, Copy)]
struct End {
    at: Instant,
    length: Duration,
}

/// Why a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Somebody asked for it.
    Signal,
    /// Its time, which was this long, is over.
    Time(Duration),
}

impl Stop {
    /// Listens from here on; with a length, the time runs from here.
    pub(super) fn after(length: Option<Duration>) -> Result<Self, Failure> {
        let signals = Signals::listen().map_err(|source| Failure::System { what: "signals", source })?;
        Ok(Self { signals, end: length.map(|length| End { at: Instant::now() + length, length }) })
    }

    /// Listens from here on, but for the hang-up.
    pub(super) fn without_hangup() -> Result<Self, Failure> {
        let signals = Signals::listen_without_hangup();
        Ok(Self { signals: signals.map_err(|source| Failure::System { what: "signals", source })?, end: None })
    }

    /// Waits until the command is to end. May be dropped and called again.
    pub(super) async fn wanted(&mut self) -> Why {
        match self.end {
            None => {
                self.signals.next().await;
                Why::Signal
            }
            Some(End { at, length }) => tokio::select! {
                () = self.signals.next() => Why::Signal,
                () = sleep_until(at) => Why::Time(length),
            },
        }
    }

    /// Waits for the next signal alone.
    pub(super) async fn signal(&mut self) {
        self.signals.next().await;
    }

    /// Waits for somebody to ask once more, by hand.
    pub(super) async fn hurry(&mut self) {
        self.signals.next_wish().await;
    }
}
