//! The log: on stderr, warnings unless something else is asked for.
//!
//! - [`safe_lines`]: what is quoted in it steers no terminal; [`limited`]: the same warning does not fill it

mod limited;
mod safe_lines;

use std::io;

use limited::Limited;
use safe_lines::SafeLines;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::{ParseError, Targets, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt as _,
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
#[error("the log filter {filter:?} can't be used")]
pub(crate) struct LogError {
    filter: String,
    source: ParseError,
}

/// What is logged where nothing is said.
const DEFAULT: &str = "warn";

/// Starts the log by `--log`, else by `$RUST_LOG`.
pub(crate) fn start(option: Option<&str>, variable: Option<String>) -> Result<(), LogError> {
    let filter = option.map(str::to_owned).or(variable).filter(|filter| !filter.trim().is_empty());
    let filter = filter.unwrap_or_else(|| DEFAULT.to_owned());
    let parsed = filter.parse().map_err(|source| LogError { filter, source })?;
    tracing_subscriber::registry().with(layer(parsed, io::stderr)).init();
    Ok(())
}

fn layer<S, W>(filter: Targets, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines =
        tracing_subscriber::fmt::layer().with_writer(SafeLines(writer)).with_ansi(false).map_event_format(Limited::new);
    lines.with_filter(filter).with_filter(filter_fn(is_ours))
}

/// Own lines of any level, and warnings of others: libraries that carry bytes write what they carry into their traces,
/// and that includes tokens.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("chatroom") || *metadata.level() <= Level::WARN
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str) -> String {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::registry().with(layer(filter.parse().unwrap(), move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "chatroom_session", "ours");
            tracing::info!(target: "mqtt_protocol_core", "canary");
            tracing::warn!(target: "mqtt_protocol_core", "theirs");
        });
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn libraries_that_carry_tokens_stay_silent_whatever_the_filter_says() {
        for filter in ["trace", "mqtt_protocol_core=trace,chatroom_session=trace"] {
            let log = logged(filter);
            assert!(log.contains("ours") && log.contains("theirs") && !log.contains("canary"), "{log}");
        }
    }

    #[test]
    fn what_an_event_quotes_stays_on_its_line_and_steers_no_terminal() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::registry().with(layer("trace".parse().unwrap(), move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let hostile = "\x1b]0;owned\x07 \u{9b}2J \u{202e}\n2026-06-01T00:00:00Z  INFO chatroom: all is well";
            tracing::info!(target: "chatroom", quoted = hostile, shown = %hostile, debug = ?Some(hostile), "{hostile}");
        });
        let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let line = log.strip_suffix('\n').unwrap();
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{log:?}");
        assert!(line.matches("all is well").count() == 4, "{log:?}");
    }

    #[test]
    fn a_filter_that_can_t_be_read_is_refused() {
        let error = start(Some("chatroom=loudly"), None).unwrap_err();
        assert_eq!(error.to_string(), "the log filter \"chatroom=loudly\" can't be used");
        assert!(start(None, Some(" ".to_owned())).is_ok(), "an empty variable is none: warnings are logged");
    }
}
