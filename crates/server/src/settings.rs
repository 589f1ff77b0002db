//! Every limit of the server, in one table: name, default, what is allowed, what it does.
//!
//! A setting is written `name = value` in a TOML file or `--set name=value`; durations as `50ms`, `30s`, `1h30m` (a bare
//! number counts seconds), sizes as `100KiB` (a bare number counts bytes).

mod networks;
mod value;

use std::{collections::BTreeMap, time::Duration};

pub use networks::Networks;
use strsim::levenshtein;
pub use value::Size;
use value::Value;

/// One row of the table, with its value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The dotted name.
    pub name: &'static str,
    /// The value in force, as it would be written.
    pub value: String,
    /// The value where nothing is said.
    pub default: String,
    /// What is allowed, for a person.
    pub allowed: String,
    /// What is counted, where the value does not say it itself.
    pub unit: &'static str,
    /// What it does, in one line.
    pub explanation: &'static str,
}

/// Why a setting was not taken. Settings hold no secrets, so the value is quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// There is no setting of this name.
    #[error("there is no setting {key}{}", did_you_mean(.near))]
    Unknown {
        /// The name as it was written.
        key: String,
        /// The settings whose names come near.
        near: Vec<&'static str>,
    },
    /// The value can't be read, or is out of range.
    #[error("the setting {key} can't be {value:?}: it takes {allowed}")]
    Value {
        /// The setting.
        key: &'static str,
        /// The value as it was written.
        value: String,
        /// What it takes.
        allowed: String,
    },
    /// The text is no TOML.
    #[error("the settings are no TOML: {0}")]
    Toml(String),
    /// Two settings contradict each other.
    #[error("the setting {low} must not be above {high}")]
    Order {
        /// The one that is too high.
        low: &'static str,
        /// The one that is too low.
        high: &'static str,
    },
}

fn did_you_mean(near: &[&str]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

/// Writes the struct, its defaults and the table from one list, so that they can't drift apart.
macro_rules! settings {
    ($($field:ident: $type:ty = $name:literal, $default:expr, $low:expr, $high:expr, $unit:literal, $explanation:literal;)*) => {
        /// Every limit of the server.
        ///
        /// ```
        /// use chatroom_server::Settings;
        ///
        /// let mut settings = Settings::default();
        /// settings.set("rate.viewer", "100")?;
        /// assert_eq!(settings.rate_viewer, 100);
        /// assert!(settings.set("rate.vewer", "1").unwrap_err().to_string().contains("rate.viewer"));
        /// # Ok::<(), chatroom_server::SettingError>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Settings {
            $(
                #[doc = concat!("`", $name, "`: ", $explanation, ".")]
                pub $field: $type,
            )*
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        const NAMES: &[&str] = &[$($name),*];

        impl Settings {
            /// Every setting with its value in force, in the order of the table.
            pub fn list(&self) -> Vec<Setting> {
                let default = Self::default();
                vec![$(Setting {
                    name: $name,
                    value: self.$field.show(),
                    default: default.$field.show(),
                    allowed: <$type>::allowed(&$low, &$high),
                    unit: $unit,
                    explanation: $explanation,
                },)*]
            }

            /// Sets one setting by its dotted name.
            ///
            /// # Errors
            /// When there is no such setting, or it does not take this value; then nothing changes.
            pub fn set(&mut self, key: &str, value: &str) -> Result<(), SettingError> {
                match key {
                    $($name => {
                        self.$field = <$type>::read(value.trim()).filter(|it| it.is_within(&$low, &$high)).ok_or_else(
                            || SettingError::Value {
                                key: $name,
                                value: value.to_owned(),
                                allowed: <$type>::allowed(&$low, &$high),
                            },
                        )?;
                    })*
                    _ => return Err(SettingError::Unknown { key: key.to_owned(), near: near(key) }),
                }
                Ok(())
            }
        }
    };
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const DAY: u64 = 24 * 60 * 60;

settings! {
    text_max: u32 = "text.max", 1000, 1, 30_000, "code points", "the longest text of a message";
    name_max: u32 = "name.max", 100, 1, 1000, "code points", "the longest name a sender may use";
    message_max: Size = "message.max", Size(120 << 10), Size(1 << 10), Size(120 << 10), "", "the largest message, with what the server writes into it";
    message_unknown_max: Size = "message.unknown_max", Size(4 << 10), Size(0), Size(120 << 10), "", "how much of a message may be fields that the server does not know";
    rate_viewer: u32 = "rate.viewer", 5, 1, 1_000_000, "messages a second", "how fast a viewer may write; bursts of twice that";
    rate_viewer_bytes: Size = "rate.viewer_bytes", Size(32 << 10), Size(1 << 10), Size(1 << 30), "", "how many bytes a second a viewer may write";
    rate_viewer_burst: Size = "rate.viewer_burst", Size(256 << 10), Size(1 << 10), Size(1 << 30), "", "how many bytes a viewer may write at once, after a pause";
    rate_admin: u32 = "rate.admin", 100, 1, 1_000_000, "messages a second", "how fast an admin may write; bursts of twice that";
    rate_calls: u32 = "rate.calls", 100, 1, 1_000_000, "calls a second", "how many calls somebody with a good token may make; bursts of ten times that";
    rate_calls_unknown: u32 = "rate.calls_unknown", 200, 1, 1_000_000, "calls a second", "how many calls may come from one address without a good token; bursts of ten times that";
    batch_window: Duration = "batch.window", Duration::from_millis(50), Duration::ZERO, seconds(10), "", "for how long the messages of a busy room are gathered into one packet";
    batch_max: Size = "batch.max", Size(100 << 10), Size(1 << 10), Size(120 << 10), "", "the largest payload of such a packet";
    history_keep: Duration = "history.keep", seconds(30 * DAY), Duration::ZERO, seconds(3660 * DAY), "", "for how long messages are kept; 0 is for ever";
    history_count: u32 = "history.count", 1_000_000, 0, u32::MAX, "messages", "how many messages of a room are kept, the newest; 0 is all";
    connections_max: u32 = "connections.max", 20_000, 1, 10_000_000, "connections", "how many clients may be connected";
    connections_per_user: u32 = "connections.per_user", 10, 1, 1_000_000, "connections", "how many of them may be one user's in one room";
    connections_per_address: u32 = "connections.per_address", 10_000, 1, 10_000_000, "connections", "how many connections of any kind one address may have, this machine's own too";
    connections_unknown: u32 = "connections.unknown", 4096, 1, 1_000_000, "connections", "how many connections may be open that have not authenticated; the oldest makes room";
    connections_unknown_per_address: u32 = "connections.unknown_per_address", 256, 1, 1_000_000, "connections", "how many of those one address may have for longer than five seconds";
    proxies_trusted: Networks = "proxies.trusted", Networks::NONE, Networks::NONE, Networks::NONE, "", "whose X-Forwarded-For, -Proto and -Host count";
    connect_first_byte: Duration = "connect.first_byte", seconds(2), Duration::from_millis(100), seconds(600), "", "how long a connection may be silent at first";
    connect_timeout: Duration = "connect.timeout", seconds(10), seconds(1), seconds(600), "", "how long TLS, the request's head, and the CONNECT may take, each";
    keepalive_min: Duration = "keepalive.min", seconds(30), seconds(1), seconds(65_535), "", "the shortest keep alive; a client's shorter one is raised to it";
    keepalive_max: Duration = "keepalive.max", seconds(1200), seconds(1), seconds(65_535), "", "the longest keep alive; a client's longer one, or none, is lowered to it";
    packet_max: Size = "packet.max", Size(128 << 10), Size(1 << 10), Size(16 << 20), "", "the largest MQTT packet that a client may send";
    receive_max: u16 = "receive.max", 100, 1, 65_535, "messages", "how many messages a client may leave unacknowledged";
    queue_packets: u32 = "queue.packets", 64, 1, 65_536, "packets", "how far a subscriber may fall behind before it is dropped; rounded up to a power of two";
    queue_publishes: u32 = "queue.publishes", 1024, 1, 1_000_000, "messages", "how many messages may wait for one room's store";
    write_timeout: Duration = "write.timeout", seconds(10), seconds(1), seconds(600), "", "how long a client may take no bytes before it is dropped";
    entrance_max_viewers: u32 = "entrance.max_viewers", 500, 0, 10_000_000, "viewers", "above this many viewers nobody is told who came in";
    entrance_quiet: Duration = "entrance.quiet", seconds(600), Duration::ZERO, seconds(DAY), "", "who comes back within this time is not announced again";
    presence_interval: Duration = "presence.interval", seconds(5), Duration::from_millis(100), seconds(3600), "", "how often the number of viewers is sent at most, while it changes";
    counter_max_increment: u32 = "counter.max_increment", 25_600, 1, u32::MAX, "presses", "how many presses of a counter one message may carry";
    counter_interval: Duration = "counter.interval", seconds(1), Duration::from_millis(10), seconds(3600), "", "how often the value of a counter is sent at most, while it changes";
    counters_max: u32 = "counters.max", 100, 0, 10_000, "counters", "how many counters a room may have";
    poll_interval: Duration = "poll.interval", seconds(1), Duration::from_millis(10), seconds(3600), "", "how often the votes of a poll are sent at most, while they change";
    polls_max: u32 = "polls.max", 1000, 1, 1_000_000, "polls", "how many polls a room may have";
    poll_options_max: u32 = "poll.options_max", 20, 2, 1000, "options", "how many options a poll may have";
    blocked_max: u32 = "blocked.max", 10_000, 0, 1_000_000, "users", "how many users may be blocked in a room";
    pins_max: u32 = "pins.max", 20, 0, 1000, "messages", "how many messages may be pinned in a room";
    dictionaries_max: u32 = "dictionaries.max", 1000, 1, 1_000_000, "dictionaries", "how many dictionaries the word filter may have";
    patterns_max: u32 = "patterns.max", 100_000, 1, 10_000_000, "patterns", "how many patterns a dictionary may have";
    pattern_max: u32 = "pattern.max", 1000, 1, 30_000, "code points", "the longest pattern of a dictionary";
    upload_max: Size = "upload.max", Size(4 << 20), Size(1 << 10), Size(256 << 20), "", "the largest file of patterns that may be uploaded";
    dictionary_token_life: Duration = "dictionary_token.life", seconds(7 * DAY), seconds(60), seconds(366 * DAY), "", "how long a token for dictionaries lives";
    sticker_token_life: Duration = "sticker_token.life", seconds(7 * DAY), seconds(60), seconds(366 * DAY), "", "how long a token for sticker packs lives";
    room_idle: Duration = "room.idle", seconds(300), seconds(1), seconds(DAY), "", "after how long without anybody a room is put to sleep";
    token_life: Duration = "token.life", seconds(DAY), seconds(60), seconds(366 * DAY), "", "how long a chat token lives where its maker says nothing";
    refresh_life: Duration = "refresh.life", seconds(30 * DAY), seconds(60), seconds(3660 * DAY), "", "how long a refresh token lives";
    body_max: Size = "body.max", Size(64 << 10), Size(1 << 10), Size(16 << 20), "", "the largest body of a REST call";
    answers_max: Size = "answers.max", Size(64 << 20), Size(1 << 20), Size(16 << 30), "", "how many bytes of answers may be on their way to all callers together";
    answers_per_token: Size = "answers.per_token", Size(4 << 20), Size(64 << 10), Size(16 << 30), "", "how many of them to one caller";
    drain_window: Duration = "drain.window", seconds(3), Duration::ZERO, seconds(60), "", "over how long the goodbyes are spread when the server stops; a millisecond for each client, if that is less";
    drain_timeout: Duration = "drain.timeout", seconds(5), Duration::ZERO, seconds(60), "", "how long clients may take to leave when the server stops";
}

impl Settings {
    /// The defaults, overruled by a TOML text: `rate.viewer = 5`, or `viewer = 5` in a table `[rate]`.
    ///
    /// # Errors
    /// When the text is no TOML, or one of its settings is not known or not allowed.
    pub fn from_toml(text: &str) -> Result<Self, SettingError> {
        let mut settings = Self::default();
        for (key, value) in &Self::pairs(text)? {
            settings.set(key, value)?;
        }
        settings.check()?;
        Ok(settings)
    }

    /// The dotted names and the values of a TOML text, whatever they are.
    ///
    /// # Errors
    /// When the text is no TOML.
    pub fn pairs(text: &str) -> Result<BTreeMap<String, String>, SettingError> {
        let table: toml::Table = text
            .trim_start_matches('\u{feff}')
            .parse()
            .map_err(|error: toml::de::Error| SettingError::Toml(error.to_string().trim_end().to_owned()))?;
        let mut pairs = BTreeMap::new();
        flatten("", &table, &mut pairs);
        Ok(pairs)
    }

    /// Whether the settings fit together; each alone was checked when it was set.
    ///
    /// # Errors
    /// With the two that do not.
    pub fn check(&self) -> Result<(), SettingError> {
        if self.keepalive_min > self.keepalive_max {
            return Err(SettingError::Order { low: "keepalive.min", high: "keepalive.max" });
        }
        Ok(())
    }
}

fn flatten(prefix: &str, table: &toml::Table, pairs: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(table) => flatten(&key, table, pairs),
            toml::Value::String(text) => {
                pairs.insert(key, text.clone());
            }
            other => {
                pairs.insert(key, other.to_string());
            }
        }
    }
}

/// The names that a mistyped one may have meant: at most three, the nearest first.
fn near(key: &str) -> Vec<&'static str> {
    let mut near: Vec<(usize, &'static str)> = NAMES
        .iter()
        .flat_map(|name| [(*name, *name), (name.rsplit('.').next().unwrap_or(name), *name)])
        .map(|(word, name)| (levenshtein(key, word), key.len().min(word.len()), name))
        .filter(|(distance, length, _)| *distance <= 1 + length / 4)
        .map(|(distance, _, name)| (distance, name))
        .collect();
    near.sort_unstable();
    let mut names: Vec<&'static str> = near.into_iter().map(|(_, name)| name).collect();
    names.dedup();
    names.truncate(3);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_takes_its_own_default_back() {
        let mut settings = Settings::default();
        for row in Settings::default().list() {
            settings.set(row.name, &row.default).unwrap();
        }
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn names_are_unique_and_explained() {
        let mut names = NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMES.len());
        for row in Settings::default().list() {
            assert!(!row.explanation.is_empty() && !row.explanation.ends_with('.'), "{}", row.name);
        }
    }

    #[test]
    fn an_unknown_setting_names_the_near_ones() {
        for (wrong, right) in
            [("rate.viewers", "rate.viewer"), ("batch_window", "batch.window"), ("keepalive.mn", "keepalive.min")]
        {
            let error = Settings::default().set(wrong, "1").unwrap_err();
            assert!(error.to_string().contains(right), "{error}");
        }
        let error = Settings::default().set("colour", "red").unwrap_err();
        assert_eq!(error.to_string(), "there is no setting colour");
    }

    #[test]
    fn a_value_out_of_range_says_what_is_taken_and_changes_nothing() {
        let mut settings = Settings::default();
        let error = settings.set("text.max", "0").unwrap_err();
        assert_eq!(error.to_string(), r#"the setting text.max can't be "0": it takes a whole number from 1 to 30000"#);
        let error = settings.set("batch.window", "1h").unwrap_err();
        assert_eq!(error.to_string(), r#"the setting batch.window can't be "1h": it takes a duration from 0s to 10s"#);
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn toml_may_nest_or_dot_the_names() {
        let settings = Settings::from_toml(
            "text.max = 200\nconnections.per_user = 3\n[batch]\nwindow = \"1s\"\nmax = \"64KiB\"\n[keepalive]\nmin = 10\n",
        )
        .unwrap();
        assert_eq!(settings.text_max, 200);
        assert_eq!(settings.connections_per_user, 3);
        assert_eq!(settings.batch_window, seconds(1));
        assert_eq!(settings.batch_max, Size(64 << 10));
        assert_eq!(settings.keepalive_min, seconds(10));
    }

    #[test]
    fn toml_that_is_none_and_keep_alives_that_cross_are_refused() {
        assert!(matches!(Settings::from_toml("rate = "), Err(SettingError::Toml(_))));
        assert!(matches!(Settings::from_toml("rate.speed = 1"), Err(SettingError::Unknown { .. })));
        assert!(matches!(Settings::from_toml("keepalive.max = 10"), Err(SettingError::Order { .. })));
    }
}
