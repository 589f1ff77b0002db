//! The server's own secrets, and what is issued and verified with them.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chatroom_wire::{ClientId, OrgToken, RefreshToken, Signature, Token};
use jiff::Timestamp;
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};

use super::{
    ApiUrls, Grant, KeyError, OrgGrant, TOKEN_MAX,
    claims::{Claims, OrgClaims, RoomClaims, SecretClaims},
    jwt::Jwt,
};
use crate::private_file;

/// The server's own secrets: the key that signs tokens, and the organisation's token.
///
/// ```
/// use chatroom_server::token::{Grant, TokenError, TokenKeys};
/// use chatroom_wire::rest::Role;
///
/// let keys = TokenKeys::generate()?;
/// let now: jiff::Timestamp = "2024-07-29T15:51:28Z".parse()?;
/// let grant = Grant {
///     room: "r1".into(),
///     user: "ada".into(),
///     device_id: "phone".into(),
///     name: "Ada".into(),
///     role: Role::Viewer,
///     is_guest: false,
///     tenant_id: "acme".into(),
///     expires_at: now + jiff::SignedDuration::from_hours(24),
/// };
/// let token = keys.issue_chat(&grant, now);
/// assert_eq!(keys.verify_chat(token.expose(), now)?, grant);
/// assert_eq!(keys.verify_chat(token.expose(), grant.expires_at), Err(TokenError::Expired));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TokenKeys {
    signing: Ed25519KeyPair,
    jwt: Jwt,
    urls: ApiUrls,
    /// What the organisation's token is good by; the token itself may be a JWT around it.
    org_secret: OrgToken,
    org_token: OrgToken,
    org_token_file: Option<PathBuf>,
    /// A key of this run and the organisation's secret under it: two of these compare in constant time.
    org_check: (hmac::Key, hmac::Tag),
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeys(redacted)")
    }
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is no token of this server: not a JWT, too large, or with other claims or another algorithm.
    #[error("the token is malformed")]
    Malformed,
    /// It was not signed with this server's key, or it was altered.
    #[error("the token's signature does not match")]
    BadSignature,
    /// It is a token of another type, say a refresh token where a chat token is wanted.
    #[error("this type of token can't be used here")]
    WrongType,
    /// It has ended.
    #[error("the token has expired")]
    Expired,
    /// It was made in the future: a clock is wrong.
    #[error("the token is not valid yet")]
    NotYet,
}

impl TokenKeys {
    /// A chat token, which ends at `grant.expires_at`.
    pub fn issue_chat(&self, grant: &Grant, now: Timestamp) -> Token {
        Token::new(self.jwt.write(&Claims::Chat(RoomClaims::of(grant, None, &self.urls, now))))
    }

    /// A refresh token, which ends at `grant.expires_at` (see [`Grant::until`]).
    pub fn issue_refresh(&self, grant: &Grant, now: Timestamp) -> RefreshToken {
        RefreshToken::new(self.jwt.write(&Claims::Refresh(RoomClaims::of(grant, None, &self.urls, now))))
    }

    /// A connection token for this client id, and the detached signature over it: standard base64 of the Ed25519
    /// signature over the token's bytes.
    pub fn issue_connection(&self, grant: &Grant, client_id: &ClientId, now: Timestamp) -> (Token, Signature) {
        let token =
            self.jwt.write(&Claims::Connection(RoomClaims::of(grant, Some(client_id), &ApiUrls::default(), now)));
        let signature = STANDARD.encode(self.signing.sign(token.as_bytes()));
        (Token::new(token), Signature::new(signature))
    }

    /// A dictionary token, which ends at `grant.expires_at`.
    pub fn issue_dictionary(&self, grant: &OrgGrant, now: Timestamp) -> Token {
        Token::new(self.jwt.write(&Claims::Dictionary(OrgClaims::of(grant, &self.urls, now))))
    }

    /// A sticker token, which ends at `grant.expires_at`.
    pub fn issue_sticker(&self, grant: &OrgGrant, now: Timestamp) -> Token {
        Token::new(self.jwt.write(&Claims::Sticker(OrgClaims::of(grant, &self.urls, now))))
    }

    /// Reads a chat token.
    ///
    /// # Errors
    /// When it is none of this server's, or not valid now.
    pub fn verify_chat(&self, token: &str, now: Timestamp) -> Result<Grant, TokenError> {
        let Claims::Chat(claims) = self.jwt.read(token)? else { return Err(TokenError::WrongType) };
        Ok(claims.grant(now)?.0)
    }

    /// Reads a refresh token. `expires_at` is its own end, not that of the chat token to be made.
    ///
    /// # Errors
    /// When it is none of this server's, or not valid now.
    pub fn verify_refresh(&self, token: &RefreshToken, now: Timestamp) -> Result<Grant, TokenError> {
        let Claims::Refresh(claims) = self.jwt.read(token.expose())? else { return Err(TokenError::WrongType) };
        Ok(claims.grant(now)?.0)
    }

    /// Reads a connection token, after its detached signature was found good. The caller checks that the client id is
    /// the one that connects.
    ///
    /// # Errors
    /// When it is none of this server's, or not valid now.
    pub fn verify_connection(
        &self,
        token: &Token,
        signature: &Signature,
        now: Timestamp,
    ) -> Result<(Grant, ClientId), TokenError> {
        if token.expose().len() > TOKEN_MAX {
            return Err(TokenError::Malformed);
        }
        let signature = STANDARD.decode(signature.expose()).map_err(|_| TokenError::BadSignature)?;
        UnparsedPublicKey::new(&ED25519, self.signing.public_key())
            .verify(token.expose().as_bytes(), &signature)
            .map_err(|_| TokenError::BadSignature)?;
        let Claims::Connection(claims) = self.jwt.read(token.expose())? else { return Err(TokenError::WrongType) };
        let (grant, client_id) = claims.grant(now)?;
        Ok((grant, client_id.ok_or(TokenError::Malformed)?))
    }

    /// Reads a dictionary token.
    ///
    /// # Errors
    /// When it is none of this server's, or not valid now.
    pub fn verify_dictionary(&self, token: &str, now: Timestamp) -> Result<OrgGrant, TokenError> {
        let Claims::Dictionary(claims) = self.jwt.read(token)? else { return Err(TokenError::WrongType) };
        claims.grant(now)
    }

    /// Reads a sticker token.
    ///
    /// # Errors
    /// When it is none of this server's, or not valid now.
    pub fn verify_sticker(&self, token: &str, now: Timestamp) -> Result<OrgGrant, TokenError> {
        let Claims::Sticker(claims) = self.jwt.read(token)? else { return Err(TokenError::WrongType) };
        claims.grant(now)
    }

    /// The organisation's token, which makes rooms and all tokens.
    pub fn org_token(&self) -> &OrgToken {
        &self.org_token
    }

    /// The public half of the key that signs: it tells these keys from others.
    pub fn public_key(&self) -> &[u8] {
        self.signing.public_key().as_ref()
    }

    /// The file that holds it, where there is one.
    pub fn org_token_file(&self) -> Option<&Path> {
        self.org_token_file.as_deref()
    }

    /// Whether this text is the organisation's token, with or without what it says of the API. It takes the same time
    /// wherever they differ.
    pub fn is_org_token(&self, presented: &str) -> bool {
        let (key, tag) = &self.org_check;
        let secret = secret_in(&self.jwt, presented);
        let secret = secret.as_ref().map_or(presented, |secret| secret.expose());
        hmac::verify(key, secret.as_bytes(), tag.as_ref()).is_ok()
    }

    /// Has all tokens say that the API is there, the organisation's too: its file is written anew, and what was given out
    /// before stays good. Blocks on the disk.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn reached_at(mut self, urls: ApiUrls) -> Result<Self, KeyError> {
        let token = self.jwt.write(&Claims::Organisation(SecretClaims::of(&self.org_secret, &urls)));
        self.urls = urls;
        if self.urls.main.is_none() || token.len() > TOKEN_MAX || token == self.org_token.expose() {
            return Ok(self);
        }
        if let Some(path) = &self.org_token_file {
            private_file::write_secret(path, &token).map_err(|source| KeyError::File { path: path.clone(), source })?;
        }
        self.org_token = OrgToken::new(token);
        Ok(self)
    }

    /// Where the tokens say that the API is.
    pub fn api_urls(&self) -> &ApiUrls {
        &self.urls
    }

    /// Whether a chat token of this server says where the API is now.
    pub(crate) fn is_up_to_date(&self, token: &str) -> bool {
        matches!(self.jwt.read(token), Ok(Claims::Chat(claims)) if claims.say(&self.urls))
    }

    pub(super) fn from_pkcs8(pkcs8: &[u8], org_token: OrgToken, org_token_file: Option<PathBuf>) -> Option<Self> {
        let signing = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
        let jwt = Jwt::new(pkcs8, signing.public_key().as_ref());
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok()?;
        let org_secret = secret_in(&jwt, org_token.expose()).unwrap_or_else(|| org_token.clone());
        let tag = hmac::sign(&key, org_secret.expose().as_bytes());
        let urls = ApiUrls::default();
        Some(Self { signing, jwt, urls, org_secret, org_token, org_token_file, org_check: (key, tag) })
    }
}

/// The secret in an organisation's token that is a JWT of this server. Only what says that it is one is verified.
fn secret_in(jwt: &Jwt, token: &str) -> Option<OrgToken> {
    let claims = chatroom_wire::Claims::of(&Token::new(token)).ok()?;
    if claims.kind.as_deref() != Some("organisation") {
        return None;
    }
    match jwt.read(token) {
        Ok(Claims::Organisation(claims)) => Some(claims.secret()),
        Ok(_) | Err(_) => None,
    }
}
