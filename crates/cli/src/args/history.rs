//! `chatroom history`

use std::path::PathBuf;

use chatroom_wire::{Kind, Time};
use clap::ValueEnum;

use super::{access::VisitorArgs, moment, session::LineArgs, value};

/// The most messages of `--last`: they are kept in memory until the first of them is known.
pub(crate) const LAST_MAX: i64 = 100_000;

/// `chatroom history`
#[derive(Debug, clap::Args)]
pub(crate) struct HistoryArgs {
    /// Only what was received after this time
    ///
    /// Like 10m or -10m (ten minutes ago), 23:58 (the last time that it was so late), 2026-06-01 20:15 (this machine's time
    /// zone), 2026-06-01, today, yesterday, or 2026-06-01T20:15:00Z.
    #[arg(long, value_name = "TIME", value_parser = moment::past, allow_hyphen_values = true)]
    pub(crate) after: Option<Time>,
    /// Only what was received before this time; written like that of --after
    #[arg(long, value_name = "TIME", value_parser = moment::past, allow_hyphen_values = true)]
    pub(crate) before: Option<Time>,
    /// Only the last N of them
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u32).range(1..=LAST_MAX))]
    pub(crate) last: Option<u32>,
    /// Begin with the oldest message; so it is unless --newest-first is given
    #[arg(long)]
    pub(crate) oldest_first: bool,
    /// Begin with the newest message, and go back
    #[arg(long, conflicts_with = "oldest_first")]
    pub(crate) newest_first: bool,
    /// Only messages of these types, such as text,sticker
    ///
    /// A type is named as on the wire, in small letters and without INTERACTION_TYPE_: text, custom, sticker, mute, unmute,
    /// pin_message, delete_message, block_user, poll_started, … Without this, lines on a terminal are of what `chatroom tail`
    /// shows there, lines elsewhere of texts alone, exported txt and html leave out custom messages and votes, and the
    /// others have everything.
    #[arg(long, value_name = "TYPES", value_delimiter = ',', value_parser = value::kind)]
    pub(crate) types: Vec<Kind>,
    #[command(flatten)]
    pub(crate) lines: LineArgs,
    /// Print every message as one line of JSON, as it came over the wire; the same as --format ndjson
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// How to write the messages: txt, csv, json, ndjson or html [default: the export's extension, else txt]
    ///
    /// What the word filter matched is hidden but in json and ndjson, which have everything as it came over the wire. An
    /// exported csv begins with a byte order mark, as spreadsheets want it; a cell that they would take for a formula
    /// begins with an apostrophe.
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    pub(crate) format: Option<Format>,
    /// Write into this file, not to stdout
    ///
    /// A new file is readable by you alone, and gets its name once it is complete; one that is there already needs --force
    /// and keeps its mode. An export that is interrupted is left as FILE.part, well-formed. A pipe, a device or /dev/stdout
    /// is written into, and a symbolic link is followed.
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
    /// Write over the export if it is there already
    #[arg(long, requires = "export")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) visitor: VisitorArgs,
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines as those of `chatroom tail`.
    Txt,
    /// A table for spreadsheets.
    Csv,
    /// One array.
    Json,
    /// One line for each message.
    #[value(alias = "jsonl")]
    Ndjson,
    /// A page to read.
    Html,
}
