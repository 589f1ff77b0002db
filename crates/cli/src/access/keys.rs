//! Chat tokens, what renews them, and where both come from.

use std::path::{Path, PathBuf};

use chatroom_wire::{Claims, RefreshToken, Token};
use jiff::Timestamp;

use super::{AccessError, secret::secret_of};
use crate::{args::access::VisitorArgs, environment::Environment, profile::Profile};

/// A chat token, and what buys a fresh one.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) token: Token,
    pub(crate) refresh: Option<RefreshToken>,
}

/// A chat token as it was found, and where.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) token: Token,
    /// In words, for errors.
    pub(crate) origin: String,
    /// Whether it is the profile's.
    of_profile: bool,
}

impl Keys {
    /// Gathers the tokens and checks the chat token; none where there is none.
    pub(crate) fn resolve(
        args: &VisitorArgs,
        profile: &Profile,
        environment: &Environment<'_>,
        now: Timestamp,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Self>, AccessError> {
        let Some(found) = find(args.token_file.as_deref(), profile, environment, warnings)? else { return Ok(None) };
        // A refresh token belongs to its token: the profile's is of no use for another one.
        let of_profile = profile.refresh_token_file.as_ref().filter(|_| found.of_profile);
        let refresh = match args.refresh_token_file.as_ref().or(of_profile) {
            Some(path) => Some(RefreshToken::new(secret_of(path, warnings)?)),
            None => None,
        };
        check(&found.token, now, refresh.is_some(), || found.origin)?;
        Ok(Some(Self { token: found.token, refresh }))
    }
}

/// The chat token of the options, the environment or the profile, in this order; not checked.
pub(crate) fn find(
    file: Option<&Path>,
    profile: &Profile,
    environment: &Environment<'_>,
    warnings: &mut Vec<String>,
) -> Result<Option<Found>, AccessError> {
    let (text, origin, of_profile) = match (file, environment.text("CHATROOM_TOKEN"), &profile.token_file) {
        (Some(path), _, _) => (secret_of(path, warnings)?, told(path), false),
        (None, Some(text), _) => (text, "the token in $CHATROOM_TOKEN".to_owned(), false),
        (None, None, Some(path)) => (secret_of(path, warnings)?, told(path), true),
        (None, None, None) => return Ok(None),
    };
    Ok(Some(Found { token: Token::new(text), origin, of_profile }))
}

/// The refresh token of the options or the profile.
pub(crate) fn refresh_token(
    file: Option<&PathBuf>,
    profile: &Profile,
    warnings: &mut Vec<String>,
) -> Result<RefreshToken, AccessError> {
    let path = file.or(profile.refresh_token_file.as_ref()).ok_or(AccessError::NoRefreshToken)?;
    let token = RefreshToken::new(secret_of(path, warnings)?);
    if token.is_empty() { Err(AccessError::EmptyTokenFile { path: path.clone() }) } else { Ok(token) }
}

/// A chat token must be one, and good, unless a fresh one can be bought.
pub(super) fn check(
    token: &Token,
    now: Timestamp,
    renewable: bool,
    origin: impl FnOnce() -> String,
) -> Result<(), AccessError> {
    match Claims::of(token) {
        Err(source) => Err(AccessError::BadToken { origin: origin(), source }),
        Ok(claims) => match claims.expires_at().filter(|end| *end <= now) {
            Some(at) if !renewable => Err(AccessError::Expired { origin: origin(), at }),
            Some(_) | None => Ok(()),
        },
    }
}

/// A token file, in words.
pub(super) fn told(path: &Path) -> String {
    format!("the token in {}", path.display())
}
