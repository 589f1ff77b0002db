//! `chatroom demo` and `chatroom serve`

use std::{path::PathBuf, time::Duration};

use chatroom_server::PublicUrl;
use clap::ValueEnum;

use super::value::{self, Listen, Pair};

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
    /// Where to listen without TLS: ADDRESS:PORT, PORT, or `off` [default: 127.0.0.1:8080]
    ///
    /// A PORT alone is one of 127.0.0.1; port 0 takes any free one. Else $CHATROOM_LISTEN, else listen of the settings.
    #[arg(long, value_name = "ADDR", value_parser = value::listen)]
    pub(crate) listen: Option<Listen>,
    /// Where to listen with TLS: ADDRESS:PORT, PORT, or `off` [default: 127.0.0.1:8443]
    ///
    /// A PORT alone is one of 127.0.0.1; port 0 takes any free one. Else $CHATROOM_TLS_LISTEN, else tls.listen of the
    /// settings.
    #[arg(long, value_name = "ADDR", value_parser = value::listen)]
    pub(crate) tls_listen: Option<Listen>,
    /// The certificate chain, as PEM
    ///
    /// Else $CHATROOM_TLS_CERT, else tls.cert of the settings. Without it the server makes an authority of its own, with a
    /// certificate for localhost and the address it listens on; clients trust it with --ca-file.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    ///
    /// Else $CHATROOM_TLS_KEY, else tls.key of the settings.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Where clients reach the server: a URL with https, and a path if there is one
    ///
    /// For a server behind a proxy that terminates TLS: configs send clients to wss://chat.example/rooms/mqtt. The proxy
    /// may pass the path on as it is, or without /rooms. Set proxies.trusted to have its X-Forwarded-For counted.
    /// Tokens say it too, so that commands need no --api. Else $CHATROOM_PUBLIC_URL, else public_url of the settings.
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<PublicUrl>,
    /// Where to keep rooms, messages, keys and token files
    ///
    /// Else $CHATROOM_DATA, else data of the settings, else chatroom/server in this platform's directory for data, such as
    /// ~/.local/share.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Keep everything in a directory that goes away with the server
    ///
    /// Else $CHATROOM_EPHEMERAL=true, else ephemeral of the settings.
    #[arg(long, conflicts_with = "data")]
    pub(crate) ephemeral: bool,
    /// Believe this machine's clock, however far it is ahead of when the server ran last
    ///
    /// Without it, after a leap ahead of more than a day no message expires by the clock before the server has run for a
    /// day.
    #[arg(long)]
    pub(crate) accept_clock: bool,
    /// Use the store and the keys of --data although they do not belong together
    ///
    /// A missing store is made anew, and so are missing keys. With other keys, every token that was given out ends.
    #[arg(long)]
    pub(crate) accept_store: bool,
    /// Print one line of JSON on stdout once connections are accepted
    ///
    /// It says where the server listens, and where the authority, the room's tokens and the organisation's token are.
    #[arg(long, value_name = "json", hide_possible_values = true)]
    pub(crate) ready: Option<ReadyFormat>,
    /// Set something, such as rate.viewer=20; may be repeated
    ///
    /// Goes before variables and the settings file. --print-config lists all settings.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = value::pair)]
    pub(crate) set: Vec<Pair>,
    /// Read the settings from this TOML file
    ///
    /// Else $CHATROOM_SETTINGS. It may say where to listen and to keep the data, and set every limit; its paths are
    /// relative to it.
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Print all settings in force, as a TOML file that --settings takes, and end
    #[arg(long)]
    pub(crate) print_config: bool,
}

/// How to say that the server is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReadyFormat {
    /// One line of JSON.
    Json,
}
