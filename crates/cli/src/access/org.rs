//! Calls in the name of an organisation.

use chatroom_client::{BuildError, Rest, Rooms};
use chatroom_wire::{Claims, OrgToken, Token};

use super::{
    AccessError,
    keys::{of_environment, told},
    place::Place,
    secret::secret_of,
};
use crate::{args::access::OrgArgs, environment::Environment, profile::Profile};

/// All that is needed to call the service as the organisation.
#[derive(Debug)]
pub(crate) struct OrgAccess {
    token: OrgToken,
    org_id: Option<String>,
    place: Place,
    /// What the user should know, though it works.
    pub(crate) warnings: Vec<String>,
}

impl OrgAccess {
    /// Gathers what options, environment and profile say, in this order.
    pub(crate) fn resolve(
        args: &OrgArgs,
        profile: &Profile,
        environment: &Environment<'_>,
    ) -> Result<Self, AccessError> {
        let mut warnings = Vec::new();
        // What goes after an option is not even read.
        let of_environment = match &args.org_token_file {
            Some(_) => None,
            None => of_environment("CHATROOM_ORG_TOKEN", "CHATROOM_ORG_TOKEN_FILE", environment, &mut warnings)?,
        };
        let (text, origin) = match (&args.org_token_file, of_environment, &profile.org_token_file) {
            (Some(path), _, _) | (None, None, Some(path)) => {
                let text = secret_of(path, &mut warnings)?;
                if text.trim().is_empty() {
                    return Err(AccessError::EmptyTokenFile { path: path.clone() });
                }
                (text, told(path))
            }
            (None, Some(found), _) => found,
            (None, None, None) => return Err(AccessError::NoOrgToken),
        };
        let token = OrgToken::new(text);
        // What an organisation's token looks like is the service's own business; a chat token names its room.
        if Claims::of(&Token::new(token.expose())).is_ok_and(|claims| claims.chat_id.is_some()) {
            return Err(AccessError::NotOrgToken { origin });
        }
        let as_token = Token::new(token.expose());
        let place = Place::resolve(&args.service, profile, environment, Some(&as_token), &mut warnings)?;
        Ok(Self { token, org_id: args.org_id.clone(), place, warnings })
    }

    /// The service, and what makes rooms and tokens there.
    pub(crate) fn open(self) -> Result<(Rest, Rooms), BuildError> {
        let rest = self.place.rest()?;
        let rooms = Rooms::new(&rest, self.token);
        Ok(match self.org_id {
            Some(id) => (rest, rooms.org_id(id)),
            None => (rest, rooms),
        })
    }
}
