//! A machine that slept: the date has gone on, the clock for deadlines has not.

use std::time::Duration;

use jiff::SignedDuration;

use crate::{Now, Session, phase::Phase};

/// How often the clocks are compared while a link is open or waited for.
const EVERY: Duration = Duration::from_secs(10);
/// So much the date must have run ahead. A date that was set right looks the same: it costs one ping, and what waits has
/// expired earlier than it had to.
const ASLEEP: SignedDuration = SignedDuration::from_secs(10);

/// Both clocks, as they were seen last.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    seen: Option<Now>,
}

impl Session {
    /// Takes the time in. Finds out whether the machine slept: then the link is probed, nothing is waited for any longer,
    /// and own messages have waited for so long.
    pub(crate) fn look_at_clocks(&mut self, now: Now) {
        self.now = now;
        let Some(seen) = self.wake.seen.replace(now) else { return };
        let mono = SignedDuration::try_from(now.mono.saturating_sub(seen.mono)).unwrap_or(SignedDuration::MAX);
        let slept = now.wall.duration_since(seen.wall).saturating_sub(mono);
        if slept < ASLEEP {
            return;
        }
        self.outbox.slept(Duration::try_from(slept).unwrap_or_default());
        match &mut self.phase {
            Phase::Linked(link) => link.mqtt.ping(now.mono),
            Phase::Backoff { .. } => self.attempt(),
            _ => {}
        }
    }

    pub(crate) fn wake_deadline(&self) -> Option<Duration> {
        let watches = matches!(self.phase, Phase::Linked(_) | Phase::Backoff { .. });
        self.wake.seen.filter(|_| watches).map(|seen| seen.mono + EVERY)
    }
}
