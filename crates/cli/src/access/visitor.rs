//! Calls with a chat token, without joining the room.

use chatroom_client::{BuildError, Rest, Visitor};
use jiff::Timestamp;

use super::{AccessError, keys::Keys, place::Place};
use crate::{args::access::VisitorArgs, environment::Environment, profile::Profile, token_clock::TokenTimes};

/// All that is needed to call the service with a chat token.
#[derive(Debug)]
pub(crate) struct VisitorAccess {
    keys: Keys,
    times: TokenTimes,
    place: Place,
    name: Option<String>,
    /// What the user should know, though it works.
    pub(crate) warnings: Vec<String>,
}

impl VisitorAccess {
    /// Gathers what options, environment and profile say, in this order, and checks it. A token that looks
    /// expired at `now` is warned of.
    pub(crate) fn resolve(
        args: &VisitorArgs,
        profile: &Profile,
        environment: &Environment<'_>,
        now: Timestamp,
    ) -> Result<Self, AccessError> {
        let mut warnings = Vec::new();
        let (keys, times) =
            Keys::resolve(args, profile, environment, now, &mut warnings)?.ok_or(AccessError::NoToken)?;
        let place = Place::resolve(&args.service, profile, environment, Some(&keys.token), &mut warnings)?;
        Ok(Self { keys, times, place, name: name(args, profile, environment), warnings })
    }

    /// What the token says of its time.
    pub(crate) fn times(&self) -> &TokenTimes {
        &self.times
    }

    /// The service, and somebody who calls it.
    pub(crate) fn open(self) -> Result<(Rest, Visitor), BuildError> {
        let rest = self.place.rest()?;
        let mut visitor = Visitor::new(&rest, self.keys.token);
        if let Some(refresh) = self.keys.refresh {
            visitor = visitor.refresh_token(refresh);
        }
        if let Some(name) = self.name {
            visitor = visitor.name(name);
        }
        Ok((rest, visitor))
    }
}

/// The name to write under.
pub(super) fn name(args: &VisitorArgs, profile: &Profile, environment: &Environment<'_>) -> Option<String> {
    args.name.clone().or_else(|| environment.text("CHATROOM_NAME")).or_else(|| profile.name.clone())
}
