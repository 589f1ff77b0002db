//! Starting and stopping: the parts of a server put together.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use chatroom_wire::{
    Chatroom, OrgToken, RoomId,
    rest::{CreateChatroom, CreateToken, TokenAnswer},
};

use crate::{Options, StartError};

/// The door of the crate.
#[derive(Debug)]
#[non_exhaustive]
pub struct Server;

/// A server that takes connections. It stops when this is dropped; [`RunningServer::shutdown`] stops it gently.
#[derive(Debug)]
pub struct RunningServer {
    api: Option<String>,
    tls_api: Option<String>,
    address: Option<SocketAddr>,
    tls_address: Option<SocketAddr>,
    ca_file: Option<PathBuf>,
    ca_pem: Option<String>,
    org_token: OrgToken,
    org_token_file: PathBuf,
    room_id: RoomId,
    admin_token_file: PathBuf,
    viewer_token_file: PathBuf,
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
    #[error("the store can't be used now")]
    Store,
}

impl Server {
    /// Starts a server and returns once it accepts connections.
    ///
    /// # Errors
    /// When an address or the data directory can't be used; nothing keeps running then.
    ///
    /// # Cancel safety
    /// Dropping the future stops what was started.
    #[expect(clippy::unused_async, reason = "the parts that it waits for come in one by one")]
    pub async fn start(options: Options) -> Result<RunningServer, StartError> {
        options.settings.check()?;
        Err(StartError::NothingToListenOn)
    }
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
        self.ca_file.as_deref()
    }

    /// The text of that file.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
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

    /// Makes a room, as `POST /chatrooms` does.
    ///
    /// # Errors
    /// When the store can't be used.
    ///
    /// # Cancel safety
    /// The room may or may not have been made.
    #[expect(clippy::unused_async, reason = "the parts that it waits for come in one by one")]
    pub async fn create_room(&self, request: CreateChatroom) -> Result<Chatroom, IssueError> {
        let _ = request;
        Err(IssueError::Store)
    }

    /// Makes a chat token for a room, as `POST /chatrooms/{id}/tokens` does.
    ///
    /// # Errors
    /// When there is no such room, or the store can't be used.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind.
    #[expect(clippy::unused_async, reason = "the parts that it waits for come in one by one")]
    pub async fn create_token(&self, room: &RoomId, request: CreateToken) -> Result<TokenAnswer, IssueError> {
        let _ = request;
        Err(IssueError::NoRoom(room.clone()))
    }

    /// How many clients are connected.
    pub fn connections(&self) -> usize {
        0
    }

    /// Stops gently: no new connections, every client is told (DISCONNECT 0x8B), then all ends. Returns when it has
    /// ended, in less than 10 seconds.
    ///
    /// # Cancel safety
    /// The stop goes on when the future is dropped.
    #[expect(clippy::unused_async, reason = "the parts that it waits for come in one by one")]
    pub async fn shutdown(&self) {}

    /// Returns when the server has ended, for whatever reason.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    #[expect(clippy::unused_async, reason = "the parts that it waits for come in one by one")]
    pub async fn stopped(&self) {}
}
