//! What the server shows of itself over TLS: a certificate of its own making, or one from files.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use rustls::ServerConfig;

/// A certificate with its key, ready to serve.
#[derive(Debug, Clone)]
pub struct TlsIdentity {
    /// The certificate of the own CA, for clients to trust; none where the certificate came from files.
    pub ca_pem: Option<String>,
    /// Where that is kept.
    pub ca_file: Option<PathBuf>,
    config: Arc<ServerConfig>,
}

/// Why there is no certificate to serve with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file can't be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl TlsIdentity {
    /// The identity kept in this directory; the first time it is made.
    ///
    /// # Errors
    /// When a file can't be read or written, or does not hold what it should.
    pub fn load_or_create(_dir: &Path, _now: Timestamp) -> Result<Self, TlsError> {
        unimplemented!()
    }

    /// An identity that is kept nowhere.
    ///
    /// # Errors
    /// When no key could be made.
    pub fn ephemeral(_now: Timestamp) -> Result<Self, TlsError> {
        unimplemented!()
    }

    /// A certificate (with the chain up to its CA) and its key, both PEM, made by someone else.
    ///
    /// # Errors
    /// When a file can't be read, holds no certificate or key, or the two do not belong together.
    pub fn from_files(_cert: &Path, _key: &Path) -> Result<Self, TlsError> {
        unimplemented!()
    }

    /// How to serve with it: TLS 1.2 and 1.3 by ring, ALPN `http/1.1`.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}
