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
    filter::{LevelFilter, Targets, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt as _,
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

/// Why a log filter can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{directive:?} is not a log level or filter: a level is one of {}", LEVELS.join(", "))]
pub(crate) struct LogError {
    directive: String,
}

/// The level without a filter.
const DEFAULT: LevelFilter = LevelFilter::WARN;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Our own log targets begin with the name of a crate.
const CRATES: [&str; 6] =
    ["chatroom", "chatroom_client", "chatroom_mqtt", "chatroom_server", "chatroom_session", "chatroom_wire"];

/// Starts the log with the filter of `--log`, else that of `$RUST_LOG`. Returns what of the variable is ignored: it is
/// there for other programs too, so that what can't be used here stops nothing.
///
/// # Errors
/// When the option can't be used.
pub(crate) fn start(option: Option<&str>, variable: Option<&str>) -> Result<Option<LogError>, LogError> {
    let (filter, refused) = parse(option.or(variable).unwrap_or_default());
    if option.is_some()
        && let Some(error) = refused
    {
        return Err(error);
    }
    tracing_subscriber::registry().with(layer(filter, io::stderr)).init();
    Ok(refused)
}

/// Reads a filter: levels, and levels of targets; without any, warnings are logged. Returns the first part of it that
/// can't be used, too.
fn parse(filter: &str) -> (Targets, Option<LogError>) {
    let directives = filter.split(',').map(str::trim).filter(|directive| !directive.is_empty());
    let (read, refused): (Vec<_>, Vec<_>) =
        directives.map(|directive| (directive, read(directive))).partition(|(_, read)| read.is_some());
    let refused = refused.first().map(|(directive, _)| LogError { directive: (*directive).to_owned() });
    if read.is_empty() {
        return (Targets::new().with_default(DEFAULT), refused);
    }
    let targets = read.into_iter().filter_map(|(_, read)| read).fold(Targets::new(), |targets, read| match read {
        (None, level) => targets.with_default(level),
        (Some(target), level) => targets.with_target(target, level),
    });
    (targets, refused)
}

/// Reads `LEVEL`, `TARGET=LEVEL`, or one of our own targets, which then logs everything. Any other bare word is a mistyped
/// level, and a target that only looks like ours a mistyped target.
fn read(directive: &str) -> Option<(Option<&str>, LevelFilter)> {
    match directive.split_once('=') {
        Some((target, level)) => {
            let (target, level) = (target.trim(), level_of(level.trim())?);
            let is_usable = is_own_target(target) || is_path(target) && !target.starts_with("chatroom");
            is_usable.then_some((Some(target), level))
        }
        None => level_of(directive)
            .map(|level| (None, level))
            .or_else(|| is_own_target(directive).then_some((Some(directive), LevelFilter::TRACE))),
    }
}

fn is_own_target(target: &str) -> bool {
    is_path(target) && target.split("::").next().is_some_and(|name| CRATES.contains(&name))
}

/// Whether a text is a path of modules.
fn is_path(target: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    target.split("::").all(is_name)
}

fn level_of(text: &str) -> Option<LevelFilter> {
    text.parse().ok().filter(|_| !text.is_empty())
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
        let subscriber = tracing_subscriber::registry().with(layer(parse(filter).0, move || writer.clone()));
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
        let subscriber = tracing_subscriber::registry().with(layer(parse("trace").0, move || writer.clone()));
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
    fn unknown_levels_and_targets_are_refused_with_the_levels() {
        for filter in [
            "verbose",
            "chatroom=loudly",
            "warning",
            "session",
            "chatroom_sesion=debug",
            "6",
            "=info",
            "a b=info",
            "chatroom=",
        ] {
            let error = parse(filter).1.unwrap_or_else(|| panic!("{filter} is taken")).to_string();
            assert!(error.contains(filter) && error.contains("off, error, warn, info, debug, trace"), "{error}");
        }
        for filter in ["", " , ", "OFF", "debug, chatroom_session = trace", "hyper=off", "chatroom_client::driver", "5"]
        {
            assert_eq!(parse(filter).1, None, "{filter}");
        }
    }

    #[test]
    fn the_part_of_a_filter_that_can_be_used_is() {
        let (targets, refused) = parse("loud,info,session");
        assert_eq!(refused, Some(LogError { directive: "loud".to_owned() }));
        assert!(targets.would_enable("chatroom", &Level::INFO) && !targets.would_enable("chatroom", &Level::DEBUG));
        let (targets, _) = parse("loud");
        assert!(targets.would_enable("chatroom", &Level::WARN) && !targets.would_enable("chatroom", &Level::INFO));
    }
}
