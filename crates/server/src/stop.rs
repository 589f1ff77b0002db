//! How the server stops: everybody is told, and whoever has work to finish is waited for.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{Notify, watch};

/// How far the stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The server works.
    Running,
    /// Nobody new is let in, and clients are asked to leave.
    Draining,
    /// Whatever still runs ends now.
    Over,
}

/// Tells everybody how far the stop has come.
#[derive(Debug)]
pub(crate) struct Stop {
    phase: watch::Sender<Phase>,
    work: Arc<Work>,
}

#[derive(Debug, Default)]
struct Work {
    count: AtomicUsize,
    changed: Notify,
}

/// Work that a stop waits for, until dropped.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Work>);

/// Hears how far the stop has come.
#[derive(Debug, Clone)]
pub(crate) struct StopWatch(watch::Receiver<Phase>);

impl Stop {
    pub(crate) fn new() -> Self {
        Self { phase: watch::channel(Phase::Running).0, work: Arc::default() }
    }

    /// Goes on to a later phase; never back.
    pub(crate) fn advance(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let later = *phase < to;
            *phase = to.max(*phase);
            later
        });
    }

    /// How far it has come.
    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub(crate) fn watch(&self) -> StopWatch {
        StopWatch(self.phase.subscribe())
    }

    /// Work begins that a stop must wait for.
    pub(crate) fn busy(&self) -> Busy {
        self.work.count.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(&self.work))
    }

    /// Returns when no work is left.
    pub(crate) async fn all_done(&self) {
        loop {
            let changed = self.work.changed.notified();
            if self.work.count.load(Ordering::Acquire) == 0 {
                return;
            }
            changed.await;
        }
    }
}

impl StopWatch {
    /// Returns once the stop has come to this phase, or the server is gone.
    pub(crate) async fn reached(&mut self, phase: Phase) {
        // An error means that the sender is gone, and with it the server.
        let _ = self.0.wait_for(|now| *now >= phase).await;
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_stop_waits_for_all_work() {
        let stop = Stop::new();
        let (first, second) = (stop.busy(), stop.busy());
        let mut done = Box::pin(stop.all_done());
        assert!((&mut done).now_or_never().is_none());
        drop(first);
        assert!((&mut done).now_or_never().is_none());
        drop(second);
        done.await;
    }

    #[tokio::test]
    async fn phases_go_forward_only_and_latecomers_hear_of_them() {
        let stop = Stop::new();
        stop.advance(Phase::Over);
        stop.advance(Phase::Draining);
        assert_eq!(stop.phase(), Phase::Over);
        stop.watch().reached(Phase::Draining).await;
    }
}
