//! Where the service is, and whom to trust.

use std::path::PathBuf;

use chatroom_client::{BuildError, DEFAULT_API, Rest, Trust};

use crate::{args::access::ServiceArgs, environment::Environment, profile::Profile};

/// A service.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) api: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) allow_plaintext: bool,
}

impl Place {
    /// What options, environment and profile say, in this order.
    pub(crate) fn resolve(args: &ServiceArgs, profile: &Profile, environment: &Environment<'_>) -> Self {
        let ca_file = args.ca_file.clone().or_else(|| environment.path("CHATROOM_CA_FILE"));
        Self {
            api: args.api.clone().or_else(|| environment.text("CHATROOM_API")).or_else(|| profile.api.clone()),
            ca_file: ca_file.or_else(|| profile.ca_file.clone()),
            allow_plaintext: args.allow_plaintext,
        }
    }

    /// A client of it; dials nothing yet.
    pub(crate) fn rest(&self) -> Result<Rest, BuildError> {
        let mut trust = Trust::new();
        if let Some(file) = &self.ca_file {
            trust = trust.ca_file(file);
        }
        if self.allow_plaintext {
            trust = trust.allow_plaintext();
        }
        Rest::new(self.api.as_deref().unwrap_or(DEFAULT_API), &trust)
    }
}
