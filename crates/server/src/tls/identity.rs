//! A certificate with its key, ready to serve.

use std::{
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use chatroom_wire::text_file;
use jiff::Timestamp;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    version::{TLS12, TLS13},
};
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

use crate::private_file;

use super::{HostNames, authority::Authority, keep};

/// A certificate with its key, ready to serve.
///
/// ```
/// use chatroom_server::tls::TlsIdentity;
///
/// let identity = TlsIdentity::ephemeral(jiff::Timestamp::now())?;
/// assert!(identity.ca_pem.as_deref().is_some_and(|pem| pem.starts_with("-----BEGIN CERTIFICATE-----")));
/// assert_eq!(identity.server_config().alpn_protocols, [b"http/1.1"]);
/// # Ok::<(), chatroom_server::tls::TlsError>(())
/// ```
#[derive(Clone)]
pub struct TlsIdentity {
    /// The certificate of the own authority, in PEM, for clients to trust; none where the certificate came from files.
    pub ca_pem: Option<String>,
    /// The file that holds it, where there is one.
    pub ca_file: Option<PathBuf>,
    /// A host that the certificate is for, where it came from files.
    pub(crate) host: Option<String>,
    config: Arc<ServerConfig>,
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity").field("ca_file", &self.ca_file).finish_non_exhaustive()
    }
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
    /// The file holds no certificate.
    #[error("{} holds no certificate in PEM", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The file holds no private key.
    #[error("{} holds no private key in PEM (one that is encrypted can't be used)", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is that of another certificate.
    #[error("the key in {} is not that of the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
    },
    /// One of two files that belong together is gone.
    #[error("{} is missing, which belongs to {}; bring it back, or remove both", missing.display(), present.display())]
    Incomplete {
        /// The file that is gone.
        missing: PathBuf,
        /// The file that is there.
        present: PathBuf,
    },
    /// The certificate or its key can't be used for TLS.
    #[error("the certificate can't be used: {0}")]
    Unusable(#[source] Box<dyn Error + Send + Sync>),
    /// No certificate could be made.
    #[error("no certificate could be made: {0}")]
    NotMade(#[source] Box<dyn Error + Send + Sync>),
}

impl TlsIdentity {
    /// The identity kept in this directory; the first time, the directory and it are made. The certificate is for these
    /// names and good for 397 days; it is made anew, by the same authority, when they change or fewer than 30 days are
    /// left. An authority that may not vouch for the names is made anew, too. Blocks on the disk.
    ///
    /// # Errors
    /// When a file can't be read or written, a secret can be read by other users, or the authority's files do not hold
    /// what they should.
    pub fn load_or_create(dir: &Path, names: &HostNames, now: Timestamp) -> Result<Self, TlsError> {
        let kept = keep::load_or_create(dir, names, now)?;
        Self::of_own(kept.authority_pem, Some(kept.authority_file), &kept.certificate_pem, &kept.key_pem)
    }

    /// An identity that is kept nowhere, with an authority of its own.
    ///
    /// # Errors
    /// When no key could be made.
    pub fn ephemeral(now: Timestamp) -> Result<Self, TlsError> {
        let names = HostNames::default();
        let authority = Authority::make(&names, now)?;
        let leaf = authority.issue(&names, now)?;
        Self::of_own(authority.pem, None, &leaf.certificate_pem, &leaf.key_pem)
    }

    /// A certificate, with the chain up to its authority, and its key: two PEM files made by someone else.
    ///
    /// # Errors
    /// When a file can't be read, holds no certificate or key, or the two do not belong together.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = certificates(&read(certificate)?);
        if chain.is_empty() {
            return Err(TlsError::NoCertificate { path: certificate.to_owned() });
        }
        let host = host_of(&chain[0]);
        // Its group may be that of those who serve with it.
        #[cfg(unix)]
        if let Err(error) = private_file::tighten(key, 0o027) {
            tracing::warn!(%error, key = %key.display(), "the private key is open to other users");
        }
        let secret =
            PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| TlsError::NoKey { path: key.to_owned() })?;
        // What rustls says of these are names of its types.
        let unusable = |problem: &str| TlsError::Unusable(problem.into());
        let config = config(chain, secret).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() }
            }
            rustls::Error::InvalidCertificate(_) => {
                unusable("it is damaged, or not a certificate of version 3 of X.509")
            }
            _ => unusable(
                "its key is of a kind that is not supported here (RSA of 2048 bits or more, P-256, P-384, Ed25519)",
            ),
        })?;
        Ok(Self { ca_pem: None, ca_file: None, host, config })
    }

    /// How to serve with it: TLS 1.2 and 1.3 by ring, ALPN `http/1.1`.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    fn of_own(ca_pem: String, ca_file: Option<PathBuf>, certificate: &str, key: &str) -> Result<Self, TlsError> {
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| TlsError::Unusable(error.into()))?;
        let config =
            config(certificates(certificate.as_bytes()), key).map_err(|error| TlsError::Unusable(error.into()))?;
        Ok(Self { ca_pem: Some(ca_pem), ca_file, host: None, config })
    }
}

/// Said each time, so that no other part of the program decides which cryptography this server uses.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The certificates in this text, the server's own first; none where there is something else between.
pub(super) fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().unwrap_or_default()
}

/// The first name of the certificate that is one host's.
fn host_of(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = parse_x509_certificate(certificate).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    names.value.general_names.iter().find_map(|name| match name {
        GeneralName::DNSName(name) if !name.contains('*') && ServerName::try_from(*name).is_ok() => {
            Some((*name).to_owned())
        }
        _ => None,
    })
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let pem = fs::read(path).map_err(|source| TlsError::File { path: path.to_owned(), source })?;
    Ok(text_file::without_bom(&pem).into_owned())
}
