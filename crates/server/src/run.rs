//! Starting and stopping: the parts of a server put together.

mod data;
mod directory;
mod housekeeping;
mod urls;
mod warning;

use std::{
    fmt,
    net::SocketAddr,
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::{Arc, Weak, atomic::AtomicU64},
    time::Duration,
};

use chatroom_wire::{
    Chatroom, OrgToken, RoomId,
    rest::{CreateChatroom, CreateToken, Role, TokenAnswer},
};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    net::TcpListener,
    sync::{Mutex, watch},
    task::spawn_blocking,
    time::{interval, timeout},
};
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use crate::{
    Options, PublicUrl, Settings, StartError,
    bars::Bars,
    bus::LocalBus,
    clock::Clock,
    filter::{InForce, Lexicon},
    gateway::{Connections, Fanouts},
    http::{self, answers::Answers, call_rates::CallRates, health::Readiness, rooms, tokens},
    listen::{self, Places},
    retention::Retention,
    room::{Rooms, act::ActError},
    service::Service,
    stop::{Phase, Stop},
    store::{SqliteStore, Store as _, StoreError},
    tls::{HostNames, TlsError, TlsIdentity},
    token::TokenKeys,
};
use data::{keep_token_good, store_and_keys};
use directory::DataDir;

pub use warning::StartWarning;

/// The door of the crate.
#[derive(Debug)]
#[non_exhaustive]
pub struct Server;

/// A server that takes connections. It stops when this is dropped; [`RunningServer::shutdown`] stops it gently.
pub struct RunningServer {
    api: Option<String>,
    tls_api: Option<String>,
    public_url: Option<PublicUrl>,
    token_api: Option<String>,
    address: Option<SocketAddr>,
    tls_address: Option<SocketAddr>,
    tls: Option<TlsIdentity>,
    /// By which new connections are taken over TLS.
    acceptor: Option<watch::Sender<TlsAcceptor>>,
    certificate: CertificateSource,
    org_token: OrgToken,
    org_token_file: PathBuf,
    room_id: RoomId,
    admin_token_file: PathBuf,
    viewer_token_file: PathBuf,
    warnings: Vec<StartWarning>,
    stop: Arc<Stop>,
    /// Gone once the server has stopped.
    service: Weak<Service>,
    stopped: watch::Receiver<bool>,
}

/// Why a room or a token could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// What is asked for can't be.
    #[error("{0}")]
    Invalid(String),
    /// There is no such room.
    #[error("there is no room {0}")]
    NoRoom(RoomId),
    /// The store can't be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server has stopped.
    #[error("the server has stopped")]
    Stopped,
}

impl Server {
    /// Starts a server and returns once it accepts connections.
    ///
    /// ```
    /// use chatroom_server::{Options, Server};
    /// use chatroom_wire::rest::CreateToken;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut options = Options::ephemeral();
    /// options.settings.set("rate.viewer", "100")?;
    /// let server = Server::start(options).await?;
    /// let answer = server.create_token(server.room_id(), CreateToken::default()).await?;
    /// println!("join {} with a token of {} characters", server.room_id(), answer.token.expose().len());
    /// server.shutdown().await;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When an address or the data directory can't be used; nothing keeps running then.
    ///
    /// # Cancel safety
    /// Dropping the future stops what was started.
    pub async fn start(options: Options) -> Result<RunningServer, StartError> {
        options.settings.check()?;
        if options.listen.is_none() && options.tls_listen.is_none() {
            return Err(StartError::NothingToListenOn);
        }
        let plain = Port::open(options.listen)?;
        let secure = Port::open(options.tls_listen)?;
        let parts = {
            let (options, at) = (options.clone(), (plain.address, secure.address));
            match spawn_blocking(move || Parts::open(&options, at)).await {
                Ok(parts) => parts?,
                Err(error) => resume_unwind(error.into_panic()),
            }
        };
        let lexicon = Arc::new(Lexicon::default());
        let Parts { store, retention, keys, data, tls, certificate } = parts;
        if store.found().token_key.as_deref() != Some(keys.public_key()) {
            store.keep_token_key(keys.public_key()).await?;
        }
        let bars = Bars::new(store.bars().await?);
        let warnings = warnings(&retention, store.found().newest);
        let dictionaries = Arc::new(InForce::load(Arc::clone(&store) as _, Arc::clone(&lexicon)).await?);
        let settings = Arc::new(options.settings);
        let stop = Arc::new(Stop::new());
        let token_api = keys.api_urls().main.clone();
        let org_token = keys.org_token().clone();
        let org_token_file = keys.org_token_file().map(Path::to_owned);
        let service = Arc::new(Service {
            keys,
            store,
            clock: retention.clock(),
            call_rates: CallRates::new(&settings, retention.clock()),
            answers: Arc::new(Answers::new(&settings)),
            uploads: Arc::default(),
            retention,
            readiness: Readiness::default(),
            dictionaries,
            lexicon,
            naming: Mutex::default(),
            bus: Arc::new(LocalBus::new()),
            bars: Arc::new(bars),
            connections: Arc::new(Connections::new(&settings)),
            rooms: Rooms::new(),
            fanouts: Fanouts::default(),
            stop: Arc::clone(&stop),
            public_url: options.public_url.clone(),
            tls_port: secure.address.map(|address| address.port()),
            dropped_slow: AtomicU64::new(0),
            settings,
        });
        let room_id = match service.store.first_room().await? {
            Some(room) => room.id,
            None => rooms::make(&service, CreateChatroom::default()).await?.id,
        };
        let keeper = TokenKeeper {
            room: room_id.clone(),
            files: [Role::Admin, Role::Viewer].map(|role| (role, data.token_file(role))),
        };
        keeper.keep(&service)?;
        let [admin_token_file, viewer_token_file] = keeper.files.clone().map(|(_, file)| file);

        let app = http::router(Arc::clone(&service));
        let files = listen::raise_file_limit();
        warn_of_few_files(files, &service.settings);
        let places = Arc::new(Places::new(&service.settings, files));
        let acceptor = tls.as_ref().map(|tls| watch::Sender::new(TlsAcceptor::from(tls.server_config())));
        let acceptors = acceptor.as_ref().map(watch::Sender::subscribe);
        for (listener, acceptor) in [(plain.listener, None), (secure.listener, acceptors)] {
            if let Some(listener) = listener {
                let (app, service, places) = (app.clone(), Arc::clone(&service), Arc::clone(&places));
                tokio::spawn(listen::accept_all(listener, acceptor, app, service, places));
            }
        }
        let (ended, stopped) = watch::channel(false);
        let running = RunningServer {
            api: plain.address.map(urls::plain),
            tls_api: secure.address.map(urls::secure),
            public_url: options.public_url,
            token_api,
            address: plain.address,
            tls_address: secure.address,
            tls,
            acceptor,
            certificate,
            org_token,
            org_token_file: org_token_file.unwrap_or_default(),
            room_id,
            admin_token_file,
            viewer_token_file,
            warnings,
            stop,
            service: Arc::downgrade(&service),
            stopped,
        };
        tokio::spawn(housekeeping::run(Arc::clone(&service)));
        tokio::spawn(supervise(service, keeper, data, ended));
        info!(api = ?running.api, tls_api = ?running.tls_api, room = %running.room_id, "the server runs");
        Ok(running)
    }
}

/// Says what is possible, where the system allows far fewer open files than clients may come.
fn warn_of_few_files(files: Option<usize>, settings: &Settings) {
    let wanted = settings.connections_max;
    if let Some(files) = files.filter(|files| *files < usize::try_from(wanted / 2).unwrap_or(usize::MAX)) {
        warn!(files, wanted, "the system allows fewer open files than connections.max; raise its limit (ulimit -Hn)");
    }
}

/// An opened port, if one is wanted.
struct Port {
    listener: Option<TcpListener>,
    address: Option<SocketAddr>,
}

impl Port {
    fn open(wanted: Option<SocketAddr>) -> Result<Self, StartError> {
        let listener = wanted.map(listen::bind).transpose()?;
        let address = match (&listener, wanted) {
            (Some(listener), Some(wanted)) => {
                let found = listener.local_addr();
                Some(found.map_err(|source| StartError::Listen { address: wanted, source })?)
            }
            _ => None,
        };
        Ok(Self { listener, address })
    }
}

/// What is read from the disk.
struct Parts {
    data: DataDir,
    keys: TokenKeys,
    store: Arc<SqliteStore>,
    retention: Arc<Retention>,
    tls: Option<TlsIdentity>,
    certificate: CertificateSource,
}

/// Where the certificate comes from.
#[derive(Clone)]
struct CertificateSource {
    files: Option<(PathBuf, PathBuf)>,
    names: HostNames,
    dir: PathBuf,
}

impl CertificateSource {
    /// Blocks on the disk.
    fn read(&self) -> Result<TlsIdentity, TlsError> {
        match &self.files {
            Some((certificate, key)) => TlsIdentity::from_files(certificate, key),
            None => TlsIdentity::load_or_create(&self.dir, &self.names, Timestamp::now()),
        }
    }
}

impl Parts {
    /// Blocks on the disk.
    fn open(options: &Options, (plain, secure): (Option<SocketAddr>, Option<SocketAddr>)) -> Result<Self, StartError> {
        let data = DataDir::open(&options.data)?;
        let certificate = CertificateSource {
            files: options.tls_files.clone(),
            names: HostNames::of(secure, options.public_url.as_ref().map(PublicUrl::host)),
            dir: data.path().to_owned(),
        };
        let tls = options.tls_listen.map(|_| certificate.read()).transpose()?;
        let (store, keys) = store_and_keys(data.path(), options.accept_store)?;
        let certificate_host = tls.as_ref().and_then(|tls| tls.host.as_deref());
        let keys = keys.reached_at(urls::of_tokens(plain, secure, certificate_host, options.public_url.as_ref()))?;
        let last = store.found().clock.filter(|_| !options.accept_clock);
        let retention = Arc::new(Retention::new(Clock::start(), &options.settings, last));
        let horizon = Arc::clone(&retention);
        let store = Arc::new(store.hide_before(move || horizon.horizon()));
        Ok(Self { data, keys, store, retention, tls, certificate })
    }
}

/// What is wrong with the clocks and the stamps.
fn warnings(retention: &Retention, newest: Option<Timestamp>) -> Vec<StartWarning> {
    let leapt = retention.doubt().map(|(ahead, wait)| StartWarning::ClockLeapt { ahead, wait });
    let now = retention.clock().now().wall;
    let ahead = newest.map(|until| (until.duration_since(now), until));
    let ahead = ahead.filter(|(ahead, _)| *ahead > STAMP_AHEAD);
    leapt.into_iter().chain(ahead.map(|(ahead, until)| StartWarning::StampsAhead { ahead, until })).collect()
}

/// How far a stamp may be ahead without a word: clocks are set by as much at any time.
const STAMP_AHEAD: SignedDuration = SignedDuration::from_secs(1);

/// Keeps the tokens in the data directory good for as long as the server runs.
struct TokenKeeper {
    room: RoomId,
    files: [(Role, PathBuf); 2],
}

impl TokenKeeper {
    fn keep(&self, service: &Service) -> Result<(), StartError> {
        let now = service.clock.now().wall;
        self.files.iter().try_for_each(|(role, file)| {
            keep_token_good(file, &self.room, *role, &service.keys, &service.settings, now)
        })
    }
}

/// How long after the drain the last ones may take.
const LAST: Duration = Duration::from_secs(2);

/// Keeps the token files good, then stops everything in order and lets the data directory go.
async fn supervise(service: Arc<Service>, keeper: TokenKeeper, data: DataDir, ended: watch::Sender<bool>) {
    let mut stop = service.stop.watch();
    let mut look = interval(service.settings.token_life / 8);
    loop {
        tokio::select! {
            _ = look.tick() => {
                if let Err(error) = keeper.keep(&service) {
                    warn!(%error, "the token files can't be kept good");
                }
            }
            () = stop.reached(Phase::Draining) => break,
        }
    }
    service.rooms.close();
    if timeout(service.settings.drain_timeout + LAST, service.stop.all_done()).await.is_err() {
        warn!("some clients did not leave in time");
    }
    service.stop.advance(Phase::Over);
    let _ = timeout(LAST, service.stop.all_done()).await;
    if let Err(error) = service.store.keep_clock(service.retention.record()).await {
        warn!(%error, "the store can't note what the clocks say");
    }
    service.store.close().await;
    // What may still hang on to the disk is waited for.
    let _ = spawn_blocking(move || drop((service, data))).await;
    info!("the server has stopped");
    ended.send_replace(true);
}

impl RunningServer {
    /// The base of the REST API over plain HTTP, such as `http://127.0.0.1:8080`.
    pub fn api(&self) -> Option<&str> {
        self.api.as_deref()
    }

    /// The base of the REST API over TLS, such as `https://localhost:8443`.
    pub fn tls_api(&self) -> Option<&str> {
        self.tls_api.as_deref()
    }

    /// Where clients find it, where [`Options::public_url`] says so.
    pub fn public_url(&self) -> Option<&PublicUrl> {
        self.public_url.as_ref()
    }

    /// Where its tokens say that the REST API is: the public URL, else that of a listener.
    pub fn token_api(&self) -> Option<&str> {
        self.token_api.as_deref()
    }

    /// Where it listens without TLS.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Where it listens with TLS.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    /// The file with the server's own authority in PEM, where it made one: clients trust it with `--ca-file`.
    pub fn ca_file(&self) -> Option<&Path> {
        self.tls.as_ref()?.ca_file.as_deref()
    }

    /// The text of that file.
    pub fn ca_pem(&self) -> Option<&str> {
        self.tls.as_ref()?.ca_pem.as_deref()
    }

    /// The token that makes rooms and chat tokens.
    pub fn org_token(&self) -> &OrgToken {
        &self.org_token
    }

    /// The file that holds it, mode 0600.
    pub fn org_token_file(&self) -> &Path {
        &self.org_token_file
    }

    /// The first room, made by the first start.
    pub fn room_id(&self) -> &RoomId {
        &self.room_id
    }

    /// The file with a chat token for an admin of the first room, mode 0600.
    pub fn admin_token_file(&self) -> &Path {
        &self.admin_token_file
    }

    /// The file with a chat token for a viewer of the first room, mode 0600.
    pub fn viewer_token_file(&self) -> &Path {
        &self.viewer_token_file
    }

    /// What an operator should know of this start.
    pub fn warnings(&self) -> &[StartWarning] {
        &self.warnings
    }

    /// Makes a room, as `POST /chatrooms` does.
    ///
    /// # Errors
    /// When the store can't be used.
    ///
    /// # Cancel safety
    /// The room may or may not have been made.
    pub async fn create_room(&self, request: CreateChatroom) -> Result<Chatroom, IssueError> {
        let service = self.service.upgrade().ok_or(IssueError::Stopped)?;
        rooms::check(&request, &service.settings).map_err(IssueError::Invalid)?;
        Ok(rooms::make(&service, request).await?)
    }

    /// Makes a chat token for a room, as `POST /chatrooms/{id}/tokens` does.
    ///
    /// # Errors
    /// When there is no such room, or the store can't be used.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind.
    pub async fn create_token(&self, room: &RoomId, request: CreateToken) -> Result<TokenAnswer, IssueError> {
        let service = self.service.upgrade().ok_or(IssueError::Stopped)?;
        let now = service.clock.now().wall;
        let found = service.store.room(room).await?.ok_or_else(|| IssueError::NoRoom(room.clone()))?;
        let grant = tokens::grant(found.id, request, &service.settings, now).map_err(IssueError::Invalid)?;
        tokens::moderates(&service, &grant).await.map_err(|error| match error {
            ActError::Store(error) => IssueError::Store(error),
            _ => IssueError::Stopped,
        })?;
        Ok(tokens::issue(&service, &grant, now))
    }

    /// How many clients are connected.
    pub fn connections(&self) -> usize {
        self.service.upgrade().map_or(0, |service| service.connections.len())
    }

    /// Reads the certificate and its key anew: connections that come from now on get it. Those there are go on.
    ///
    /// # Errors
    /// When it can't be used; then the one before stays.
    ///
    /// # Cancel safety
    /// The certificate may or may not have been replaced.
    pub async fn reload_certificate(&self) -> Result<(), StartError> {
        let Some(acceptor) = &self.acceptor else { return Ok(()) };
        let source = self.certificate.clone();
        let identity = match spawn_blocking(move || source.read()).await {
            Ok(identity) => identity?,
            Err(error) => resume_unwind(error.into_panic()),
        };
        acceptor.send_replace(TlsAcceptor::from(identity.server_config()));
        Ok(())
    }

    /// Stops gently: no new connections, every client is told (DISCONNECT 0x8B), then all ends. Returns when it has
    /// ended, in less than 10 seconds.
    ///
    /// # Cancel safety
    /// The stop goes on when the future is dropped.
    pub async fn shutdown(&self) {
        self.stop.advance(Phase::Draining);
        self.stopped().await;
    }

    /// Returns when the server has ended, for whatever reason.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn stopped(&self) {
        // An error means that the runtime has dropped the server's tasks.
        let _ = self.stopped.clone().wait_for(|stopped| *stopped).await;
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stop.advance(Phase::Over);
    }
}

impl fmt::Debug for RunningServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningServer")
            .field("api", &self.api)
            .field("tls_api", &self.tls_api)
            .field("room_id", &self.room_id)
            .finish_non_exhaustive()
    }
}
