//! The command line: what may be written, and the help to learn it from.
//!
//! - [`access`]: the options by which a room, or a service, is reached
//! - [`serve`]: those of `demo` and `serve`; [`session`]: those of `tail`, `send` and `join`; [`outbox`]: what these keep
//! - [`room`], [`token`], [`history`], [`moderate`], [`filter`], [`counter`], [`poll`], [`sticker`]: those of one command each
//! - [`value`]: durations, addresses, types and `KEY=VALUE`; [`moment`]: times
//! - [`examples`]: what stands below the help; [`help`]: how it is printed

pub(crate) mod access;
pub(crate) mod counter;
mod examples;
pub(crate) mod filter;
pub(crate) mod help;
pub(crate) mod history;
pub(crate) mod moderate;
mod moment;
pub(crate) mod outbox;
pub(crate) mod poll;
pub(crate) mod room;
mod serve;
mod session;
pub(crate) mod sticker;
pub(crate) mod token;
pub(crate) mod value;

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, builder::NonEmptyStringValueParser};

use self::{
    counter::CounterArgs, filter::FilterArgs, history::HistoryArgs, moderate::ModerateArgs, outbox::OutboxArgs,
    poll::PollArgs, room::RoomArgs, sticker::StickerArgs, token::TokenArgs,
};
use crate::{color::ColorChoice, token_clock::TokenClock};

pub(crate) use self::{
    serve::{DemoArgs, ReadyFormat, ServeArgs},
    session::{JoinArgs, LineArgs, SendArgs, ShownArgs, TailArgs},
};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "chatroom",
    version,
    about = "Live-event chat from the terminal: join, read, write, and serve rooms of your own.",
    long_about = "Live-event chat from the terminal: join, read, write, and serve rooms of your own.\n\n\
        Begin with `chatroom demo`: it needs no account, no network and no configuration.",
    after_long_help = examples::TOP,
    after_help = "`chatroom --help` tells more, `chatroom COMMAND --help` tells all about a command.",
    max_term_width = 100
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct GlobalArgs {
    /// Log to stderr: error, warn, info, debug, trace, or a filter
    ///
    /// A filter is like `chatroom_session=debug,chatroom_client=trace`; `off` logs nothing. Else $RUST_LOG, else warn. The
    /// same warning is written a few times a minute at most. Tokens are never logged; libraries that carry bytes are kept at warnings, as their traces may hold tokens.
    #[arg(long, global = true, value_name = "LEVEL|FILTER")]
    pub(crate) log: Option<String>,

    /// Log more: -v is --log info, -vv is --log debug
    #[arg(long, short, global = true, action = ArgAction::Count, conflicts_with = "log")]
    pub(crate) verbose: u8,

    /// Tell errors alone: no warnings, no progress, no notes of what was done
    ///
    /// What was asked for is printed, and the log has errors only, unless --log says more.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Take defaults from this profile of the configuration file [default: default]
    ///
    /// Else $CHATROOM_PROFILE. An option goes before an environment variable, and that before the profile.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// The configuration file with the profiles
    ///
    /// Else $CHATROOM_CONFIG_FILE, else chatroom/config.toml in this platform's directory for configurations, such as
    /// ~/.config.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,

    /// Whether to colour what is printed: auto, always or never
    ///
    /// With auto, on a terminal, unless $NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub(crate) color: ColorChoice,

    /// The token that the command uses, for failures that clocks may explain.
    #[arg(skip)]
    pub(crate) clock: TokenClock,
}

impl GlobalArgs {
    /// The filter of the log that options ask for.
    pub(crate) fn log_filter(&self) -> Option<&str> {
        let short = match (self.quiet, self.verbose) {
            (true, _) => Some("error"),
            (false, 0) => None,
            (false, 1) => Some("info"),
            (false, _) => Some("debug"),
        };
        self.log.as_deref().or(short)
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Try it: a server of its own, a small crowd, and you
    ///
    /// Starts a server of its own on this machine, over TLS, and a small crowd who talk about a live event through it.
    /// You see the room as `chatroom join` shows it, and what you type is said in the room, as its admin. Without a
    /// terminal, or with --plain, it prints the lines of `chatroom tail` and reads nothing. Nothing is left behind.
    #[command(after_long_help = examples::DEMO)]
    Demo(DemoArgs),

    /// Host rooms yourself
    ///
    /// Starts a server: the REST service and MQTT over WebSocket on one port without TLS and on one with it. The first
    /// start makes an authority for its certificate, a room, and token files that only you can read; without --ready
    /// the way into the room is written on stderr, ready to be copied. Ctrl-C or SIGTERM ends it gently; a second one at
    /// once.
    #[command(after_long_help = examples::SERVE)]
    Serve(ServeArgs),

    /// Read a room, line by line
    ///
    /// Joins a room and prints what is said, one line for each text: `[<received_at>] @<custom_name>: <text>`. What else
    /// happens (stickers, polls, pins, deletions, blocks, mutes) is a line that begins with `--- `: on a terminal between
    /// the texts, elsewhere on stderr, unless --types asks for it. With --json each message of any kind is one line of
    /// JSON, as it came over the wire. Interruptions, returns and gaps are told on stderr, and so is how much was left out because what reads the output was
    /// too slow. Connections that break are made again, and what was missed is read from the history. Ctrl-C leaves the
    /// room.
    #[command(after_long_help = examples::TAIL)]
    Tail(TailArgs),

    /// Say something, and know that it arrived
    ///
    /// Joins a room, says the text of the arguments (joined by spaces), or else each line of stdin, and leaves. It exits
    /// with 0 only when every message came back from the room: then others see it too. Messages are sent in order and
    /// without waiting for each other; which one was not delivered, and why, is told on stderr. Messages are kept on disk
    /// until they have arrived: what this run can't send, not even when it is killed, the next one sends first.
    #[command(after_long_help = examples::SEND)]
    Send(SendArgs),

    /// Join a room: read, and say what you type
    ///
    /// Joins a room: what others say is printed, and each line that you type is said. Your own lines appear once they
    /// are delivered; one that is not is told on stderr, with the reason. While it waits for the next attempt to connect, Enter
    /// tries at once. A line that begins with `/` is not said, as it is meant as a command in other programs: `//` at its
    /// beginning says a slash. Ctrl-D or Ctrl-C leaves the room. What you said is kept on disk until it has arrived: what
    /// this run can't send, the next one sends first.
    #[command(after_long_help = examples::JOIN)]
    Join(JoinArgs),

    /// Read all that was said in a room, or save it in a file
    ///
    /// Prints the room's messages from the first to the last, in the lines of `chatroom tail`, or in another format, to
    /// stdout or into a file. It reads page by page: memory does not grow with the room. What is interrupted, by Ctrl-C or
    /// by a service that is gone for long, ends with exit code 1, and what was written until then is well-formed.
    #[command(after_long_help = examples::HISTORY)]
    History(HistoryArgs),

    /// Make a room, or show how one is
    Room(RoomArgs),

    /// Make tokens, renew them, and read what they say
    Token(TokenArgs),

    /// Moderate a room: mute, block, delete, pin, rename
    Moderate(ModerateArgs),

    /// Filter words
    Filter(FilterArgs),

    /// Press counters, and show them
    Counter(CounterArgs),

    /// Ask everybody: make, run and answer polls
    Poll(PollArgs),

    /// Send stickers, and choose which there are
    Sticker(StickerArgs),

    /// Show what waits to be sent, or give it up
    ///
    /// `send` and `join` keep each message on disk until it has arrived, so that it outlives the program and the machine.
    /// What one run could not send, the next one in the same room sends first.
    Outbox(OutboxArgs),
}

/// Any text but an empty one.
fn not_empty() -> NonEmptyStringValueParser {
    NonEmptyStringValueParser::new()
}

#[cfg(test)]
mod tests;
