//! The options by which a service, and a room of it, is reached.

use std::path::PathBuf;

use clap::builder::TypedValueParser as _;

use super::not_empty;
use crate::access::place::ProxyUrl;

/// How to reach a room: by a token and the REST service, or by a config alone.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "How to reach the service")]
pub(crate) struct AccessArgs {
    #[command(flatten)]
    pub(crate) visitor: VisitorArgs,

    /// The room's config JSON, instead of a token; `-` reads stdin
    ///
    /// It holds connection, topic and user, as the REST service answers them. No REST call is made then, so there is no
    /// history, and the token can't be renewed.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["token_file", "refresh_token_file"],
        help_heading = "How to reach the service"
    )]
    pub(crate) config: Option<PathBuf>,
}

/// How to reach a room by a token and the REST service.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "How to reach the service")]
pub(crate) struct VisitorArgs {
    #[command(flatten)]
    pub(crate) service: ServiceArgs,

    /// The file with the chat token
    ///
    /// Else the token itself in $CHATROOM_TOKEN, else the file $CHATROOM_TOKEN_FILE, else the profile's token_file. A token is never an argument: other users
    /// of this machine could read it.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// The file with the refresh token, which buys fresh chat tokens
    ///
    /// Else $CHATROOM_REFRESH_TOKEN_FILE, unless the chat token is an option's; else the profile's, where the chat token is
    /// the profile's too.
    #[arg(long, value_name = "FILE")]
    pub(crate) refresh_token_file: Option<PathBuf>,

    /// The name to write under [default: the token's]
    ///
    /// It is the custom_name of the messages. Else $CHATROOM_NAME, else the profile.
    #[arg(long, value_name = "NAME", value_parser = not_empty())]
    pub(crate) name: Option<String>,
}

/// How to reach a service as the organisation.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "How to reach the service")]
pub(crate) struct OrgArgs {
    #[command(flatten)]
    pub(crate) service: ServiceArgs,

    /// The file with the organisation's token, which makes rooms and tokens
    ///
    /// Else the token itself in $CHATROOM_ORG_TOKEN, else the file $CHATROOM_ORG_TOKEN_FILE, else the profile's org_token_file. `chatroom serve` says where its own
    /// is.
    #[arg(long, value_name = "FILE")]
    pub(crate) org_token_file: Option<PathBuf>,

    /// The organisation, where the token is good for several
    #[arg(long, value_name = "ID", value_parser = not_empty())]
    pub(crate) org_id: Option<String>,
}

/// How to reach a service.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "How to reach the service")]
#[allow(rustdoc::bare_urls, reason = "these texts are the help, where a URL stands as it is")]
pub(crate) struct ServiceArgs {
    /// The REST service [default: where the token says that it belongs, else https://api.one.blendvision.com]
    ///
    /// Else $CHATROOM_API, else the profile. Tokens of `chatroom serve` say where they belong (chatroom_api), which is
    /// followed over https and on this machine only; all others are the vendor's.
    #[arg(long, value_name = "URL", value_parser = not_empty())]
    pub(crate) api: Option<String>,

    /// Trust this authority too (PEM), such as that of `chatroom serve`
    ///
    /// Else $CHATROOM_CA_FILE, else the profile.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Reach the service through this HTTP proxy; `none` goes without one
    ///
    /// Else $CHATROOM_PROXY, else the profile's proxy. Without any of these: $HTTPS_PROXY (without TLS $HTTP_PROXY), else
    /// $ALL_PROXY, but not for this machine and the hosts in $NO_PROXY. A URL with a user name and a password,
    /// http://NAME:PASSWORD@proxy.example:3128, belongs in a variable or the profile: other users of this machine can read
    /// arguments.
    #[arg(long, value_name = "URL", value_parser = not_empty().map(ProxyUrl::from))]
    pub(crate) proxy: Option<ProxyUrl>,

    /// Connect without TLS also beyond this machine
    ///
    /// Everyone on the way can read the token and what is said.
    #[arg(long)]
    pub(crate) allow_plaintext: bool,
}
