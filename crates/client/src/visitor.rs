//! REST calls with a chat token, without a session.

mod keys;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use chatroom_session::{ApiRequest, Call, CallAnswer, CallError};
use chatroom_wire::{RefreshToken, Token, rest::ActionTaker};
use jiff::Timestamp;

use self::keys::Keys;
use crate::{Rest, http::Request, memory::MemoryRoom, name::OwnName};

/// Somebody with a chat token and without a session: moderates, asks, reads the history, and hears nothing.
///
/// Clones share the token. With a [refresh token](Self::refresh_token) it buys a fresh one when a fifth of the life is
/// left, or when the service calls the token dead; however many calls wait for it, it is bought once.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = chatroom_server::Server::start(chatroom_server::Options::ephemeral()).await?;
/// # let (api, token_file) = (server.tls_api().expect("it has TLS"), server.admin_token_file());
/// # let pem = server.ca_pem().expect("it has an authority of its own").as_bytes();
/// use chatroom_client::{Rest, Trust, Visitor, wire::Token};
///
/// let rest = Rest::new(api, &Trust::new().add_ca_pem(pem))?;
/// let token = Token::new(std::fs::read_to_string(token_file)?);
/// let host = Visitor::new(&rest, token).name("Grace");
/// assert!(host.config().await?.user.is_admin);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Visitor {
    service: Service,
    keys: Arc<Keys>,
    name: Arc<OwnName>,
}

#[derive(Debug, Clone)]
enum Service {
    Rest(Rest),
    Memory(MemoryRoom),
}

impl Visitor {
    /// Somebody with this chat token.
    pub fn new(rest: &Rest, token: Token) -> Self {
        Self::at(Service::Rest(rest.clone()), token)
    }

    /// Somebody with a token of that room in memory.
    pub(crate) fn in_memory(room: &MemoryRoom, token: Token) -> Self {
        Self::at(Service::Memory(room.clone()), token)
    }

    fn at(service: Service, token: Token) -> Self {
        let name = Arc::new(OwnName::new(None, &token));
        Self { service, keys: Arc::new(Keys::new(token, None)), name }
    }

    /// Buys fresh tokens with this one. Said first, before clones are made: those made earlier know nothing of it.
    #[must_use]
    pub fn refresh_token(self, refresh: RefreshToken) -> Self {
        Self { keys: Arc::new(Keys::new(self.token(), Some(refresh))), ..self }
    }

    /// Acts under this name; without one, under the one that the service knows, else the token's, else as `Admin`.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Arc::new(OwnName::new(Some(name.into()), &self.token())), ..self }
    }

    /// The present token: the one it was made with, or the last that was bought.
    pub fn token(&self) -> Token {
        self.keys.token()
    }
}

impl Visitor {
    /// Makes a call with the present token, and once more with a fresh one.
    pub(crate) async fn make(&self, request: ApiRequest) -> Result<Bytes, CallError> {
        self.carry(&request, Content::Json).await
    }

    /// The same for a call whose body is a plain text.
    pub(crate) async fn make_plain(&self, request: ApiRequest) -> Result<Bytes, CallError> {
        self.carry(&request, Content::Plain).await
    }

    async fn carry(&self, request: &ApiRequest, content: Content) -> Result<Bytes, CallError> {
        let buy = |refresh| self.service.refresh(refresh);
        let held = self.keys.fresh(Timestamp::now(), buy).await;
        match self.service.call(request, content, &held.token).await {
            Err(error) if error.is_dead_token() => match self.keys.renew(&held, buy).await {
                Ok(held) => self.service.call(request, content, &held.token).await,
                // Where the way to a fresh token is to blame, it is told, and not the token.
                Err(trouble) => Err(trouble.unwrap_or(error)),
            },
            result => result,
        }
    }

    /// Who acts, for calls that name it. Asks the service once where no name was given: since the token was made, its
    /// bearer may have been renamed.
    pub(crate) async fn actor(&self) -> Result<ActionTaker, CallError> {
        if !self.name.is_settled() {
            match self.config().await {
                Ok(config) => self.name.heard(&config.user.custom_name),
                // To act under an older name is better than not to act.
                Err(CallError::Answer(_) | CallError::Status { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ActionTaker::named(self.name.get()))
    }

    /// The service knows us by this name now.
    pub(crate) fn renamed(&self, name: &str) -> impl Future<Output = ()> {
        self.name.set(name);
        std::future::ready(())
    }
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitor")
            .field("service", &self.service)
            .field("name", &self.name.get())
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy)]
enum Content {
    Json,
    Plain,
}

impl Service {
    async fn call(&self, request: &ApiRequest, content: Content, token: &Token) -> Result<Bytes, CallError> {
        match self {
            Self::Rest(rest) => {
                let request = Request::new(request).bearer(token.expose());
                rest.fetch(if matches!(content, Content::Plain) { request.plain_text() } else { request }).await
            }
            Self::Memory(room) => match room.answer(Call::Api(request.clone()), Some(token))? {
                CallAnswer::Api(body) => Ok(body),
                _ => Err(CallError::Answer("it answers another call".to_owned())),
            },
        }
    }

    async fn refresh(&self, refresh: RefreshToken) -> Result<Token, CallError> {
        match self {
            Self::Rest(rest) => rest.refresh(&refresh).await.map(|answer| answer.token),
            Self::Memory(room) => match room.answer(Call::Refresh(refresh), None)? {
                CallAnswer::Refreshed(answer) => Ok(answer.token),
                _ => Err(CallError::Answer("it answers another call".to_owned())),
            },
        }
    }
}
