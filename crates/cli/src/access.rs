//! How a command gets into a room, or to a service: tokens, config, authority and name, gathered and checked before
//! anything is dialled.
//!
//! - [`Access`]: joins a room; [`visitor`]: calls the service with a chat token; [`org`]: with the organisation's
//! - [`keys`]: chat tokens and where they come from; [`place`]: the service; [`secret`]: files that hold secrets
//! - [`whose`]: which user of which room that is

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

use chatroom_client::Builder;
use chatroom_wire::{Claims, Config, RoomId, UserId, claims::ClaimsError, config::ConfigError};
use jiff::Timestamp;

use self::{keys::Keys, place::Place, whose::Whose};
use crate::{args::access::AccessArgs, environment::Environment, profile::Profile};

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
    #[error("the token file {} can't be read", path.display())]
    TokenFile { path: PathBuf, source: io::Error },
    #[error("the token file {} is empty", path.display())]
    EmptyTokenFile { path: PathBuf },
    #[error("{origin} can't be used")]
    BadToken { origin: String, source: ClaimsError },
    #[error("{origin} ended at {at}")]
    Expired { origin: String, at: Timestamp },
    #[error("the config {} can't be read", path.display())]
    ConfigFile { path: PathBuf, source: io::Error },
    #[error("the config {} can't be used", path.display())]
    BadConfig { path: PathBuf, source: ConfigError },
}

impl Access {
    /// Gathers what options, environment and profile say, in this order, and checks it. `now` decides whether a token
    /// has ended; `stdin` is read for `--config -`.
    pub(crate) fn resolve(
        args: &AccessArgs,
        profile: &Profile,
        environment: &Environment<'_>,
        now: Timestamp,
        stdin: impl Read,
    ) -> Result<Self, AccessError> {
        let mut warnings = Vec::new();
        let ticket = match &args.config {
            Some(path) => Ticket::Config(Box::new(config(path, now, stdin)?)),
            None => match Keys::resolve(&args.visitor, profile, environment, now, &mut warnings)? {
                Some(keys) => Ticket::Token(keys),
                None => return Err(AccessError::Nothing),
            },
        };
        Ok(Self {
            ticket,
            place: Place::resolve(&args.visitor.service, profile, environment),
            name: visitor::name(&args.visitor, profile, environment),
            warnings,
        })
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
        // It was checked that the token is one.
        let claims = Claims::of(token).unwrap_or_default();
        let topic = config.map(|config| config.topic.publish.as_str());
        let room = claims.chat_id.as_ref().map(RoomId::as_str).or(topic).unwrap_or_default();
        let user = claims.sub.as_ref().or_else(|| config?.user.customer_id.as_ref()).map(UserId::as_str);
        let device = claims.device_id.as_deref().or_else(|| Some(config?.user.device_id.as_str()));
        Whose::new(room, user.or(device).unwrap_or_default())
    }

    /// The name to write under, where one was given.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The beginning of a session.
    pub(crate) fn builder(self) -> Builder {
        let mut builder = match self.ticket {
            Ticket::Config(config) => Builder::with_config(*config),
            Ticket::Token(Keys { token, refresh: None }) => Builder::with_token(token),
            Ticket::Token(Keys { token, refresh: Some(refresh) }) => Builder::with_token(token).refresh_token(refresh),
        };
        if let Some(api) = &self.place.api {
            builder = builder.api(api);
        }
        if let Some(file) = self.place.ca_file {
            builder = builder.ca_file(file);
        }
        if let Some(name) = self.name {
            builder = builder.name(name);
        }
        if self.place.allow_plaintext { builder.allow_plaintext() } else { builder }
    }
}

fn config(path: &Path, now: Timestamp, stdin: impl Read) -> Result<Config, AccessError> {
    let json = if path == Path::new("-") { secret::read(stdin) } else { File::open(path).and_then(secret::read) };
    let path = || if path == Path::new("-") { PathBuf::from("(stdin)") } else { path.to_owned() };
    let json = json.map_err(|source| AccessError::ConfigFile { path: path(), source })?;
    let config = Config::from_json(&json).map_err(|source| AccessError::BadConfig { path: path(), source })?;
    keys::check(&config.connection.token, now, false, || {
        format!("connection.token of the config {}", path().display())
    })?;
    Ok(config)
}

#[cfg(test)]
mod tests;
