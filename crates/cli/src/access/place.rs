//! Where the service is, and whom to trust.

use std::{fmt, path::PathBuf};

use chatroom_client::{BuildError, DEFAULT_API, Proxy, Rest, Trust};
use chatroom_wire::Token;

use super::{AccessError, belonging::Belonging};
use crate::{args::access::ServiceArgs, environment::Environment, profile::Profile};

/// The URL of a proxy, or `none`. A password may stand in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProxyUrl(String);

impl From<String> for ProxyUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyUrl")
    }
}

/// A service.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) api: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) allow_plaintext: bool,
    proxy: Option<ProxyUrl>,
}

impl Place {
    /// What options, environment and profile say, in this order; else where the token says that it belongs. None of them
    /// means the vendor's service.
    ///
    /// # Errors
    /// When only the token says something, and that can't be followed.
    pub(crate) fn resolve(
        args: &ServiceArgs,
        profile: &Profile,
        environment: &Environment<'_>,
        token: Option<&Token>,
        warnings: &mut Vec<String>,
    ) -> Result<Self, AccessError> {
        let proxy = args.proxy.clone().or_else(|| environment.text("CHATROOM_PROXY").map(ProxyUrl));
        let ca_file = args.ca_file.clone().or_else(|| environment.path("CHATROOM_CA_FILE"));
        let said = args
            .api
            .clone()
            .map(|api| (api, "--api"))
            .or_else(|| environment.text("CHATROOM_API").map(|api| (api, "$CHATROOM_API")))
            .or_else(|| profile.api.clone().map(|api| (api, "the profile")));
        let api = match (said, token.and_then(Belonging::of)) {
            (None, None) => None,
            (None, Some(belonging)) => {
                Some(belonging.usable().ok_or(AccessError::UnusableApi { api: belonging.shown })?)
            }
            (Some((api, _)), None) => Some(api),
            (Some((api, origin)), Some(belonging)) => {
                // One that is no URL is told as that later, and not quoted: a password may stand in it.
                if let Ok(url) = api.parse()
                    && !belonging.includes(&url)
                {
                    let shown = belonging.shown;
                    warnings.push(format!("the token belongs to {shown}; it is sent to {url}, as {origin} says"));
                }
                Some(api)
            }
        };
        Ok(Self {
            api,
            ca_file: ca_file.or_else(|| profile.ca_file.clone()),
            allow_plaintext: args.allow_plaintext,
            proxy: proxy.or_else(|| profile.proxy.clone()),
        })
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
        let proxy = match &self.proxy {
            None => Proxy::from_env(),
            Some(ProxyUrl(url)) if url == "none" => Proxy::none(),
            Some(ProxyUrl(url)) => Proxy::new(url)?,
        };
        Rest::with_proxy(self.api.as_deref().unwrap_or(DEFAULT_API), &trust, &proxy)
    }
}
