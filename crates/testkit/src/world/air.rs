//! What everything in the world shares: the time, chance, the weather, the wires, and the trace.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::{
    Tally,
    breach::Breach,
    dice::Dice,
    wire::{Wire, WireId},
};

/// Shared by all.
#[derive(Debug)]
pub(crate) struct Air {
    /// Since the world began; never goes back, and no clock of anybody's.
    pub(crate) now: Duration,
    pub(crate) dice: Dice,
    pub(crate) weather: Weather,
    pub(crate) breach: Option<Breach>,
    /// Whether the service numbers its deliveries and keeps its word on PUBACKs; else it is as the vendor's.
    pub(crate) ours: bool,
    pub(crate) wires: BTreeMap<WireId, Wire>,
    pub(crate) next_wire: u64,
    /// How much of what the network and the services do has happened.
    pub(crate) tally: Tally,
    trace: Option<Vec<String>>,
    /// What was found broken first.
    pub(crate) violation: Option<String>,
}

/// Faults that last, each until a time.
#[derive(Debug, Default)]
pub(crate) struct Weather {
    /// No link opens: refused, or no answer at all.
    pub(crate) unreachable: Duration,
    pub(crate) hangs: Duration,
    /// Deliveries are lost, come twice, or in another order.
    pub(crate) loses: Duration,
    pub(crate) doubles: Duration,
    pub(crate) reorders: Duration,
    /// REST calls: the history, and the others.
    pub(crate) history: Duration,
    pub(crate) calls: Duration,
    /// Pages of the history are answered from an older state.
    pub(crate) stale: Duration,
    /// The server's disk takes seconds.
    pub(crate) slow_commit: Duration,
    /// How long tokens live, in seconds.
    pub(crate) token_life: i64,
}

impl Weather {
    /// All faults end.
    pub(crate) fn clear(&mut self) {
        *self = Self { token_life: 1_000_000, ..Self::default() };
    }
}

impl Air {
    pub(crate) fn new(seed: u64, breach: Option<Breach>, traced: bool) -> Self {
        let mut dice = Dice::new(seed);
        let weather = Weather { token_life: [300, 900, 7_200, 100_000][dice.place(4)], ..Weather::default() };
        Self {
            now: Duration::ZERO,
            ours: breach.is_some_and(Breach::is_of_our_service) || !dice.chance(35),
            dice,
            weather,
            breach,
            wires: BTreeMap::new(),
            next_wire: 0,
            tally: Tally::default(),
            trace: traced.then(Vec::new),
            violation: None,
        }
    }

    pub(crate) fn breaks(&self, rule: Breach) -> bool {
        self.breach == Some(rule)
    }

    /// The true date.
    pub(crate) fn date(&self) -> Timestamp {
        EPOCH + self.now
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.trace {
            lines.push(format!("{:>10.6}  {}", self.now.as_secs_f64(), line()));
        }
    }

    /// A promise is broken. The first one counts.
    pub(crate) fn violated(&mut self, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            let what = what();
            self.note(|| format!("BROKEN: {what}"));
            self.violation = Some(what);
        }
    }

    pub(crate) fn take_trace(&mut self) -> Vec<String> {
        self.trace.take().unwrap_or_default()
    }
}

/// 2026-01-01T00:00:00Z
const EPOCH: Timestamp = Timestamp::constant(1_767_225_600, 0);
