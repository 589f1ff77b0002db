//! Keeps one place in the program from filling the log with the same warning.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::{Event, Level, Metadata, Subscriber, callsite::Identifier};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// How many warnings of one place are written within [`WINDOW`].
const BURST: u32 = 5;

/// For how long warnings of one place are counted together.
const WINDOW: Duration = Duration::from_secs(60);

/// Formats events; of the warnings and errors of one place, the first few in a minute.
#[derive(Debug)]
pub(super) struct Limited<F> {
    format: F,
    places: Mutex<HashMap<Identifier, Place>>,
}

/// What a place in the program has said lately.
#[derive(Debug)]
struct Place {
    since: Instant,
    written: u32,
    left_out: u64,
}

impl<F> Limited<F> {
    pub(super) fn new(format: F) -> Self {
        Self { format, places: Mutex::default() }
    }

    /// How many like this were left out before it; none if this one is left out, too.
    fn admit(&self, metadata: &Metadata<'_>, now: Instant) -> Option<u64> {
        if *metadata.level() > Level::WARN {
            return Some(0);
        }
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let new = Place { since: now, written: 0, left_out: 0 };
        let place = places.entry(metadata.callsite()).or_insert(new);
        let mut left_out = 0;
        if now.duration_since(place.since) >= WINDOW {
            left_out = place.left_out;
            *place = Place { since: now, written: 0, left_out: 0 };
        }
        if place.written == BURST {
            place.left_out += 1;
            return None;
        }
        place.written += 1;
        Some(left_out)
    }
}

impl<S, N, F> FormatEvent<S, N> for Limited<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        match self.admit(event.metadata(), Instant::now()) {
            None => Ok(()),
            Some(0) => self.format.format_event(context, writer, event),
            Some(left_out) => {
                let mut line = String::new();
                self.format.format_event(context, Writer::new(&mut line), event)?;
                writeln!(writer, "{} ({left_out} more like this were left out before)", line.trim_end_matches('\n'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing::subscriber::with_default;
    use tracing_subscriber::{Registry, layer::SubscriberExt as _};

    use super::*;

    #[test]
    fn warnings_of_one_place_are_counted_after_the_first_few_of_a_minute() {
        struct Places(Arc<Mutex<Vec<Option<u64>>>>, Arc<Mutex<Instant>>, Limited<()>);
        impl<S: Subscriber> tracing_subscriber::Layer<S> for Places {
            fn on_event(&self, event: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
                self.0.lock().unwrap().push(self.2.admit(event.metadata(), *self.1.lock().unwrap()));
            }
        }
        let (admitted, now) = (Arc::default(), Arc::new(Mutex::new(Instant::now())));
        let layer = Places(Arc::clone(&admitted), Arc::clone(&now), Limited::new(()));
        with_default(Registry::default().with(layer), || {
            for round in 0..10 {
                tracing::warn!(target: "chatroom", round, "the disk is full");
            }
            tracing::warn!(target: "chatroom", "another place");
            *now.lock().unwrap() += WINDOW;
            tracing::info!(target: "chatroom", "no warning");
        });
        let admitted = std::mem::take(&mut *admitted.lock().unwrap());
        assert_eq!(admitted, [[Some(0); 5], [None; 5]].concat().into_iter().chain([Some(0); 2]).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_warning_after_that_says_how_many_were_left_out() {
        struct One(Mutex<Vec<Option<u64>>>, Instant, Limited<()>);
        impl<S: Subscriber> tracing_subscriber::Layer<S> for One {
            fn on_event(&self, event: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
                let mut admitted = self.0.lock().unwrap();
                let minutes = u32::try_from(admitted.len() / 8).unwrap();
                admitted.push(self.2.admit(event.metadata(), self.1 + WINDOW * minutes));
                if admitted.len() == 9 {
                    assert_eq!(admitted[8], Some(3), "{admitted:?}");
                }
            }
        }
        let layer = One(Mutex::default(), Instant::now(), Limited::new(()));
        with_default(Registry::default().with(layer), || {
            for _ in 0..9 {
                tracing::error!(target: "chatroom", "the disk is full");
            }
        });
    }
}
