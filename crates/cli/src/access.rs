//! How a command gets into a room, or to a service: tokens, config, authority and name, gathered and checked before
//! anything is dialled.
//!
//! - [`Access`]: joins a room; [`visitor`]: calls the service with a chat token; [`org`]: with the organisation's
//! - [`keys`]: chat tokens and where they come from; [`place`]: the service; [`belonging`]: what a token says of that; [`secret`]: files that hold secrets
//! - [`whose`]: which user of which room that is

mod belonging;
pub(crate) mod keys;
pub(crate) mod org;
pub(crate) mod place;
pub(crate) mod secret;
pub(crate) mod visitor;
pub(crate) mod whose;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use chatroom_client::{BuildError, Builder, Rest};
use chatroom_wire::{Claims, Config, RoomId, UserId, claims::ClaimsError, config::ConfigError, text_file};
use jiff::Timestamp;

use self::{keys::Keys, place::Place, whose::Whose};
use crate::{args::access::AccessArgs, environment::Environment, profile::Profile, token_clock::TokenTimes};

pub(crate) use self::{org::OrgAccess, visitor::VisitorAccess};

/// What lets us in.
#[derive(Debug)]
enum Ticket {
    Token(Keys),
    Config(Box<Config>),
}

/// All that is needed to join a room.
#[derive(Debug)]
pub(crate) struct Access {
    ticket: Ticket,
    place: Place,
    name: Option<String>,
    times: TokenTimes,
    /// What the user should know, though it works.
    pub(crate) warnings: Vec<String>,
}

/// Why there is no way in. No secret is ever quoted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    #[error("there is neither a token nor a config to join a room with")]
    Nothing,
    #[error("there is no chat token")]
    NoToken,
    #[error("there is no refresh token")]
    NoRefreshToken,
    #[error("there is no token of an organisation")]
    NoOrgToken,
    #[error("{origin} is a chat token, and no organisation's")]
    NotOrgToken { origin: String },
    #[error("{origin} can't be used for this: it is an organisation's, and no chat token")]
    OrgToken { origin: String },
    #[error("the token file {} can't be read", path.display())]
    TokenFile { path: PathBuf, source: io::Error },
    #[error("the token file {} is empty", path.display())]
    EmptyTokenFile { path: PathBuf },
    #[error("{origin} is empty")]
    EmptyToken { origin: String },
    #[error("{origin} can't be used")]
    BadToken { origin: String, source: ClaimsError },
    #[error("{origin} expired at {at} by this machine's clock")]
    Expired { origin: String, at: Timestamp },
    #[error("the token belongs to {api}, which is no https:// URL and not on this machine")]
    UnusableApi { api: String },
    #[error("the config {} can't be read", path.display())]
    ConfigFile { path: PathBuf, source: io::Error },
    #[error("the config {} can't be used", path.display())]
    BadConfig { path: PathBuf, source: ConfigError },
}

impl Access {
    /// Gathers what options, environment and profile say, in this order, and checks it. A token that looks
    /// expired at `now` is warned of; `stdin` is read for `--config -`.
    pub(crate) fn resolve(
        args: &AccessArgs,
        profile: &Profile,
        environment: &Environment<'_>,
        now: Timestamp,
        stdin: impl Read,
    ) -> Result<Self, AccessError> {
        let mut warnings = Vec::new();
        let (ticket, times) = match &args.config {
            Some(path) => {
                let (config, times) = config(path, stdin)?;
                warnings.extend(keys::doubt(&times, false, now));
                (Ticket::Config(Box::new(config)), times)
            }
            None => match Keys::resolve(&args.visitor, profile, environment, now, &mut warnings)? {
                Some((keys, times)) => (Ticket::Token(keys), times),
                None => return Err(AccessError::Nothing),
            },
        };
        let token = match &ticket {
            Ticket::Token(keys) => Some(&keys.token),
            // Nothing is asked for with a config.
            Ticket::Config(_) => None,
        };
        let place = Place::resolve(&args.visitor.service, profile, environment, token, &mut warnings)?;
        Ok(Self { ticket, times, place, name: visitor::name(&args.visitor, profile, environment), warnings })
    }

    /// Whether earlier messages can be read: a config alone gives no way to.
    pub(crate) fn has_history(&self) -> bool {
        matches!(self.ticket, Ticket::Token(_))
    }

    /// Whose messages these are.
    pub(crate) fn whose(&self) -> Whose {
        let (token, config) = match &self.ticket {
            Ticket::Token(keys) => (&keys.token, None),
            Ticket::Config(config) => (&config.connection.token, Some(config)),
        };
        // A token that can't be read is told from others by a sum.
        let claims = Claims::of(token).unwrap_or_default();
        let topic = config.map(|config| config.topic.publish.as_str());
        let room = claims.chat_id.as_ref().map(RoomId::as_str).or(topic).unwrap_or_default();
        let user = claims.sub.as_ref().or_else(|| config?.user.customer_id.as_ref()).map(UserId::as_str);
        let device = claims.device_id.as_deref().or_else(|| Some(config?.user.device_id.as_str()));
        match user.or(device).filter(|user| !user.is_empty()) {
            Some(user) => Whose::new(room, user),
            None => Whose::new(room, format!("token-{:016x}", whose::sum(token.expose()))),
        }
    }

    /// What the token says of its time.
    pub(crate) fn times(&self) -> &TokenTimes {
        &self.times
    }

    /// The name to write under, where one was given.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The beginning of a session, and the service that it uses.
    pub(crate) fn builder(mut self) -> Result<(Builder, Rest), BuildError> {
        let builder = match self.ticket {
            Ticket::Config(config) => {
                // No call will be made.
                self.place.api = None;
                Builder::with_config(*config)
            }
            Ticket::Token(Keys { token, refresh: None }) => Builder::with_token(token),
            Ticket::Token(Keys { token, refresh: Some(refresh) }) => Builder::with_token(token).refresh_token(refresh),
        };
        let rest = self.place.rest()?;
        let builder = builder.rest(&rest);
        Ok(match self.name {
            Some(name) => (builder.name(name), rest),
            None => (builder, rest),
        })
    }
}

fn config(path: &Path, stdin: impl Read) -> Result<(Config, TokenTimes), AccessError> {
    let json = if path == Path::new("-") { secret::read(stdin) } else { File::open(path).and_then(secret::read) };
    let path = || if path == Path::new("-") { PathBuf::from("(stdin)") } else { path.to_owned() };
    let json = json.map_err(|source| AccessError::ConfigFile { path: path(), source })?;
    let config = Config::from_json(&text_file::without_bom(&json))
        .map_err(|source| AccessError::BadConfig { path: path(), source })?;
    let origin = format!("connection.token of the config {}", path().display());
    let times = keys::times(&config.connection.token, origin)?;
    Ok((config, times))
}

#[cfg(test)]
mod tests;
