//! Whether a CONNECT is let in, and as whom.

use std::sync::Arc;

use chatroom_mqtt::{Connect, ReasonCode};
use chatroom_wire::{ClientId, rest::Role, user_name};
use jiff::Timestamp;

use super::topics::RoomTopics;
use crate::{
    Settings,
    rules::Author,
    token::{Grant, TokenKeys},
};

/// Somebody whose credentials are good.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) grant: Grant,
    pub(crate) client_id: ClientId,
    pub(crate) author: Arc<Author>,
    pub(crate) topics: RoomTopics,
    /// The keep alive in force, in seconds.
    pub(crate) keep_alive: u16,
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unwelcome {
    pub(crate) reason: ReasonCode,
    pub(crate) text: &'static str,
}

/// Checks a CONNECT. The texts say nothing that helps to guess credentials.
///
/// # Errors
/// With the reason for the CONNACK.
pub(crate) fn check(
    connect: &Connect,
    keys: &TokenKeys,
    settings: &Settings,
    now: Timestamp,
) -> Result<Guest, Unwelcome> {
    let unwelcome = |reason, text| Unwelcome { reason, text };
    if connect.has_will {
        return Err(unwelcome(ReasonCode::IMPLEMENTATION_SPECIFIC, "this server takes no wills"));
    }
    let credentials = connect.user_name.as_ref().and_then(|name| user_name::decode(name.expose()).ok());
    let credentials = credentials.ok_or_else(|| {
        unwelcome(ReasonCode::BAD_CREDENTIALS, "the user name must hold the values of the config's connection")
    })?;
    let (grant, client_id) =
        keys.verify_connection(&credentials.token, &credentials.signature, now).map_err(|error| {
            tracing::debug!(%error, "a connection token is refused");
            unwelcome(ReasonCode::NOT_AUTHORIZED, "the connection token is not valid; ask for a new config")
        })?;
    if connect.client_id != client_id.as_str() {
        return Err(unwelcome(ReasonCode::CLIENT_ID_INVALID, "the client id is not that of the config"));
    }
    let author = Arc::new(Author {
        id: grant.user.clone(),
        device_id: grant.device_id.clone(),
        name: grant.name.clone(),
        is_admin: grant.role == Role::Admin,
        is_guest: grant.is_guest,
    });
    let topics = RoomTopics::of(&grant.tenant_id, &grant.room);
    Ok(Guest { grant, client_id, author, topics, keep_alive: keep_alive(connect.keep_alive, settings) })
}

/// The keep alive within the limits; none at all counts as too long a one (docs/protocol.md, section G.4).
fn keep_alive(wanted: u16, settings: &Settings) -> u16 {
    let seconds = |duration: std::time::Duration| u16::try_from(duration.as_secs()).unwrap_or(u16::MAX);
    let (min, max) = (seconds(settings.keepalive_min), seconds(settings.keepalive_max));
    if wanted == 0 { max } else { wanted.min(max).max(min) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keep_alive_is_kept_within_the_limits() {
        for (wanted, granted) in [(0, 1200), (1, 30), (10, 30), (30, 30), (60, 60), (1200, 1200), (65_535, 1200)] {
            assert_eq!(keep_alive(wanted, &Settings::default()), granted, "{wanted}");
        }
    }
}
