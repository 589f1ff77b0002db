//! REST calls, typed: for what needs no session (making rooms and tokens), and for the session itself.

use std::{fmt, sync::Arc};

use chatroom_session::{Call, CallAnswer, CallError};
use chatroom_wire::{
    Chatroom, Config, OrgToken, RefreshToken, RoomId, Token,
    rest::{
        ChatroomAnswer, CreateChatroom, CreateToken, MessagesPage, MessagesQuery, RefreshAnswer, RefreshRequest,
        TokenAnswer,
    },
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::ClientConfig;

use crate::{
    BuildError, Trust,
    http::{Http, Request},
};

/// The REST service (docs/protocol.md, section C). Cheap to clone; clones share connections.
///
/// Calls end after 15 s, follow no redirect, use no proxy, and read answers of up to 16 MiB.
///
/// ```no_run
/// # async fn example(org: chatroom_client::wire::OrgToken) -> Result<(), Box<dyn std::error::Error>> {
/// use chatroom_client::{Rest, Trust, wire::rest::{CreateChatroom, CreateToken}};
///
/// let rest = Rest::new("https://localhost:8443", &Trust::new().ca_file("ca.pem"))?;
/// let room = rest.create_room(&org, &CreateChatroom::default()).await?;
/// let ada = CreateToken { name: Some("ada".into()), ..CreateToken::default() };
/// let answer = rest.create_token(&org, &room.id, &ada).await?;
/// println!("a token that ends in {} s", answer.expires_in);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Rest {
    http: Http,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) plaintext: bool,
}

impl Rest {
    /// A client of the service at this URL, such as [`DEFAULT_API`](crate::DEFAULT_API). Dials nothing yet.
    ///
    /// # Errors
    /// When the URL or an authority can't be used.
    pub fn new(api: &str, trust: &Trust) -> Result<Self, BuildError> {
        let tls = trust.config()?;
        Ok(Self { http: Http::new(api, &tls, trust.plaintext)?, tls, plaintext: trust.plaintext })
    }

    /// Makes a room: `POST /chatrooms`.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    ///
    /// # Cancel safety
    /// The room may or may not have been made.
    pub async fn create_room(&self, org: &OrgToken, room: &CreateChatroom) -> Result<Chatroom, CallError> {
        let request = Request::post("/chatrooms", room).bearer(org.expose());
        self.http.call::<ChatroomAnswer>(request).await.map(|answer| answer.chatroom)
    }

    /// Makes a chat token: `POST /chatrooms/{id}/tokens`.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    ///
    /// # Cancel safety
    /// The token may or may not have been made.
    pub async fn create_token(
        &self,
        org: &OrgToken,
        room: &RoomId,
        token: &CreateToken,
    ) -> Result<TokenAnswer, CallError> {
        let room = utf8_percent_encode(room.as_str(), NON_ALPHANUMERIC);
        let path = format!("/chatrooms/{room}/tokens");
        self.http.call(Request::post(&path, token).bearer(org.expose())).await
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
        Config::from_json(&body).map_err(|error| CallError::Answer(error.to_string()))
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
        }
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").field("host", &self.http.host()).finish_non_exhaustive()
    }
}
