//! The REST service: where it is, and the calls that every session makes.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use chatroom_session::{Call, CallAnswer, CallError};
use chatroom_wire::{
    Chatroom, Config, RefreshToken, Token,
    rest::{ChatroomAnswer, MessagesPage, MessagesQuery, RefreshAnswer, RefreshRequest},
};
use jiff::SignedDuration;
use rustls::ClientConfig;

use crate::{
    BuildError, Proxy, Trust,
    calls::ask,
    http::{Http, Request},
};

/// The REST service (docs/protocol.md, section C). Cheap to clone; clones share connections.
///
/// Calls end after 15 s, follow no redirect, go through a [`Proxy`] where there is one, and read answers of up to 16 MiB.
///
/// It is the door to [`Rooms`](crate::Rooms), to [`Visitor`](crate::Visitor) and to
/// [`Dictionaries`](crate::Dictionaries); [`Builder::rest`](crate::Builder::rest) has sessions share it.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = chatroom_server::Server::start(chatroom_server::Options::ephemeral()).await?;
/// # let (api, token_file) = (server.tls_api().expect("it has TLS"), server.viewer_token_file());
/// # let pem = server.ca_pem().expect("it has an authority of its own").as_bytes();
/// use chatroom_client::{Rest, Trust, wire::Token};
///
/// let rest = Rest::new(api, &Trust::new().add_ca_pem(pem))?;
/// let token = Token::new(std::fs::read_to_string(token_file)?);
/// assert!(!rest.room(&token).await?.muted);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Rest {
    pub(crate) http: Http,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) plaintext: bool,
    pub(crate) proxy: Proxy,
}

impl Rest {
    /// A client of the service at this URL, such as [`DEFAULT_API`](crate::DEFAULT_API). Dials nothing yet.
    ///
    /// # Errors
    /// When the URL or an authority can't be used.
    pub fn new(api: &str, trust: &Trust) -> Result<Self, BuildError> {
        Self::with_proxy(api, trust, &Proxy::from_env())
    }

    /// The same, through this proxy instead of what the environment says.
    ///
    /// # Errors
    /// When the URL, an authority or the proxy can't be used.
    pub fn with_proxy(api: &str, trust: &Trust, proxy: &Proxy) -> Result<Self, BuildError> {
        let tls = trust.config()?;
        let http = Http::new(api, &tls, trust.plaintext, proxy)?;
        Ok(Self { http, tls, plaintext: trust.plaintext, proxy: proxy.clone() })
    }

    /// By how much this machine's clock is ahead of the service's, as its last answer said; negative where it is behind.
    /// None, while no answer has told the time.
    pub fn clock_ahead(&self) -> Option<SignedDuration> {
        self.http.clock.ahead()
    }

    /// Buys a fresh chat token: `POST /chatrooms/tokens:refresh`.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    ///
    /// # Cancel safety
    /// The token may or may not have been made.
    pub async fn refresh(&self, refresh_token: &RefreshToken) -> Result<RefreshAnswer, CallError> {
        let body = RefreshRequest { refresh_token: refresh_token.clone(), expired_at: None };
        self.http.call(Request::post("/chatrooms/tokens:refresh", &body)).await
    }

    /// How to connect: `GET /chatrooms/config`. Each call may give a client id of its own.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    ///
    /// # Cancel safety
    /// Safe: it changes nothing.
    pub async fn config(&self, token: &Token) -> Result<Config, CallError> {
        let body = self.http.fetch(Request::get("/chatrooms/config").bearer(token.expose())).await?;
        ask::config(&body)
    }

    /// The state of the token's room: `GET /chatrooms`.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    ///
    /// # Cancel safety
    /// Safe: it changes nothing.
    pub async fn room(&self, token: &Token) -> Result<Chatroom, CallError> {
        let request = Request::get("/chatrooms").bearer(token.expose());
        self.http.call::<ChatroomAnswer>(request).await.map(|answer| answer.chatroom)
    }

    /// What was said in the token's room: `GET /chatrooms/messages`.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    ///
    /// # Cancel safety
    /// Safe: it changes nothing.
    pub async fn messages(&self, token: &Token, query: &MessagesQuery) -> Result<MessagesPage, CallError> {
        self.http.call(Request::get("/chatrooms/messages").query(query.pairs()).bearer(token.expose())).await
    }

    /// Makes a call of the session.
    pub(crate) async fn call(&self, call: Call, token: Option<Token>) -> Result<CallAnswer, CallError> {
        // The core gives a token with every call that wants one; without it, the service's refusal says so.
        let token = token.unwrap_or_else(|| Token::new(""));
        match call {
            Call::Config => self.config(&token).await.map(|config| CallAnswer::Config(Box::new(config))),
            Call::Room => self.room(&token).await.map(|room| CallAnswer::Room(Box::new(room))),
            Call::Refresh(refresh) => self.refresh(&refresh).await.map(CallAnswer::Refreshed),
            Call::History(query) => self.messages(&token, &query).await.map(CallAnswer::History),
            Call::Api(request) => self.fetch(Request::new(&request).bearer(token.expose())).await.map(CallAnswer::Api),
        }
    }

    /// Makes any call.
    pub(crate) async fn fetch(&self, request: Request<'_>) -> Result<Bytes, CallError> {
        self.http.fetch(request).await
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").field("host", &self.http.host()).finish_non_exhaustive()
    }
}
