//! The wish to stop: Ctrl-C, SIGTERM, a terminal that is closed. And that the program goes on after it was stopped:
//! SIGCONT.

use std::io;

/// Listens for the program to go on after it was stopped, as by Ctrl-Z.
#[derive(Debug)]
pub(crate) struct Continued {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Continued {
    /// Listens from here on.
    pub(crate) fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self { signal: signal(SignalKind::from_raw(SIGCONT))? })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits until it goes on; for ever where nothing tells. May be dropped and called again.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        if self.signal.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// Its number, which tokio has no name for.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SIGCONT: i32 = 18;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
const SIGCONT: i32 = 19;

/// Listens for signals that end the program, from the moment it is made, so that it ends in order.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    ending: Vec<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
    #[cfg(windows)]
    terminate: tokio::signal::windows::CtrlClose,
}

impl Signals {
    /// Takes the signals over from the system.
    pub(crate) fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut ending = vec![signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
            let others =
                [SignalKind::quit(), SignalKind::alarm(), SignalKind::user_defined1(), SignalKind::user_defined2()];
            for kind in others.into_iter().filter(|kind| !is_ignored(*kind)) {
                ending.push(signal(kind)?);
            }
            let hangup = Some(SignalKind::hangup()).filter(|kind| !is_ignored(*kind));
            Ok(Self { ending, hangup: hangup.map(signal).transpose()? })
        }
        #[cfg(windows)]
        {
            use tokio::signal::windows::{ctrl_c, ctrl_close};
            Ok(Self { interrupt: ctrl_c()?, terminate: ctrl_close()? })
        }
    }

    /// The same without the hang-up, which means something else to a program that has no terminal.
    pub(crate) fn listen_without_hangup() -> io::Result<Self> {
        let mut signals = Self::listen()?;
        #[cfg(unix)]
        {
            signals.hangup = None;
        }
        Ok(signals)
    }

    /// Waits for the next wish to stop, or for the terminal to go. May be dropped and called again.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        std::future::poll_fn(|cx| {
            let all = self.ending.iter_mut().chain(&mut self.hangup);
            first(cx, all)
        })
        .await;
        #[cfg(windows)]
        self.next_wish().await;
    }

    /// Waits for the next wish to stop alone: a terminal that goes may say so more than once. May be dropped and called
    /// again.
    pub(crate) async fn next_wish(&mut self) {
        #[cfg(unix)]
        std::future::poll_fn(|cx| first(cx, self.ending.iter_mut())).await;
        #[cfg(windows)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ready when any of them came.
#[cfg(unix)]
fn first<'a>(
    cx: &mut std::task::Context<'_>,
    signals: impl Iterator<Item = &'a mut tokio::signal::unix::Signal>,
) -> std::task::Poll<()> {
    let mut came = std::task::Poll::Pending;
    for signal in signals {
        if let std::task::Poll::Ready(Some(())) = signal.poll_recv(cx) {
            came = std::task::Poll::Ready(());
        }
    }
    came
}

/// Whether whoever started the program had it ignore this signal, as `nohup` does. Known on Linux only.
#[cfg(unix)]
fn is_ignored(kind: tokio::signal::unix::SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}

/// Listens for the hang-up of a program that has no terminal: by custom, it reads its files anew then.
#[derive(Debug)]
pub(crate) struct Hangup {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Hangup {
    /// Listens from here on.
    pub(crate) fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self { signal: signal(SignalKind::hangup())? })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next one; for ever where there is none. May be dropped and called again.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        if self.signal.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}
