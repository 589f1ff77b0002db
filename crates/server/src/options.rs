//! What a caller settles before the server starts, and why it may not start.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use crate::{PublicUrl, SettingError, Settings, store::StoreError, tls::TlsError, token::KeyError};

/// What a server is to listen on, where it keeps its data, and its limits.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Where to take plain connections; port 0 is any free port.
    pub listen: Option<SocketAddr>,
    /// Where to take connections over TLS; port 0 is any free port.
    pub tls_listen: Option<SocketAddr>,
    /// A certificate chain and its key as PEM files; without them the server makes its own authority for `localhost`.
    pub tls_files: Option<(PathBuf, PathBuf)>,
    /// Where clients find the server, if a proxy stands in front of it.
    pub public_url: Option<PublicUrl>,
    /// Where rooms, messages, keys and token files are kept.
    pub data: Data,
    /// Whether the time of day is right, however far it is ahead of when the server ran last. Without this, no message
    /// expires by such a time before the server has run for a day.
    pub accept_clock: bool,
    /// Whether the store and the keys are to be used although they do not belong together: a store that is missing is made
    /// anew, and so are missing keys.
    pub accept_store: bool,
    /// The limits.
    pub settings: Settings,
}

/// Where a server keeps its data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Data {
    /// In this directory, which is made if it is not there. One server at a time.
    Directory(PathBuf),
    /// In a directory of its own that goes away with the server.
    Ephemeral,
}

impl Options {
    /// Plain on 127.0.0.1:8080 and TLS on 127.0.0.1:8443, as `chatroom serve` does.
    pub fn new(data: Data) -> Self {
        Self {
            listen: Some((Ipv4Addr::LOCALHOST, 8080).into()),
            tls_listen: Some((Ipv4Addr::LOCALHOST, 8443).into()),
            tls_files: None,
            public_url: None,
            data,
            accept_clock: false,
            accept_store: false,
            settings: Settings::default(),
        }
    }

    /// Ephemeral, plain and over TLS, each on any free port of 127.0.0.1: for tests and demos.
    pub fn ephemeral() -> Self {
        Self {
            listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
            tls_listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
            ..Self::new(Data::Ephemeral)
        }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Neither a plain nor a TLS address is given.
    #[error("there is no address to listen on")]
    NothingToListenOn,
    /// Another program listens there.
    #[error("{0} is in use by another program")]
    AddressInUse(SocketAddr),
    /// The address can't be listened on for another reason.
    #[error("can't listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Another server uses the data directory.
    #[error("another server uses the data directory {}", .0.display())]
    DataInUse(PathBuf),
    /// A file of the data directory can't be used.
    #[error("can't use {}", path.display())]
    Data {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The keys are there, and the store that belongs to them is not.
    #[error("there is no store at {}, but the keys that belong to one: {}", store.display(), keys.display())]
    StoreMissing {
        /// Where the store should be.
        store: PathBuf,
        /// The file of the keys.
        keys: PathBuf,
    },
    /// The store is there, and the keys that belong to it are not.
    #[error("the keys that belong to {} are missing: {}", store.display(), keys.display())]
    KeysMissing {
        /// The store.
        store: PathBuf,
        /// Where the keys should be.
        keys: PathBuf,
    },
    /// The store belongs to other keys.
    #[error("the store {} belongs to other keys than {}", store.display(), keys.display())]
    OtherKeys {
        /// The store.
        store: PathBuf,
        /// The file of the keys.
        keys: PathBuf,
    },
    /// Two settings contradict each other.
    #[error(transparent)]
    Settings(#[from] SettingError),
    /// The keys that sign tokens can't be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// There is no certificate to serve with.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The store can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}
