//! The command line: what may be written, and the help to learn it from.
//!
//! - [`access`]: the options by which a room, or a service, is reached
//! - [`room`], [`token`], [`history`], [`moderate`], [`filter`], [`counter`], [`poll`], [`sticker`]: those of these commands
//! - [`value`]: durations, addresses, types and `KEY=VALUE`; [`moment`]: times
//! - [`examples`]: what stands below the help

pub(crate) mod access;
pub(crate) mod counter;
mod examples;
pub(crate) mod filter;
pub(crate) mod history;
pub(crate) mod moderate;
mod moment;
pub(crate) mod poll;
pub(crate) mod room;
pub(crate) mod sticker;
pub(crate) mod token;
pub(crate) mod value;

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};

use self::{
    access::AccessArgs,
    counter::CounterArgs,
    filter::FilterArgs,
    history::HistoryArgs,
    moderate::ModerateArgs,
    poll::PollArgs,
    room::RoomArgs,
    sticker::StickerArgs,
    token::TokenArgs,
    value::{Listen, Pair},
};
use crate::color::ColorChoice;

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
    disable_help_subcommand = true,
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
    /// A filter is like `chatroom_session=debug,chatroom_client=trace`. Off by default; else $RUST_LOG. Tokens are never
    /// logged; libraries that carry bytes are kept at warnings, as their traces may hold tokens.
    #[arg(long, global = true, value_name = "LEVEL|FILTER")]
    pub(crate) log: Option<String>,

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
    /// Joins a room and prints what is said, one line for each text: `[<received_at>] @<custom_name>: <text>`. With
    /// --json each message of any kind is one line of JSON, as it came over the wire. stdout carries these lines alone;
    /// interruptions, returns and gaps are told on stderr. Connections that break are made again, and what was missed is
    /// read from the history. Ctrl-C leaves the room.
    #[command(after_long_help = examples::TAIL)]
    Tail(TailArgs),

    /// Say something, and know that it arrived
    ///
    /// Joins a room, says the text of the arguments (joined by spaces), or else each line of stdin, and leaves. It exits
    /// with 0 only when every message came back from the room: then others see it too. Messages are sent in order and
    /// without waiting for each other; which one was not delivered, and why, is told on stderr.
    #[command(after_long_help = examples::SEND)]
    Send(SendArgs),

    /// Join a room: read, and say what you type
    ///
    /// Joins a room: what others say is printed, and each line that you type is said. Your own lines appear once they
    /// are delivered; one that is not is told on stderr, with the reason. Ctrl-D or Ctrl-C leaves the room.
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
}

/// `chatroom demo`
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Print plain lines, and read nothing, also on a terminal
    #[arg(long)]
    pub(crate) plain: bool,
    /// End after this time, such as 10s
    #[arg(long = "for", value_name = "DUR", value_parser = value::duration)]
    pub(crate) length: Option<Duration>,
}

/// `chatroom serve`
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Where to listen without TLS: ADDRESS:PORT, PORT, or `off`
    ///
    /// A PORT alone is one of 127.0.0.1; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = value::listen)]
    pub(crate) listen: Listen,
    /// Where to listen with TLS: ADDRESS:PORT, PORT, or `off`
    ///
    /// A PORT alone is one of 127.0.0.1; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443", value_parser = value::listen)]
    pub(crate) tls_listen: Listen,
    /// The certificate chain, as PEM
    ///
    /// Without it the server makes an authority of its own, with a certificate for localhost; clients trust it with
    /// --ca-file.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Where to keep rooms, messages, keys and token files
    ///
    /// By default chatroom/server in this platform's directory for data, such as ~/.local/share.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Keep everything in a directory that goes away with the server
    #[arg(long, conflicts_with = "data")]
    pub(crate) ephemeral: bool,
    /// Print one line of JSON on stdout once connections are accepted
    ///
    /// It says where the server listens, and where the authority, the room's tokens and the organisation's token are.
    #[arg(long, value_name = "json", hide_possible_values = true)]
    pub(crate) ready: Option<ReadyFormat>,
    /// Set a limit, such as rate.viewer=20; may be repeated
    ///
    /// Goes before --settings. --print-config lists all limits.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = value::pair)]
    pub(crate) set: Vec<Pair>,
    /// Read limits from this TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Print the limits in force, as a TOML file that --settings takes, and end
    #[arg(long)]
    pub(crate) print_config: bool,
}

/// How to say that the server is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReadyFormat {
    /// One line of JSON.
    Json,
}

/// `chatroom tail`
#[derive(Debug, clap::Args)]
pub(crate) struct TailArgs {
    /// Print every message of any kind as one line of JSON
    ///
    /// As it came over the wire, with control characters escaped. A stretch that could not be read is a line
    /// {"gap":{"after":…,"before":…,"reason":…}}.
    #[arg(long)]
    pub(crate) json: bool,
    /// Begin with this many messages from before
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) history: usize,
    /// End after this many lines
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// End after this time, such as 90s or 1h30m
    #[arg(long = "for", value_name = "DUR", value_parser = value::duration)]
    pub(crate) length: Option<Duration>,
    /// Give up, with exit code 3, when the room can't be had for this long [default: never]
    #[arg(long, value_name = "DUR", value_parser = value::duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// `chatroom send`
#[derive(Debug, clap::Args)]
pub(crate) struct SendArgs {
    /// What to say; without it, each line of stdin is said
    #[arg(value_name = "TEXT")]
    pub(crate) text: Vec<String>,
    #[arg(long, value_name = "N", help = examples::COUNT, value_parser = clap::value_parser!(u64).range(1..), requires = "text")]
    pub(crate) count: Option<u64>,
    /// Wait this long between one message and the next
    #[arg(long, value_name = "DUR", value_parser = value::duration)]
    pub(crate) every: Option<Duration>,
    /// Print {"id","state","ms"} for each message as soon as its fate is known
    ///
    /// One line each. The state is delivered, rejected, expired or unconfirmed; what was not delivered has a "reason"
    /// too.
    #[arg(long)]
    pub(crate) json: bool,
    /// Give up, with exit code 3, when the room can't be had for this long
    #[arg(long, value_name = "DUR", default_value = "30s", value_parser = value::duration)]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// `chatroom join`
#[derive(Debug, clap::Args)]
pub(crate) struct JoinArgs {
    /// Begin with this many messages from before
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) history: usize,
    /// Give up, with exit code 3, when the room can't be had for this long [default: never]
    #[arg(long, value_name = "DUR", value_parser = value::duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// Any text but an empty one.
fn not_empty() -> NonEmptyStringValueParser {
    NonEmptyStringValueParser::new()
}

#[cfg(test)]
mod tests;
