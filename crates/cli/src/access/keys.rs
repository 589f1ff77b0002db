//! Chat tokens, what renews them, and where both come from.

use std::path::{Path, PathBuf};

use chatroom_wire::{Claims, RefreshToken, Token};
use jiff::Timestamp;

use super::{AccessError, secret::secret_of};
use crate::{args::access::VisitorArgs, environment::Environment, profile::Profile, token_clock::TokenTimes};

/// The variable that says where the refresh token is.
const REFRESH_FILE: &str = "CHATROOM_REFRESH_TOKEN_FILE";

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
    source: Source,
}

/// Where a chat token came from; what renews it comes from no other place before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Option,
    Environment,
    Profile,
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
        // A refresh token belongs to its token: that of the environment is of no use for an option's, and the profile's for
        // its own alone.
        let of_environment = environment.path(REFRESH_FILE).filter(|_| found.source != Source::Option);
        let of_profile = profile.refresh_token_file.clone().filter(|_| found.source == Source::Profile);
        let refresh = match args.refresh_token_file.clone().or(of_environment).or(of_profile) {
            Some(path) => Some(RefreshToken::new(secret_of(&path, warnings)?)),
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
    let (text, origin, source) = if let Some(path) = file {
        (secret_of(path, warnings)?, told(path), Source::Option)
    } else if let Some((text, origin)) = of_environment("CHATROOM_TOKEN", "CHATROOM_TOKEN_FILE", environment, warnings)?
    {
        (text, origin, Source::Environment)
    } else if let Some(path) = &profile.token_file {
        (secret_of(path, warnings)?, told(path), Source::Profile)
    } else {
        return Ok(None);
    };
    Ok(Some(Found { token: Token::new(text), origin, source }))
}

/// A token of the environment, and where it was: `variable` holds it, or else `file` says where it is.
pub(super) fn of_environment(
    variable: &str,
    file: &str,
    environment: &Environment<'_>,
    warnings: &mut Vec<String>,
) -> Result<Option<(String, String)>, AccessError> {
    let path = environment.path(file);
    if let Some(text) = environment.text(variable) {
        warnings.extend(path.map(|_| format!("${variable} is used, not ${file}")));
        return Ok(Some((text, format!("the token in ${variable}"))));
    }
    let Some(path) = path else { return Ok(None) };
    let text = secret_of(&path, warnings)?;
    if text.trim().is_empty() { Err(AccessError::EmptyTokenFile { path }) } else { Ok(Some((text, told(&path)))) }
}

/// The refresh token of the options, the environment or the profile, in this order.
pub(crate) fn refresh_token(
    file: Option<&PathBuf>,
    profile: &Profile,
    environment: &Environment<'_>,
    warnings: &mut Vec<String>,
) -> Result<RefreshToken, AccessError> {
    let path = file.cloned().or_else(|| environment.path(REFRESH_FILE)).or_else(|| profile.refresh_token_file.clone());
    let path = path.ok_or(AccessError::NoRefreshToken)?;
    let token = RefreshToken::new(secret_of(&path, warnings)?);
    if token.is_empty() { Err(AccessError::EmptyTokenFile { path }) } else { Ok(token) }
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
