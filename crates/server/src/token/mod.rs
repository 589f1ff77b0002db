//! Who may do what: tokens signed with Ed25519, and their detached signature.
//!
//! Read [`TokenKeys`] and [`Grant`] first. There are five types of token, and none stands for another. Three are for a room:
//!
//! - the *chat* token is what a client shows to the REST service,
//! - the *refresh* token buys a new chat token,
//! - the *connection* token, which a config call gives, is what a client shows over MQTT, together with a signature over
//!   its bytes (docs/protocol.md, sections B and G.2).
//!
//! Two are for a matter of the organisation ([`OrgGrant`]): the *dictionary* token, for the words of the filter, and the
//! *sticker* token.
//!
//! Beside them is the organisation's token, which makes rooms and all tokens: a random text, or a JWT around it that says
//! where the API is ([`ApiUrls`]), as all tokens but those for connections do.
//!
//! - [`keys`]: the secrets, and what is issued and verified with them; [`grant`]: what a token grants
//! - `files`: where the secrets are kept; `claims`: a grant as the claims of a token
//! - `jwt`: tokens written and read, by ring and with one algorithm only

mod api_urls;
mod claims;
mod files;
pub mod grant;
mod jwt;
pub mod keys;

#[cfg(test)]
mod tests;

pub use api_urls::ApiUrls;
pub use files::{KEY_FILE, KeyError, ORG_TOKEN_FILE};
pub use grant::{Grant, OrgGrant};
pub use keys::{TokenError, TokenKeys};

/// The longest token that is looked at, in bytes.
pub const TOKEN_MAX: usize = 8 * 1024;
