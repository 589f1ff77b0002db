//! The server's own secrets: the key that signs tokens, and the organisation's token.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use chatroom_wire::{ClientId, OrgToken, RefreshToken, Signature, Token};
use jiff::Timestamp;

use super::Grant;

/// The server's own secrets: the key that signs tokens, and the organisation's token.
pub struct TokenKeys(());

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeys(redacted)")
    }
}

/// Why the server's secrets could not be made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file can't be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not hold what it should.
    #[error("{} holds no {what}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The system gives no random bytes.
    #[error("no key could be made: the system gives no random bytes")]
    Random,
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
    /// New secrets that are kept nowhere.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn generate() -> Result<Self, KeyError> {
        Ok(Self(()))
    }

    /// The secrets kept in this directory; the first time they are made.
    ///
    /// # Errors
    /// When a file can't be read or written, or does not hold a key.
    pub fn load_or_create(_dir: &Path) -> Result<Self, KeyError> {
        Ok(Self(()))
    }

    /// A chat token, which ends at `grant.expires_at`.
    pub fn issue_chat(&self, _grant: &Grant, _now: Timestamp) -> Token {
        unimplemented!()
    }

    /// A refresh token, which ends at `grant.expires_at`.
    pub fn issue_refresh(&self, _grant: &Grant, _now: Timestamp) -> RefreshToken {
        unimplemented!()
    }

    /// A connection token for this client id, and the detached signature over it.
    pub fn issue_connection(&self, _grant: &Grant, _client_id: &ClientId, _now: Timestamp) -> (Token, Signature) {
        unimplemented!()
    }

    /// Reads a chat token.
    ///
    /// # Errors
    /// When it is none of this server's, or not valid now.
    pub fn verify_chat(&self, _token: &str, _now: Timestamp) -> Result<Grant, TokenError> {
        unimplemented!()
    }

    /// Reads a refresh token. `expires_at` is its own end, not that of the chat token to be made.
    ///
    /// # Errors
    /// When it is none of this server's, or not valid now.
    pub fn verify_refresh(&self, _token: &RefreshToken, _now: Timestamp) -> Result<Grant, TokenError> {
        unimplemented!()
    }

    /// Reads a connection token, after its detached signature was found good.
    ///
    /// # Errors
    /// When it is none of this server's, or not valid now.
    pub fn verify_connection(
        &self,
        _token: &Token,
        _signature: &Signature,
        _now: Timestamp,
    ) -> Result<(Grant, ClientId), TokenError> {
        unimplemented!()
    }

    /// The organisation's token, which makes rooms and chat tokens.
    pub fn org_token(&self) -> &OrgToken {
        unimplemented!()
    }

    /// The file that holds it, where there is one.
    pub fn org_token_file(&self) -> Option<&Path> {
        None
    }

    /// Whether this text is the organisation's token. Takes the same time wherever they differ.
    pub fn is_org_token(&self, _presented: &str) -> bool {
        false
    }
}
