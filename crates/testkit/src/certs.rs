//! A certificate authority for `localhost`, with good and bad leaves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;

/// A certificate authority of its own, its certificate in a file.
#[derive(Debug)]
pub struct Certs {
    folder: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
    stranger: CertifiedIssuer<'static, KeyPair>,
}

/// What is right or wrong with a leaf certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// For `localhost` and 127.0.0.1, signed by the authority.
    Good,
    /// As the good one, but valid in 2001 only.
    Expired,
    /// As the good one, but for `elsewhere.test`.
    WrongHost,
    /// As the good one, but signed by an authority that nobody trusts.
    UnknownAuthority,
    /// As the good one, but signed by itself.
    SelfSigned,
}

impl Certs {
    /// Makes both authorities and writes the trusted one to [`ca_file`](Self::ca_file).
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let made = Self { folder, authority: authority("Test authority"), stranger: authority("Stranger") };
        write(&made.ca_file(), &made.authority.pem());
        made
    }

    /// The trusted authority's certificate, PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What a server needs to show this leaf.
    pub fn server(&self, leaf: Leaf) -> Arc<ServerConfig> {
        let (certificate, key) = self.issue(leaf);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("the key belongs to the certificate");
        Arc::new(config)
    }

    /// The leaf as two PEM files: certificate, key.
    pub fn files(&self, leaf: Leaf) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.issue(leaf);
        let paths = ["crt", "key"].map(|end| self.folder.path().join(format!("{leaf:?}.{end}")));
        write(&paths[0], &certificate.pem());
        write(&paths[1], &key.serialize_pem());
        let [certificate, key] = paths;
        (certificate, key)
    }

    /// A client that trusts this authority and no other.
    pub fn client(&self) -> Arc<ClientConfig> {
        trusting([self.authority.der().clone()])
    }

    fn issue(&self, leaf: Leaf) -> (Certificate, KeyPair) {
        let names = match leaf {
            Leaf::WrongHost => vec!["elsewhere.test".to_owned()],
            _ => vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        };
        let mut params = CertificateParams::new(names).expect("the names are valid");
        params.distinguished_name.push(DnType::CommonName, "Test endpoint");
        if leaf == Leaf::Expired {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2001, 12, 31);
        }
        let key = KeyPair::generate().expect("ring makes keys");
        let certificate = match leaf {
            Leaf::SelfSigned => params.self_signed(&key),
            Leaf::UnknownAuthority => params.signed_by(&key, &self.stranger),
            Leaf::Good | Leaf::Expired | Leaf::WrongHost => params.signed_by(&key, &self.authority),
        };
        (certificate.expect("the parameters are valid"), key)
    }
}

impl Default for Certs {
    fn default() -> Self {
        Self::new()
    }
}

/// A client that trusts these authorities and no other.
pub fn trusting(authorities: impl IntoIterator<Item = CertificateDer<'static>>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority).expect("the certificate is an authority's");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().expect("ring makes keys");
    CertifiedIssuer::self_signed(params, key).expect("the parameters are valid")
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the temporary folder can be written");
}
