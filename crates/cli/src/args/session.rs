//! `chatroom tail`, `chatroom send` and `chatroom join`

use std::time::Duration;

use chatroom_wire::{Kind, MessageId};

use super::{access::AccessArgs, outbox::KeepingArgs, value};
use crate::output::clock::TimeStyle;

/// How the lines of a room are written.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct LineArgs {
    /// Show the ids of messages and people, as `chatroom moderate` takes them
    ///
    /// They stand behind the time: `id=…` for the message, `user=…` for the person.
    #[arg(long)]
    pub(crate) ids: bool,
    /// How to write times: iso, local or relative [default: local on a terminal, else iso]
    ///
    /// iso has all digits, as on the wire; local is hours and minutes of this machine's time zone; relative is how long ago.
    #[arg(long, value_name = "STYLE", hide_possible_values = true)]
    pub(crate) time: Option<TimeStyle>,
}

/// Which messages of a room are shown while it is followed.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ShownArgs {
    /// Show only messages of these types, such as text,sticker, all of them on stdout
    ///
    /// Types are named as those of `chatroom history --types`. Without this, texts are shown, and as lines that begin with
    /// `--- ` also stickers, polls, pins, deletions, blocks and mutes: on stdout where that is a terminal, else on stderr,
    /// so that programs that read stdout meet texts alone. With --json every type is shown.
    #[arg(long, value_name = "TYPES", value_delimiter = ',', value_parser = value::kind)]
    pub(crate) types: Vec<Kind>,
    #[command(flatten)]
    pub(crate) lines: LineArgs,
}

/// `chatroom tail`
#[derive(Debug, clap::Args)]
pub(crate) struct TailArgs {
    /// Print every message of any kind as one line of JSON
    ///
    /// As it came over the wire, with control characters escaped. A stretch that could not be read is a line
    /// {"gap":{"after":…,"before":…,"reason":…}}. Where what reads the output was too slow, {"left_out":N} stands for the N
    /// messages that were left out, and at the end stderr says how many those were.
    #[arg(long)]
    pub(crate) json: bool,
    /// Begin with this many texts and stickers from before, and with what happened between them
    ///
    /// With --types it is so many messages of these types; with --json, so many of any type.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 0)]
    pub(crate) history: usize,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
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
    /// Say the text this many times; {n} in it becomes 0, 1, 2, …
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..), requires = "text")]
    pub(crate) count: Option<u64>,
    /// Wait this long between one message and the next
    #[arg(long, value_name = "DUR", value_parser = value::duration)]
    pub(crate) every: Option<Duration>,
    /// Send the message under this id, so that it can be sent again without being said twice
    ///
    /// Up to 128 printable ASCII characters without / \ % ? #. A server that knows ids, as `chatroom serve` does, takes
    /// each once; a copy that waits in the outbox is the same message. Another text needs another id.
    #[arg(long, value_name = "ID", value_parser = value::message_id, requires = "text", conflicts_with = "count")]
    pub(crate) id: Option<MessageId>,
    /// Print {"id","state","ms"} for each message as soon as its fate is known
    ///
    /// One line each. The state is delivered, rejected, expired, unconfirmed, unsent where the session ended before it was
    /// sent, or, where it stays in the outbox, kept; what was not delivered has a "reason" too. With an outbox, {"id","state":"queued"} comes before, as soon as the message
    /// is on disk. A message of an earlier run has "earlier":true.
    #[arg(long)]
    pub(crate) json: bool,
    /// Give up when a message waits this long and none before it is delivered
    ///
    /// Joining the room counts, and so does a server that takes no messages for now: one message takes no longer than this.
    /// The exit code is 5 where all of it is persisted in the outbox, so that the next run sends it; else 3.
    #[arg(long, value_name = "DUR", default_value = "30s", value_parser = value::duration)]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) keeping: KeepingArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// `chatroom join`
#[derive(Debug, clap::Args)]
pub(crate) struct JoinArgs {
    /// Begin with this many texts and stickers from before, and with what happened between them
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub(crate) history: usize,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    /// Give up, with exit code 3, when the room can't be had for this long [default: never]
    ///
    /// After the last line of stdin, also when nothing of what was said is delivered for this long.
    #[arg(long, value_name = "DUR", value_parser = value::duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) keeping: KeepingArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}
