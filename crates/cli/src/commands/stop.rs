//! When a command is to end: by a signal, by the clock, or because nobody reads its output any more.

use std::{future::pending, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{failure::Failure, signals::Signals};

/// Waits for a reason to end.
#[derive(Debug)]
pub(super) struct Stop {
    signals: Signals,
    end: Option<End>,
    /// Turns true once nobody reads stdout any more.
    unread: Option<watch::Receiver<bool>>,
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
    /// Nobody reads stdout any more.
    Unread,
}

impl Stop {
    /// Listens from here on; with a length, the time runs from here.
    pub(super) fn after(length: Option<Duration>) -> Result<Self, Failure> {
        let signals = Signals::listen().map_err(|source| Failure::System { what: "signals", source })?;
        let end = length.map(|length| End { at: Instant::now() + length, length });
        Ok(Self { signals, end, unread: None })
    }

    /// Ends also once the reader of stdout is gone, which a command that waits for others would not notice by writing.
    pub(super) fn while_read(mut self) -> Self {
        self.unread = watch_stdout();
        self
    }

    /// Listens from here on, but for the hang-up.
    pub(super) fn without_hangup() -> Result<Self, Failure> {
        let signals = Signals::listen_without_hangup();
        let signals = signals.map_err(|source| Failure::System { what: "signals", source })?;
        Ok(Self { signals, end: None, unread: None })
    }

    /// Waits until the command is to end. May be dropped and called again.
    pub(super) async fn wanted(&mut self) -> Why {
        let Self { signals, end, unread } = self;
        let over = async {
            match end {
                None => pending().await,
                Some(End { at, length }) => {
                    sleep_until(*at).await;
                    *length
                }
            }
        };
        let unread = async {
            if let Some(unread) = unread
                && unread.wait_for(|unread| *unread).await.is_ok()
            {
                return;
            }
            pending::<()>().await;
        };
        tokio::select! {
            biased;
            () = signals.next() => Why::Signal,
            length = over => Why::Time(length),
            () = unread => Why::Unread,
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

/// Watches stdout from a thread of its own, which ends with the program.
#[cfg(unix)]
fn watch_stdout() -> Option<watch::Receiver<bool>> {
    use rustix::{
        event::{PollFd, PollFlags, poll},
        io::Errno,
    };

    let (told, unread) = watch::channel(false);
    let watch = move || {
        let stdout = std::io::stdout();
        // Errors and hang-ups are told without being asked for; a file or a terminal has none, and is watched in vain.
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        while poll(&mut watched, None) == Err(Errno::INTR) {}
        let is_unread = watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP);
        // Nobody listens where the command has ended.
        let _ = told.send(is_unread);
    };
    // Where there is no thread for it, the next line that is written tells.
    std::thread::Builder::new().name("reader".to_owned()).spawn(watch).is_ok().then_some(unread)
}

#[cfg(not(unix))]
fn watch_stdout() -> Option<watch::Receiver<bool>> {
    None
}
