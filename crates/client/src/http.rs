//! How REST calls travel: HTTPS, one place for limits, headers and what can go wrong.

use std::{borrow::Cow, error::Error, io, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use chatroom_session::{ApiRequest, CallError, TlsFault, Verb};
use chatroom_wire::{
    Endpoint, LinkUrl, SafeText, body,
    rest::{ErrorBody, PREFIX},
};
use jiff::Timestamp;
use reqwest::{
    Client, Method, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    redirect,
};
use rustls::ClientConfig;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    BuildError, Proxy,
    calls::ask,
    clock_skew::{self, ClockSkew},
    tls,
};

/// How long a call may take, all in all.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// How many bytes of an answer are read: a room with ten thousand blocked users of the longest names takes 16 MiB.
const BODY_MAX: usize = 32 << 20;
/// How long an idle connection is kept: calls of a session come in pairs, and then rarely.
const IDLE: Duration = Duration::from_secs(20);
const JSON: &str = "application/json";
/// The vendor's header for the organisation (docs/protocol.md, section C.0).
const ORG_ID: HeaderName = HeaderName::from_static("x-bv-org-id");

/// A client of one service.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client,
    base: Arc<str>,
    host: Arc<str>,
    /// The same with its port.
    address: Arc<str>,
    /// The port that is reached over TLS, where it is.
    tls_port: Option<u16>,
    /// Through which calls go, in words.
    proxy: Option<Arc<str>>,
    pub(crate) clock: ClockSkew,
}

/// One call. Holds secrets, so it has no `Debug`.
pub(crate) struct Request<'a> {
    api: Cow<'a, ApiRequest>,
    content_type: &'static str,
    bearer: Option<&'a str>,
    org: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A call with a body in JSON, if with any.
    pub(crate) fn new(api: &'a ApiRequest) -> Self {
        Self { api: Cow::Borrowed(api), content_type: JSON, bearer: None, org: None }
    }

    pub(crate) fn get(path: &'static str) -> Self {
        Self { api: Cow::Owned(ask::get(path)), content_type: JSON, bearer: None, org: None }
    }

    pub(crate) fn post(path: impl Into<Cow<'static, str>>, body: &impl Serialize) -> Self {
        Self { api: Cow::Owned(ask::post(path, body)), content_type: JSON, bearer: None, org: None }
    }

    /// The body is a plain text.
    pub(crate) fn plain_text(mut self) -> Self {
        self.content_type = "text/plain; charset=utf-8";
        self
    }

    pub(crate) fn bearer(mut self, token: &'a str) -> Self {
        self.bearer = Some(token);
        self
    }

    /// Which organisation it is about, where the token is good for several.
    pub(crate) fn org(mut self, id: Option<&'a str>) -> Self {
        self.org = id;
        self
    }

    pub(crate) fn query(mut self, pairs: Vec<(&'static str, String)>) -> Self {
        self.api.to_mut().query = pairs.into_iter().map(|(key, value)| (key.into(), value)).collect();
        self
    }
}

impl Http {
    pub(crate) fn new(api: &str, tls: &ClientConfig, plaintext: bool, proxy: &Proxy) -> Result<Self, BuildError> {
        let url = Url::parse(api).map_err(|_| BuildError::Api("it is no URL, such as https://localhost:8443"))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(BuildError::Api("it begins with neither https:// nor http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BuildError::Api("it carries user info (`…@`), which it must not"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BuildError::Api("it carries a query or a fragment, which it must not"));
        }
        let host = url.host_str().ok_or(BuildError::Api("it has no host"))?.to_owned();
        let local = host.parse::<Endpoint>().is_ok_and(|endpoint| endpoint.is_loopback());
        if url.scheme() == "http" && !local && !plaintext {
            return Err(BuildError::Plaintext { host });
        }
        let hop = proxy.hop(url.scheme() == "https", host.trim_matches(['[', ']']))?;
        let builder = match hop {
            Some(hop) => Client::builder().proxy(hop.for_calls().map_err(|error| BuildError::Tls(innermost(&error)))?),
            None => Client::builder().no_proxy(),
        };
        let client = builder
            .tls_backend_preconfigured(tls.clone())
            .timeout(CALL_TIMEOUT)
            .pool_idle_timeout(IDLE)
            // A redirect could lead the token to another host, or out of TLS.
            .redirect(redirect::Policy::none())
            .user_agent(concat!("chatroom/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| BuildError::Tls(innermost(&error)))?;
        let base = format!("{}{PREFIX}", url.as_str().trim_end_matches('/'));
        let tls_port = url.port_or_known_default().filter(|_| url.scheme() == "https");
        let proxy = hop.map(|hop| hop.to_string().into());
        let address = match url.port_or_known_default() {
            Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
            None => host.clone(),
        };
        Ok(Self {
            client,
            base: base.into(),
            host: host.into(),
            address: address.into(),
            tls_port,
            proxy,
            clock: ClockSkew::default(),
        })
    }

    /// The link, over TLS if it leads to where the service itself was reached over TLS: a server behind a proxy may not
    /// know of it.
    pub(crate) fn upgrade(&self, link: LinkUrl) -> LinkUrl {
        let upgraded = LinkUrl { secure: true, ..link.clone() };
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let is_same = upgraded.endpoint.host().eq_ignore_ascii_case(host) && self.tls_port == Some(upgraded.port());
        if is_same { upgraded } else { link }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Makes a call and reads its answer as a `T`.
    pub(crate) async fn call<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T, CallError> {
        let bytes = self.fetch(request).await?;
        ask::read(&bytes)
    }

    /// Makes a call and gives the body of its answer.
    pub(crate) async fn fetch(&self, request: Request<'_>) -> Result<Bytes, CallError> {
        let Request { api, content_type, bearer, org } = request;
        let (method, path) = (method(api.verb), &*api.path);
        let mut builder = self.client.request(method.clone(), format!("{}{path}", self.base));
        builder = builder.header(ACCEPT, JSON);
        if !api.query.is_empty() {
            builder = builder.query(&api.query);
        }
        if let Some(token) = bearer {
            builder = builder.header(AUTHORIZATION, authorization(token)?);
        }
        if let Some(org) = org {
            builder = builder.header(ORG_ID, organisation(org)?);
        }
        if let Some(body) = &api.body {
            builder = builder.header(CONTENT_TYPE, content_type).body(body.clone());
        }
        let mut answer = builder.send().await.map_err(|error| self.failed(&error))?;
        let status = answer.status();
        self.clock.learn(answer.headers(), Timestamp::now());
        let bytes = self.read(&mut answer).await?;
        tracing::debug!(%method, path, status = status.as_u16(), bytes = bytes.len(), "called the service");
        if status.is_success() { Ok(bytes) } else { Err(refused(status, &answer, &bytes)) }
    }

    async fn read(&self, answer: &mut Response) -> Result<Bytes, CallError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.failed(&error))? {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(CallError::Answer(format!("it is larger than {} MiB", BODY_MAX >> 20)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn failed(&self, error: &reqwest::Error) -> CallError {
        let address = &self.address;
        if let Some((fault, problem)) = tls_fault(error) {
            return CallError::Tls { fault, problem: format!("{address}: {problem}") };
        }
        let problem = if error.is_timeout() { "it did not answer in time".to_owned() } else { innermost(error) };
        let way = self.proxy.as_ref().map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
        CallError::Unreachable(format!("{address}{way}: {problem}"))
    }
}

/// When a server wants to be asked again: `Retry-After`, in seconds or as a date. A date is the server's, so that it counts
/// from the server's `Date`, where that is told.
pub(crate) fn retry_after(answer: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = answer.get(RETRY_AFTER)?;
    if let Ok(seconds) = value.to_str().ok()?.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = answer.get(DATE).and_then(clock_skew::timestamp).unwrap_or(now);
    Duration::try_from(clock_skew::timestamp(value)?.duration_since(now)).ok()
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Delete => Method::DELETE,
    }
}

fn authorization(token: &str) -> Result<HeaderValue, CallError> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    let no_token = |_| ask::hopeless(StatusCode::UNAUTHORIZED, 16, "the token holds characters that no token has");
    let mut value = value.map_err(no_token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn organisation(id: &str) -> Result<HeaderValue, CallError> {
    let no_id = |_| ask::hopeless(StatusCode::BAD_REQUEST, 3, "the organisation's id holds characters that no id has");
    HeaderValue::from_str(id).map_err(no_id)
}

fn refused(status: StatusCode, answer: &Response, bytes: &[u8]) -> CallError {
    let mut body: ErrorBody = ask::reporting(|| body::read_answer(bytes)).unwrap_or_default();
    body.message = match SafeText::log(&body.message).into_string() {
        empty if empty.is_empty() && status.is_redirection() => "a redirect, which is not followed".to_owned(),
        // Not the service itself, but something on the way to it.
        empty if empty.is_empty() => status.canonical_reason().unwrap_or("without a word").to_owned(),
        text => text,
    };
    let retry_after = retry_after(answer.headers(), Timestamp::now());
    CallError::Status { status: status.as_u16(), body, retry_after }
}

fn tls_fault(error: &reqwest::Error) -> Option<(TlsFault, String)> {
    chain(error).find_map(|error| {
        let direct = error.downcast_ref::<rustls::Error>().map(tls::explain);
        direct.or_else(|| error.downcast_ref::<io::Error>().and_then(tls::fault))
    })
}

/// What it comes down to. The outer errors quote the URL, or say no more than "error".
fn innermost(error: &(dyn Error + 'static)) -> String {
    let text = chain(error).last().map(ToString::to_string).unwrap_or_default();
    // The system's number says nothing to a person.
    let text = text.rsplit_once(" (os error ").map_or(text.as_str(), |(plain, _)| plain);
    SafeText::log(text).into_string()
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(api: &str) -> Result<Http, String> {
        let tls = crate::Trust::new().config().unwrap();
        Http::new(api, &tls, false, &Proxy::none()).map_err(|error| error.to_string())
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for api in ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:1/", "https://chat.example/base/"] {
            assert!(http(api).is_ok(), "{api}");
        }
        let refusal = http("http://chat.example").err();
        assert_eq!(refusal.as_deref(), Some("http://chat.example is neither encrypted nor on this machine"));
    }

    #[test]
    fn an_unusable_url_is_refused_without_quoting_it() {
        for api in ["chat.example", "ftp://chat.example", "https://me:secret@chat.example", "https://chat.example?q"] {
            let refusal = http(api).err().unwrap();
            assert!(refusal.starts_with("the URL of the service can't be used") && !refusal.contains("secret"));
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = "1994-11-06T08:49:00Z".parse().unwrap();
        let headers = |text| HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
        let read = |text| retry_after(&headers(text), now);
        assert_eq!(read(" 120 "), Some(Duration::from_secs(120)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(37)));
        assert_eq!(read("Sun, 06 Nov 1994 08:48:37 GMT"), None);
        assert_eq!(read("soon"), None);
        let mut by_its_clock = headers("Sun, 06 Nov 1994 08:49:37 GMT");
        by_its_clock.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:30 GMT"));
        assert_eq!(retry_after(&by_its_clock, "1994-11-08T08:49:30Z".parse().unwrap()), Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_token_is_sensitive_in_its_header() {
        assert!(authorization("abc").unwrap().is_sensitive());
        assert!(!format!("{:?}", authorization("abc")).contains("abc"));
        assert!(matches!(authorization("a\nb"), Err(CallError::Status { status: 401, .. })));
    }
}
