//! Chat tokens, what renews them, and where both come from.

use std::path::{Path, PathBuf};

use chatroom_wire::{Claims, RefreshToken, Token};
use jiff::Timestamp;

use super::{AccessError, secret::secret_of};
use crate::{args::access::VisitorArgs, environment::Environment, profile::Profile, token_clock::TokenTimes};

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
    /// Gathers the tokens, and what the chat token says of its time; none where there is none.
    pub(crate) fn resolve(
        args: &VisitorArgs,
        profile: &Profile,
        environment: &Environment<'_>,
        now: Timestamp,
        warnings: &mut Vec<String>,
    ) -> Result<Option<(Self, TokenTimes)>, AccessError> {
        let Some(found) = find(args.token_file.as_deref(), profile, environment, warnings)? else { return Ok(None) };
        // A refresh token belongs to its token: the profile's is of no use for another one.
        let of_profile = profile.refresh_token_file.as_ref().filter(|_| found.of_profile);
        let refresh = match args.refresh_token_file.as_ref().or(of_profile) {
            Some(path) => Some(RefreshToken::new(secret_of(path, warnings)?)),
            None => None,
        };
        if Claims::of(&found.token).is_ok_and(|claims| claims.kind.as_deref() == Some("organisation")) {
            return Err(AccessError::OrgToken { origin: found.origin });
        }
        let times = times(&found.token, found.origin)?;
        warnings.extend(doubt(&times, refresh.is_some(), now));
        Ok(Some((Self { token: found.token, refresh }, times)))
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

/// What a chat token says of its time. One that can't be read says nothing: the service decides whether it is good.
pub(super) fn times(token: &Token, origin: String) -> Result<TokenTimes, AccessError> {
    if token.is_empty() {
        return Err(AccessError::EmptyToken { origin });
    }
    Ok(TokenTimes::of(&Claims::of(token).unwrap_or_default(), origin))
}

/// What to say of a token that looks bad by this machine's clock: it is tried, unless a fresh one is bought first.
pub(super) fn doubt(times: &TokenTimes, renewable: bool, now: Timestamp) -> Option<String> {
    let doubt = times.doubt(now).filter(|_| !renewable)?;
    Some(format!("{doubt}; trying it anyway, as the service decides"))
}

/// A token file, in words.
pub(super) fn told(path: &Path) -> String {
    format!("the token in {}", path.display())
}
