//! Whom to trust, and what is wrong with a certificate that is not trusted.

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use chatroom_session::TlsFault;
use chatroom_wire::SafeText;
use jiff::Timestamp;
use rustls::{
    CertificateError, ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::Verifier;

use crate::BuildError;

/// Whom a client trusts: the machine's own authorities, and what is added here.
///
/// There is no switch that turns verification off. The authorities are read once, by the first session or
/// [`Rest`](crate::Rest) that needs them; clones share them, which saves 0.1 MB for each session of one program.
#[derive(Clone, Default)]
pub struct Trust {
    pems: Vec<Vec<u8>>,
    files: Vec<PathBuf>,
    pub(crate) plaintext: bool,
    /// Made from the others; forgotten when one of them changes.
    made: Arc<OnceLock<Arc<ClientConfig>>>,
}

impl Trust {
    /// The machine's own authorities alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these authorities too: one or more certificates in PEM.
    #[must_use]
    pub fn add_ca_pem(mut self, pem: &[u8]) -> Self {
        self.pems.push(pem.to_vec());
        self.made = Arc::default();
        self
    }

    /// Trusts the authorities in this file too: one or more certificates in PEM.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(path.into());
        self.made = Arc::default();
        self
    }

    /// Allows `ws://` and `http://` beyond this machine: anybody on the way can read the token and use it.
    #[must_use]
    pub fn allow_plaintext(mut self) -> Self {
        self.plaintext = true;
        self
    }

    /// The TLS settings of links and calls.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, BuildError> {
        if let Some(made) = self.made.get() {
            return Ok(Arc::clone(made));
        }
        let made = self.make()?;
        Ok(Arc::clone(self.made.get_or_init(|| made)))
    }

    fn make(&self) -> Result<Arc<ClientConfig>, BuildError> {
        let mut added = Vec::new();
        for path in &self.files {
            let pem = std::fs::read(path).map_err(|source| BuildError::CaFile { path: path.clone(), source })?;
            added.extend(
                certificates(&pem).map_err(|problem| BuildError::Ca { origin: path.display().to_string(), problem })?,
            );
        }
        for pem in &self.pems {
            added.extend(
                certificates(pem).map_err(|problem| BuildError::Ca { origin: "the added PEM".into(), problem })?,
            );
        }
        // Chosen explicitly: another crate of the application may bring a second provider in, and then none is the default.
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| BuildError::Tls(error.to_string()))?;
        let builder = match Verifier::new_with_extra_roots(added, provider) {
            Ok(verifier) => builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)),
            Err(error) => {
                tracing::warn!(%error, "no authorities are known: no certificate will be trusted");
                builder.with_root_certificates(RootCertStore::empty())
            }
        };
        Ok(Arc::new(builder.with_no_client_auth()))
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("pems", &self.pems.len())
            .field("files", &self.files)
            .field("plaintext", &self.plaintext)
            .finish_non_exhaustive()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| error.to_string())?;
    if found.is_empty() {
        return Err("it holds no certificate in PEM".to_owned());
    }
    let mut store = RootCertStore::empty();
    for certificate in &found {
        store.add(certificate.clone()).map_err(|error| error.to_string())?;
    }
    Ok(found)
}

/// What kind of fault an error of the handshake is, in plain words; none if it did not come from TLS.
pub(crate) fn fault(error: &io::Error) -> Option<(TlsFault, String)> {
    let inner = error.get_ref()?;
    if let Some(error) = inner.downcast_ref::<rustls::Error>() {
        return Some(explain(error));
    }
    inner.downcast_ref::<io::Error>().and_then(fault)
}

pub(crate) fn explain(error: &rustls::Error) -> (TlsFault, String) {
    let plain = |fault, problem: &str| (fault, problem.to_owned());
    match error {
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::UnknownIssuer => {
                plain(TlsFault::UnknownIssuer, "its certificate was signed by no authority that is trusted here")
            }
            CertificateError::Expired => plain(TlsFault::Expired, "its certificate has expired"),
            CertificateError::ExpiredContext { not_after, .. } => {
                (TlsFault::Expired, format!("its certificate expired at {}", shown(*not_after)))
            }
            CertificateError::NotValidYet => plain(TlsFault::Expired, "its certificate is not valid yet"),
            CertificateError::NotValidYetContext { not_before, .. } => {
                (TlsFault::Expired, format!("its certificate is not valid before {}", shown(*not_before)))
            }
            CertificateError::NotValidForName => plain(TlsFault::WrongName, "its certificate is for another name"),
            CertificateError::NotValidForNameContext { presented, .. } => {
                let names = SafeText::log(&presented.join(", "));
                (TlsFault::WrongName, format!("its certificate is for another name: {names}"))
            }
            other => (TlsFault::Other, format!("its certificate can't be used: {}", SafeText::log(&other.to_string()))),
        },
        rustls::Error::InvalidMessage(_) => plain(TlsFault::Other, "it does not speak TLS"),
        rustls::Error::AlertReceived(alert) => (TlsFault::Other, format!("it ended the handshake with {alert:?}")),
        other => (TlsFault::Other, SafeText::log(&other.to_string()).into_string()),
    }
}

fn shown(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok();
    match seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        Some(instant) => instant.to_string(),
        None => "a time out of range".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_what_was_read_until_one_of_them_trusts_somebody_else() {
        let trust = Trust::new();
        let made = trust.config().unwrap();
        assert!(Arc::ptr_eq(&made, &trust.clone().allow_plaintext().config().unwrap()));
        assert!(trust.add_ca_pem(b"no certificate").config().is_err());
    }

    #[test]
    fn an_error_that_is_not_of_tls_is_no_fault_of_a_certificate() {
        assert_eq!(fault(&io::ErrorKind::ConnectionReset.into()), None);
        let expired = rustls::Error::InvalidCertificate(CertificateError::Expired);
        let wrapped = io::Error::other(io::Error::other(expired));
        assert_eq!(fault(&wrapped).map(|(fault, _)| fault), Some(TlsFault::Expired));
    }

    #[test]
    fn names_that_a_stranger_chose_are_made_safe() {
        let error = rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            expected: "localhost".try_into().unwrap(),
            presented: vec!["evil\u{1b}[2J".to_owned()],
        });
        assert!(!explain(&error).1.contains('\u{1b}'));
    }
}
