//! A certificate authority for `localhost`, with good and bad leaves, and servers that show them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedCipherSuite};
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
    /// As that, but an authority's: what `openssl req -x509` makes.
    SelfSignedAuthority,
    /// As the good one, but signed by one that is no authority, and that is the second of the chain.
    SignedByEndEntity,
    /// As the good one, but for hundreds of other names too, and behind two authorities between it and the trusted one:
    /// the whole takes more than one TLS record.
    Large,
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
        self.server_that_speaks(leaf, ring::ALL_CIPHER_SUITES)
    }

    /// The same, for a server that speaks these cipher suites and no other.
    ///
    /// # Panics
    /// Without a suite.
    pub fn server_that_speaks(&self, leaf: Leaf, suites: &[SupportedCipherSuite]) -> Arc<ServerConfig> {
        let (certificates, key) = self.issue(leaf);
        showing(&certificates, &key, suites)
    }

    /// A server that shows this leaf, and the last certificate of its chain as a PEM file, for a client to trust.
    pub fn server_and_file(&self, leaf: Leaf) -> (Arc<ServerConfig>, PathBuf) {
        let (certificates, key) = self.issue(leaf);
        let path = self.folder.path().join(format!("{leaf:?}.given.crt"));
        write(&path, &certificates.last().expect("a chain has a leaf").pem());
        (showing(&certificates, &key, ring::ALL_CIPHER_SUITES), path)
    }

    /// The leaf as two PEM files: certificate with those between it and the authority, key.
    pub fn files(&self, leaf: Leaf) -> (PathBuf, PathBuf) {
        let (certificates, key) = self.issue(leaf);
        let paths = ["crt", "key"].map(|end| self.folder.path().join(format!("{leaf:?}.{end}")));
        write(&paths[0], &certificates.iter().map(Certificate::pem).collect::<String>());
        write(&paths[1], &key.serialize_pem());
        let [certificate, key] = paths;
        (certificate, key)
    }

    /// A client that trusts this authority and no other.
    pub fn client(&self) -> Arc<ClientConfig> {
        trusting([self.authority.der().clone()])
    }

    /// The leaf, those between it and its authority, and the leaf's key.
    fn issue(&self, leaf: Leaf) -> (Vec<Certificate>, KeyPair) {
        let mut names = match leaf {
            Leaf::WrongHost => vec!["elsewhere.test".to_owned()],
            _ => vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        };
        if leaf == Leaf::Large {
            names.extend((0..OTHER_NAMES).map(|number| format!("another-name-{number:04}.of.the.same.test")));
        }
        let mut params = CertificateParams::new(names).expect("the names are valid");
        params.distinguished_name.push(DnType::CommonName, "Test endpoint");
        if leaf == Leaf::Expired {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2001, 12, 31);
        }
        if leaf == Leaf::SelfSignedAuthority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let key = KeyPair::generate().expect("ring makes keys");
        let mut between = Vec::new();
        let certificate = match leaf {
            Leaf::SelfSigned | Leaf::SelfSignedAuthority => params.self_signed(&key),
            Leaf::SignedByEndEntity => {
                let mut signer = CertificateParams::default();
                signer.distinguished_name.push(DnType::CommonName, "No authority");
                let signer_key = KeyPair::generate().expect("ring makes keys");
                let signer = CertifiedIssuer::self_signed(signer, signer_key).expect("the parameters are valid");
                between = vec![signer.as_ref().clone()];
                params.signed_by(&key, &signer)
            }
            Leaf::UnknownAuthority => params.signed_by(&key, &self.stranger),
            Leaf::Good | Leaf::Expired | Leaf::WrongHost => params.signed_by(&key, &self.authority),
            Leaf::Large => {
                let upper = authority_under("Test authority below", &self.authority);
                let lower = authority_under("Test authority below that", &upper);
                between = vec![lower.as_ref().clone(), upper.as_ref().clone()];
                params.signed_by(&key, &lower)
            }
        };
        between.insert(0, certificate.expect("the parameters are valid"));
        (between, key)
    }
}

/// So many names that they take more than the 16 KiB of a TLS record.
const OTHER_NAMES: usize = 600;

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

fn showing(certificates: &[Certificate], key: &KeyPair, suites: &[SupportedCipherSuite]) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = CryptoProvider { cipher_suites: suites.to_vec(), ..ring::default_provider() };
    let versions: Vec<_> = rustls::ALL_VERSIONS
        .iter()
        .copied()
        .filter(|version| suites.iter().any(|suite| suite.version() == *version))
        .collect();
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&versions)
        .expect("a suite belongs to TLS 1.2 or 1.3")
        .with_no_client_auth()
        .with_single_cert(certificates.iter().map(|certificate| certificate.der().clone()).collect(), key)
        .expect("the key belongs to the certificate");
    Arc::new(config)
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let (params, key) = authority_params(name);
    CertifiedIssuer::self_signed(params, key).expect("the parameters are valid")
}

fn authority_under(name: &str, issuer: &CertifiedIssuer<'static, KeyPair>) -> CertifiedIssuer<'static, KeyPair> {
    let (params, key) = authority_params(name);
    CertifiedIssuer::signed_by(params, key, issuer).expect("the parameters are valid")
}

fn authority_params(name: &str) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    (params, KeyPair::generate().expect("ring makes keys"))
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the temporary folder can be written");
}
