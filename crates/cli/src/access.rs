//! How a command gets into a room: token, config, authority and name, gathered and checked before anything is dialled.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use chatroom_client::Builder;
use chatroom_wire::{Claims, Config, RefreshToken, Token, claims::ClaimsError, config::ConfigError};
use jiff::Timestamp;

use crate::{args::access::AccessArgs, environment::Environment, profile::Profile};

/// What lets us in.
#[derive(Debug)]
enum Ticket {
    Token { token: Token, refresh: Option<RefreshToken> },
    Config(Box<Config>),
}

/// All that is needed to join a room.
#[derive(Debug)]
pub(crate) struct Access {
    ticket: Ticket,
    api: Option<String>,
    ca_file: Option<PathBuf>,
    name: Option<String>,
    allow_plaintext: bool,
    /// What the user should know, though it works.
    pub(crate) warnings: Vec<String>,
}

/// Why there is no way in. No secret is ever quoted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    #[error("there is neither a token nor a config to join a room with")]
    Nothing,
    #[error("the token file {} can't be read", path.display())]
    TokenFile { path: PathBuf, source: io::Error },
    #[error("{origin} can't be used")]
    BadToken { origin: String, source: ClaimsError },
    #[error("{origin} ended at {at}")]
    Expired { origin: String, at: Timestamp },
    #[error("the config {} can't be read", path.display())]
    ConfigFile { path: PathBuf, source: io::Error },
    #[error("the config {} can't be used", path.display())]
    BadConfig { path: PathBuf, source: ConfigError },
}

/// More than any token or config has; a wrong path may be a whole film.
const FILE_MAX: u64 = 1 << 20;

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
            None => token(args, profile, environment, now, &mut warnings)?,
        };
        Ok(Self {
            ticket,
            api: args.api.clone().or_else(|| environment.text("CHATROOM_API")).or_else(|| profile.api.clone()),
            ca_file: args
                .ca_file
                .clone()
                .or_else(|| environment.path("CHATROOM_CA_FILE"))
                .or_else(|| profile.ca_file.clone()),
            name: args.name.clone().or_else(|| environment.text("CHATROOM_NAME")).or_else(|| profile.name.clone()),
            allow_plaintext: args.allow_plaintext,
            warnings,
        })
    }

    /// Whether earlier messages can be read: a config alone gives no way to.
    pub(crate) fn has_history(&self) -> bool {
        matches!(self.ticket, Ticket::Token { .. })
    }

    /// The name to write under, where one was given.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The beginning of a session.
    pub(crate) fn builder(self) -> Builder {
        let mut builder = match self.ticket {
            Ticket::Config(config) => Builder::with_config(*config),
            Ticket::Token { token, refresh: None } => Builder::with_token(token),
            Ticket::Token { token, refresh: Some(refresh) } => Builder::with_token(token).refresh_token(refresh),
        };
        if let Some(api) = &self.api {
            builder = builder.api(api);
        }
        if let Some(file) = self.ca_file {
            builder = builder.ca_file(file);
        }
        if let Some(name) = self.name {
            builder = builder.name(name);
        }
        if self.allow_plaintext { builder.allow_plaintext() } else { builder }
    }
}

fn config(path: &Path, now: Timestamp, stdin: impl Read) -> Result<Config, AccessError> {
    let json = if path == Path::new("-") { read(stdin) } else { File::open(path).and_then(read) };
    let path = || if path == Path::new("-") { PathBuf::from("(stdin)") } else { path.to_owned() };
    let json = json.map_err(|source| AccessError::ConfigFile { path: path(), source })?;
    let config = Config::from_json(&json).map_err(|source| AccessError::BadConfig { path: path(), source })?;
    check(&config.connection.token, now, false, || format!("connection.token of the config {}", path().display()))?;
    Ok(config)
}

fn token(
    args: &AccessArgs,
    profile: &Profile,
    environment: &Environment<'_>,
    now: Timestamp,
    warnings: &mut Vec<String>,
) -> Result<Ticket, AccessError> {
    let of_environment = environment.text("CHATROOM_TOKEN");
    // A refresh token belongs to its token: the profile's is of no use for another one.
    let (token, origin, refresh_file) = match (&args.token_file, of_environment, &profile.token_file) {
        (Some(path), _, _) => (secret_of(path, warnings)?, told(path), args.refresh_token_file.as_ref()),
        (None, Some(token), _) => (token, "the token in $CHATROOM_TOKEN".to_owned(), args.refresh_token_file.as_ref()),
        (None, None, Some(path)) => {
            let refresh_file = args.refresh_token_file.as_ref().or(profile.refresh_token_file.as_ref());
            (secret_of(path, warnings)?, told(path), refresh_file)
        }
        (None, None, None) => return Err(AccessError::Nothing),
    };
    let refresh = match refresh_file {
        Some(path) => Some(RefreshToken::new(secret_of(path, warnings)?)),
        None => None,
    };
    let token = Token::new(token);
    check(&token, now, refresh.is_some(), || origin)?;
    Ok(Ticket::Token { token, refresh })
}

fn told(path: &Path) -> String {
    format!("the token in {}", path.display())
}

fn check(token: &Token, now: Timestamp, renewable: bool, origin: impl FnOnce() -> String) -> Result<(), AccessError> {
    match Claims::of(token) {
        Err(source) => Err(AccessError::BadToken { origin: origin(), source }),
        Ok(claims) => match claims.expires_at().filter(|end| *end <= now) {
            Some(at) if !renewable => Err(AccessError::Expired { origin: origin(), at }),
            Some(_) | None => Ok(()),
        },
    }
}

fn secret_of(path: &Path, warnings: &mut Vec<String>) -> Result<String, AccessError> {
    let failed = |source| AccessError::TokenFile { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if is_open_to_others(&file) {
        warnings.push(format!("others may read the token file {0}; chmod 600 {0} keeps it to you", path.display()));
    }
    let text = read(file).map_err(failed)?;
    String::from_utf8(text).map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "it is not text")))
}

fn read(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is larger than {FILE_MAX} bytes")));
    }
    Ok(bytes)
}

/// Whether a token file lies open. A pipe (`<(pass show chatroom)`) does not lie anywhere.
#[cfg(unix)]
fn is_open_to_others(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_file: &File) -> bool {
    false
}

#[cfg(test)]
mod tests;
