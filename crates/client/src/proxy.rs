//! Through which HTTP proxy calls and links go, if through any.

use std::{env, fmt, sync::Arc};

use chatroom_wire::Endpoint;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::HeaderValue;
use tokio_tungstenite::tungstenite::http::Uri;

use crate::BuildError;

/// Through which HTTP proxy a service is reached: calls and links alike, by the method CONNECT (unencrypted calls as the
/// proxy's own requests).
///
/// Without one, the environment decides ([`Proxy::from_env`]). SOCKS proxies are refused.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use chatroom_client::{Proxy, Rest, Trust};
///
/// let proxy = Proxy::new("http://proxy.example:3128")?;
/// let rest = Rest::with_proxy("https://chat.example", &Trust::new(), &proxy)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Proxy(Arc<Rules>);

#[derive(Default)]
struct Rules {
    /// For what is encrypted, and for what is not.
    secure: Option<Route>,
    plain: Option<Route>,
    /// Hosts that are reached directly; `None`: not even this machine is.
    except: Option<Matcher>,
}

/// A proxy that can be used, or why it can't be.
type Route = Result<Hop, BuildError>;

/// One proxy.
#[derive(Clone)]
pub(crate) struct Hop {
    uri: Uri,
    authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Always this one, for hosts of this machine too. The URL may hold a user name and a password.
    ///
    /// # Errors
    /// When it is no URL of an HTTP proxy.
    pub fn new(url: &str) -> Result<Self, BuildError> {
        let hop = hop(url, "the proxy")?;
        Ok(Self(Arc::new(Rules { secure: Some(Ok(hop.clone())), plain: Some(Ok(hop)), except: None })))
    }

    /// None at all, whatever the environment says.
    pub fn none() -> Self {
        Self(Arc::default())
    }

    /// What the environment says: `HTTPS_PROXY`, or for what is not encrypted `HTTP_PROXY`, else `ALL_PROXY`, except for the
    /// hosts in `NO_PROXY` and for this machine. Names in lower case go before those in upper case.
    ///
    /// A proxy that can't be used is an error only once it would be used.
    pub fn from_env() -> Self {
        Self::of(|name| env::var(name).ok())
    }

    fn of(read: impl Fn(&str) -> Option<String>) -> Self {
        let find = |name: &'static str| {
            let set = |name: &str| read(name).filter(|value| !value.trim().is_empty());
            set(name).or_else(|| set(&name.to_ascii_uppercase())).map(|value| (name, value))
        };
        let route = |names: [&'static str; 2]| {
            let (name, value) = names.into_iter().find_map(find)?;
            Some(hop(value.trim(), &format!("${}", name.to_ascii_uppercase())))
        };
        // In a CGI script this variable is a header of the request, which a stranger wrote.
        let plain = if read("REQUEST_METHOD").is_some() { "all_proxy" } else { "http_proxy" };
        let no_proxy = find("no_proxy").map(|(_, value)| value).unwrap_or_default();
        Self(Arc::new(Rules {
            secure: route(["https_proxy", "all_proxy"]),
            plain: route([plain, "all_proxy"]),
            except: Some(Matcher::builder().all("http://any.example").no(no_proxy).build()),
        }))
    }

    /// The proxy on the way to a host, if there is one.
    ///
    /// # Errors
    /// When it can't be used.
    pub(crate) fn hop(&self, secure: bool, host: &str) -> Result<Option<&Hop>, BuildError> {
        let rules = &*self.0;
        let Some(route) = (if secure { &rules.secure } else { &rules.plain }) else { return Ok(None) };
        if rules.except.as_ref().is_some_and(|except| is_direct(except, host)) {
            return Ok(None);
        }
        route.as_ref().map(Some).map_err(|error| match error {
            BuildError::Proxy { origin, problem } => BuildError::Proxy { origin: origin.clone(), problem },
            // There is no other.
            _ => BuildError::Proxy { origin: "the proxy".to_owned(), problem: "it can't be used" },
        })
    }
}

/// Whether a host is reached directly.
fn is_direct(except: &Matcher, host: &str) -> bool {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let local = host.parse::<Endpoint>().is_ok_and(|endpoint| endpoint.is_loopback());
    // What is no host can't be excepted, and fails where it is dialled.
    local || format!("https://{host}/").parse().is_ok_and(|uri: Uri| except.intercept(&uri).is_none())
}

fn hop(text: &str, origin: &str) -> Route {
    let refused = |problem| BuildError::Proxy { origin: origin.to_owned(), problem };
    let scheme = text.split_once("://").map_or("http", |(scheme, _)| scheme);
    if scheme.to_ascii_lowercase().starts_with("socks") {
        return Err(refused("SOCKS proxies are not supported, only HTTP proxies"));
    }
    let matcher = Matcher::builder().all(text).build();
    let found = matcher.intercept(&Uri::from_static("https://any.example/"));
    let found = found.ok_or_else(|| refused("it is no URL of a proxy, such as http://proxy.example:3128"))?;
    Ok(Hop { uri: found.uri().clone(), authorization: found.basic_auth().cloned() })
}

impl Hop {
    /// Whether the way to the proxy itself is encrypted.
    pub(crate) fn is_secure(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    pub(crate) fn host(&self) -> &str {
        let host = self.uri.host().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    pub(crate) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or_else(|| if self.is_secure() { 443 } else { 80 })
    }

    /// What the proxy wants to know of who asks. A secret.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// The same for the library that makes calls.
    pub(crate) fn for_calls(&self) -> reqwest::Result<reqwest::Proxy> {
        let proxy = reqwest::Proxy::all(self.uri.to_string())?;
        Ok(match &self.authorization {
            Some(authorization) => proxy.custom_http_auth(authorization.clone()),
            None => proxy,
        })
    }
}

/// Host and port; the rest may be secret.
impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.uri.host().unwrap_or_default(), self.port())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |route: &Option<Route>| route.as_ref().map(|route| route.as_ref().map(ToString::to_string).ok());
        f.debug_struct("Proxy")
            .field("secure", &shown(&self.0.secure))
            .field("plain", &shown(&self.0.plain))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(variables: &[(&str, &str)], secure: bool, host: &str) -> String {
        let read = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        match Proxy::of(read).hop(secure, host) {
            Ok(Some(hop)) => hop.to_string(),
            Ok(None) => "direct".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_environment_names_a_proxy_for_each_kind_of_way() {
        let all = [("ALL_PROXY", "http://all:1"), ("HTTPS_PROXY", "secure:2"), ("http_proxy", "http://plain:3/")];
        assert_eq!(way(&all, true, "chat.example"), "secure:2");
        assert_eq!(way(&all, false, "chat.example"), "plain:3");
        assert_eq!(way(&all[..1], true, "chat.example"), "all:1");
        assert_eq!(way(&[("https_proxy", "lower"), ("HTTPS_PROXY", "upper")], true, "chat.example"), "lower:80");
        assert_eq!(way(&[("https_proxy", " "), ("HTTPS_PROXY", "https://upper")], true, "chat.example"), "upper:443");
        assert_eq!(way(&[], true, "chat.example"), "direct");
        assert_eq!(way(&[("HTTP_PROXY", "evil"), ("REQUEST_METHOD", "GET")], false, "chat.example"), "direct");
    }

    #[test]
    fn hosts_that_are_excepted_and_this_machine_are_reached_directly() {
        let variables = [("all_proxy", "p:1"), ("NO_PROXY", "example.com, .example.org,10.0.0.0/8,2001:db8::7")];
        for host in [
            "example.com",
            "a.example.com",
            "a.example.org",
            "10.1.2.3",
            "2001:db8::7",
            "localhost",
            "127.0.0.1",
            "::1",
        ] {
            assert_eq!(way(&variables, true, host), "direct", "{host}");
        }
        for host in ["notexample.com", "11.1.2.3", "2001:db8::8", "chat.example"] {
            assert_eq!(way(&variables, true, host), "p:1", "{host}");
        }
        assert_eq!(way(&[("all_proxy", "p:1"), ("no_proxy", "*")], true, "chat.example"), "direct");
    }

    #[test]
    fn a_proxy_that_is_named_by_the_caller_is_used_for_this_machine_too() {
        let proxy = Proxy::new("http://p:1").unwrap();
        assert_eq!(proxy.hop(true, "localhost").unwrap().unwrap().to_string(), "p:1");
        assert!(Proxy::none().hop(true, "chat.example").unwrap().is_none());
    }

    #[test]
    fn what_can_t_be_used_is_refused_once_it_would_be_used_and_without_quoting_it() {
        for bad in ["socks5://me:canary@p:1", "SOCKS4://p", "ftp://canary@p", "http://", "no proxy, canary"] {
            let told = way(&[("ALL_PROXY", bad)], true, "chat.example");
            assert!(told.starts_with("$ALL_PROXY can't be used: ") && !told.contains("canary"), "{told}");
            assert_eq!(way(&[("ALL_PROXY", bad)], true, "localhost"), "direct");
            assert!(Proxy::new(bad).is_err());
        }
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let proxy = Proxy::new("http://me:can%20ary@p:1").unwrap();
        let hop = proxy.hop(true, "chat.example").unwrap().unwrap();
        assert_eq!(hop.authorization().unwrap(), "Basic bWU6Y2FuIGFyeQ==");
        assert!(hop.authorization().unwrap().is_sensitive());
        assert_eq!(format!("{proxy:?}"), "Proxy { secure: Some(Some(\"p:1\")), plain: Some(Some(\"p:1\")), .. }");
    }
}
