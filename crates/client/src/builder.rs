//! How to join a room.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chatroom_session::{Access, Limits, Options, RoomState, Session};
use chatroom_wire::{Config, Kind, RefreshToken, Token};
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc, watch},
};

use crate::{
    EventStream, Outbox, Proxy, Rest, Room, Trust,
    driver::{Driver, Ends},
    events,
    memory::MemoryRoom,
    name::OwnName,
    outbox::Writer,
    transport::{Network, Transport},
};

/// The REST service that is asked unless another one is named.
pub const DEFAULT_API: &str = "https://api.one.blendvision.com";

/// Longer than anybody waits, and far from where clocks overflow.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
/// So many events wait for a slow reader, unless another number is said.
const EVENTS: usize = 10_000;
/// So many requests of handles wait for the driver; then those who ask wait.
const REQUESTS: usize = 64;

/// All that is needed to join a room; [`Builder::build`] begins.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use chatroom_client::{Builder, memory::MemoryRoom};
///
/// let memory = MemoryRoom::new();
/// memory.say("ben", "anybody here?");
/// let builder = Builder::with_token(memory.token("ada")).memory(&memory);
/// let (room, _events) = builder.history(20).patience(Duration::from_secs(30)).build()?;
/// room.deliver("yes").await?;
/// assert_eq!(room.messages().await.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `build`"]
pub struct Builder {
    options: Options,
    api: String,
    trust: Trust,
    /// Without one, the environment decides.
    proxy: Option<Proxy>,
    rest: Option<Rest>,
    memory: Option<MemoryRoom>,
    /// Shared with clones of this; the first that builds has it.
    outbox: Option<Arc<Mutex<Option<Outbox>>>>,
    events: usize,
}

/// Why nothing could be begun. Nothing was dialled yet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A session needs a tokio runtime to live in.
    #[error("there is no tokio runtime here")]
    NoRuntime,
    /// The URL of the REST service can't be used. It is not quoted: a password may stand in it.
    #[error("the URL of the service can't be used: {0}")]
    Api(&'static str),
    /// The REST service would be asked without encryption, and is not on this machine.
    #[error("http://{host} is neither encrypted nor on this machine")]
    Plaintext {
        /// The host.
        host: String,
    },
    /// A file with authorities can't be read.
    #[error("{} can't be read", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What should be authorities to trust is none.
    #[error("{origin} can't be used as authorities to trust: {problem}")]
    Ca {
        /// Where it stands.
        origin: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A proxy can't be used. It is not quoted: a password may stand in it.
    #[error("{origin} can't be used: {problem}")]
    Proxy {
        /// Where it stands.
        origin: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// TLS can't be set up on this machine.
    #[error("TLS can't be set up: {0}")]
    Tls(String),
    /// An outbox serves one session, and a clone of this builder has it.
    #[error("the outbox is in use by another session")]
    OutboxInUse,
}

impl Builder {
    /// Joins by a chat token: the REST service gives the room's details, the history and fresh tokens.
    pub fn with_token(token: Token) -> Self {
        Self::new(Access::api(token))
    }

    /// Joins by the room's details alone, as somebody fetched them: no history, no fresh tokens.
    pub fn with_config(config: Config) -> Self {
        Self::new(Access::Config(Box::new(config)))
    }

    fn new(access: Access) -> Self {
        Self {
            options: Options::new(access),
            api: DEFAULT_API.to_owned(),
            trust: Trust::new(),
            proxy: None,
            rest: None,
            memory: None,
            outbox: None,
            events: EVENTS,
        }
    }

    /// Asks the REST service at this URL, such as `https://localhost:8443`; without it, [`DEFAULT_API`].
    pub fn api(mut self, url: &str) -> Self {
        url.clone_into(&mut self.api);
        self
    }

    /// Asks through this client, and trusts whom it trusts: many sessions of one program share its connections.
    /// [`Builder::api`], [`Builder::trust`] and what belongs to them count for nothing then.
    pub fn rest(mut self, rest: &Rest) -> Self {
        self.rest = Some(rest.clone());
        self
    }

    /// Buys fresh tokens with this one. Counts for nothing without a chat token.
    pub fn refresh_token(mut self, refresh: RefreshToken) -> Self {
        if let Access::Api { refresh_token, .. } = &mut self.options.access {
            *refresh_token = Some(refresh);
        }
        self
    }

    /// Writes under this name; without one, under the token's.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.options.name = Some(name.into());
        self
    }

    /// Tells so many earlier messages at first; without it none.
    pub fn history(mut self, messages: usize) -> Self {
        self.options.history = messages;
        self
    }

    /// Counts only messages of these types for [`Builder::history`], and tells what lies between them too; without it, all
    /// types count.
    pub fn history_of(mut self, types: impl IntoIterator<Item = Kind>) -> Self {
        self.options.history_of = types.into_iter().collect();
        self
    }

    /// Tries for so long for the room, at first and after each interruption; without it for ever.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.options.patience = Some(patience.min(FOR_EVER));
        self
    }

    /// Lets an own message wait for so long to be sent; without it for 120 s.
    pub fn time_to_live(mut self, time_to_live: Duration) -> Self {
        self.options.limits.time_to_live = time_to_live.min(FOR_EVER);
        self
    }

    /// Bounds the session otherwise than by default. Sets [`Builder::time_to_live`] too.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Trusts whom this trusts, instead of what was said before.
    pub fn trust(mut self, trust: &Trust) -> Self {
        self.trust = trust.clone();
        self
    }

    /// Trusts these authorities too: one or more certificates in PEM, which [`Builder::build`] checks.
    pub fn add_ca_pem(mut self, pem: &[u8]) -> Self {
        self.trust = self.trust.add_ca_pem(pem);
        self
    }

    /// Trusts the authorities in this file too: one or more certificates in PEM, which [`Builder::build`] reads.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.trust = self.trust.ca_file(path);
        self
    }

    /// Allows `ws://` and `http://` beyond this machine: anybody on the way can read the token and use it.
    pub fn allow_plaintext(mut self) -> Self {
        self.trust = self.trust.allow_plaintext();
        self
    }

    /// Goes through this proxy, or through none, instead of what the environment says ([`Proxy::from_env`]).
    pub fn proxy(mut self, proxy: &Proxy) -> Self {
        self.proxy = Some(proxy.clone());
        self
    }

    /// Keeps own messages in this outbox until they have ended, and sends first what an earlier session left there: that
    /// is told as [`Event::MessageAdded`](crate::Event::MessageAdded), queued, before anything else.
    ///
    /// [`Room::send`] answers only once the message is on disk, and with
    /// [`SendError::NotKept`](crate::SendError::NotKept) where it can't be. The session's last word on what has not ended
    /// when the session does is [`Delivery::Kept`](crate::Delivery::Kept). The time to live goes on between the sessions.
    ///
    /// An outbox serves one session: of clones of this builder, only one can be built.
    pub fn outbox(mut self, outbox: Outbox) -> Self {
        self.outbox = Some(Arc::new(Mutex::new(Some(outbox))));
        self
    }

    /// Keeps so many events for a slow reader; without it 10,000. More than that, and the oldest are
    /// [left out](crate::Lagged).
    pub fn events(mut self, capacity: usize) -> Self {
        self.events = capacity;
        self
    }

    /// Joins a room in memory instead of one on the network.
    pub fn memory(mut self, room: &MemoryRoom) -> Self {
        self.memory = Some(room.clone());
        self
    }

    /// Begins, and returns at once: the session lives on in the runtime in which this is called.
    ///
    /// # Errors
    /// When something that was said can't be used; nothing was dialled then.
    pub fn build(mut self) -> Result<(Room, EventStream), BuildError> {
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let transport = match self.memory.take() {
            Some(room) => Transport::Memory(room),
            None => Transport::Network(self.network()?),
        };
        let outbox = self.take_outbox()?;
        if let Some(outbox) = &outbox {
            self.options.durable = true;
            self.options.kept = outbox.left().to_vec();
        }
        // Sessions that start together must not jitter together.
        self.options.seed = rand::random();
        let (sink, stream) = events::channel(self.events);
        let (requests, asked) = mpsc::channel(REQUESTS);
        let (state, known) = watch::channel(Arc::new(RoomState::default()));
        let retry = Arc::new(Notify::new());
        let name = Arc::new(OwnName::new(self.options.name.clone(), self.token()));
        let ends = Ends { requests: asked, retry: Arc::clone(&retry), events: sink, state, name: Arc::clone(&name) };
        let driver = Driver::new(Session::new(self.options), Writer::new(outbox), transport, ends);
        runtime.spawn(driver.run());
        Ok((Room { requests, state: known, retry, name }, stream))
    }

    fn take_outbox(&mut self) -> Result<Option<Outbox>, BuildError> {
        let Some(shared) = self.outbox.take() else { return Ok(None) };
        let outbox = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
        outbox.map(Some).ok_or(BuildError::OutboxInUse)
    }

    fn token(&self) -> &Token {
        match &self.options.access {
            Access::Api { token, .. } => token,
            Access::Config(config) => &config.connection.token,
        }
    }

    fn network(&mut self) -> Result<Network, BuildError> {
        let proxy = self.proxy.take().unwrap_or_else(Proxy::from_env);
        match (self.rest.take(), &self.options.access) {
            (Some(rest), _) => Ok(Network::with_rest(rest)),
            (None, Access::Api { .. }) => Rest::with_proxy(&self.api, &self.trust, &proxy).map(Network::with_rest),
            // No call will be made, so no client for calls is made either.
            (None, Access::Config(_)) => Ok(Network::links_only(self.trust.config()?, self.trust.plaintext, proxy)),
        }
    }
}
