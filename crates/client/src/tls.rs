//! Whom to trust, and what is wrong with a certificate that is not trusted.
//!
//! - `verifier`: how a server's certificate is verified; `explain`: what went wrong, as a sentence

mod explain;
mod verifier;

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use chatroom_session::TlsFault;
use chatroom_wire::text_file;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem, pem::PemObject},
};

use self::verifier::ServerVerifier;
use crate::BuildError;

pub(crate) use self::explain::explain;

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

    /// Trusts these authorities too: one or more certificates in PEM. One that is no authority, such as a server's
    /// self-signed one, is trusted for itself alone.
    #[must_use]
    pub fn add_ca_pem(mut self, pem: &[u8]) -> Self {
        self.pems.push(pem.to_vec());
        self.made = Arc::default();
        self
    }

    /// Trusts the authorities in this file too, as [`add_ca_pem`](Self::add_ca_pem) does.
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
        let verifier = Arc::new(ServerVerifier::new(added, provider));
        Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
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
    let pem = text_file::without_bom(pem);
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|error| match error {
        pem::Error::Base64Decode(_) => "a certificate in it is damaged".to_owned(),
        pem::Error::MissingSectionEnd { .. } => "a certificate in it has no end".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "it is no PEM: a line with BEGIN can't be read".to_owned(),
        error => error.to_string(),
    })?;
    if found.is_empty() {
        return Err("it holds no certificate in PEM".to_owned());
    }
    let mut store = RootCertStore::empty();
    for certificate in &found {
        store.add(certificate.clone()).map_err(|_| "a certificate in it is damaged".to_owned())?;
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

#[cfg(test)]
mod tests {
    use rustls::CertificateError;

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
}
