//! Where the identity is kept, and when it is made anew.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    pki_types::{PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
    sign::CertifiedKey,
};
use tracing::warn;
use x509_parser::{extensions::GeneralName, parse_x509_certificate};
use zeroize::Zeroizing;

use super::{
    HostNames, TlsError,
    authority::{Authority, Leaf},
    identity::{certificates, provider},
};
use crate::private_file;

/// The file of the authority's certificate, for clients to trust.
pub const AUTHORITY_FILE: &str = "ca.pem";

/// The file of the authority's key, mode 0600.
pub const AUTHORITY_KEY_FILE: &str = "ca-key.pem";

/// The file of the server's certificate.
pub const CERTIFICATE_FILE: &str = "tls.pem";

/// The file of its key, mode 0600.
pub const KEY_FILE: &str = "tls-key.pem";

/// A certificate that ends sooner is made anew.
const SPARE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What is kept.
pub(super) struct Kept {
    pub(super) authority_pem: String,
    pub(super) authority_file: PathBuf,
    pub(super) certificate_pem: String,
    pub(super) key_pem: Zeroizing<String>,
}

pub(super) fn load_or_create(dir: &Path, names: &HostNames, now: Timestamp) -> Result<Kept, TlsError> {
    let _held = private_file::hold(dir).map_err(at(dir))?;
    let kept = match read_authority(dir)? {
        // Nobody trusts one that has ended, so nobody misses it.
        Some(authority) if authority.ends > now.as_second() => Some(authority),
        Some(_) | None => None,
    };
    if let Some(authority) = kept {
        let leaf = match read_leaf(dir)? {
            Some(leaf) if is_for(&leaf, names) && is_good(&leaf, &authority, names, now) => Some(leaf),
            Some(_) | None => {
                let leaf = authority.issue(names, now)?;
                is_good(&leaf, &authority, names, now).then_some(leaf)
            }
        };
        if let Some(leaf) = leaf {
            write_leaf(dir, &leaf)?;
            return Ok(Kept::new(dir, authority, leaf));
        }
        warn!(
            file = %dir.join(AUTHORITY_FILE).display(),
            "the authority is made anew, as it may not vouch for the server's new names: clients need its new certificate"
        );
    }
    let authority = make_authority(dir, names, now)?;
    let leaf = authority.issue(names, now)?;
    write_leaf(dir, &leaf)?;
    Ok(Kept::new(dir, authority, leaf))
}

impl Kept {
    fn new(dir: &Path, authority: Authority, leaf: Leaf) -> Self {
        Self {
            authority_pem: authority.pem,
            authority_file: dir.join(AUTHORITY_FILE),
            certificate_pem: leaf.certificate_pem,
            key_pem: leaf.key_pem,
        }
    }
}

fn read_authority(dir: &Path) -> Result<Option<Authority>, TlsError> {
    let (file, key_file) = (dir.join(AUTHORITY_FILE), dir.join(AUTHORITY_KEY_FILE));
    let pem = private_file::read_public(&file).map_err(at(&file))?;
    let key_pem = private_file::read_secret(&key_file).map_err(at(&key_file))?;
    match (pem, key_pem) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(TlsError::Incomplete { missing: key_file, present: file }),
        (None, Some(_)) => Err(TlsError::Incomplete { missing: file, present: key_file }),
        (Some(pem), Some(key_pem)) => {
            if certificates(pem.as_bytes()).is_empty() {
                return Err(TlsError::NoCertificate { path: file });
            }
            if PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).is_err() {
                return Err(TlsError::NoKey { path: key_file });
            }
            let authority = Authority::read(pem, &key_pem);
            authority.map(Some).ok_or(TlsError::Mismatch { certificate: file, key: key_file })
        }
    }
}

fn make_authority(dir: &Path, names: &HostNames, now: Timestamp) -> Result<Authority, TlsError> {
    let authority = Authority::make(names, now)?;
    let (file, key_file) = (dir.join(AUTHORITY_FILE), dir.join(AUTHORITY_KEY_FILE));
    private_file::write_secret(&key_file, &authority.key_pem()).map_err(at(&key_file))?;
    private_file::write_public(&file, &authority.pem).map_err(at(&file))?;
    Ok(authority)
}

/// The certificate that is kept. The files are made from the authority's, so whatever is wrong with them, new ones do.
fn read_leaf(dir: &Path) -> Result<Option<Leaf>, TlsError> {
    let (file, key_file) = (dir.join(CERTIFICATE_FILE), dir.join(KEY_FILE));
    let certificate_pem = private_file::read_public(&file).map_err(at(&file))?;
    let key_pem = private_file::read_secret(&key_file).map_err(at(&key_file))?;
    Ok(certificate_pem.zip(key_pem).map(|(certificate_pem, key_pem)| Leaf { certificate_pem, key_pem }))
}

/// Leaves the files alone where they hold it already.
fn write_leaf(dir: &Path, leaf: &Leaf) -> Result<(), TlsError> {
    if read_leaf(dir)?.is_some_and(|kept| kept.certificate_pem == leaf.certificate_pem && kept.key_pem == leaf.key_pem)
    {
        return Ok(());
    }
    let (file, key_file) = (dir.join(CERTIFICATE_FILE), dir.join(KEY_FILE));
    private_file::write_secret(&key_file, &leaf.key_pem).map_err(at(&key_file))?;
    private_file::write_public(&file, &leaf.certificate_pem).map_err(at(&file))
}

/// Whether it is for exactly these names.
fn is_for(leaf: &Leaf, names: &HostNames) -> bool {
    let [certificate, ..] = &certificates(leaf.certificate_pem.as_bytes())[..] else { return false };
    let Ok((_, certificate)) = parse_x509_certificate(certificate) else { return false };
    let Ok(Some(found)) = certificate.subject_alternative_name() else { return false };
    let found: Option<BTreeSet<_>> = found.value.general_names.iter().map(name).collect();
    found.is_some_and(|found| found.iter().map(String::as_str).eq(names.iter()))
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(octets) => {
            let v4 = <[u8; 4]>::try_from(*octets).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(*octets).map(IpAddr::from)).ok().map(|ip| ip.to_string())
        }
        _ => None,
    }
}

/// Whether clients of this authority take it now and will for a while.
fn is_good(leaf: &Leaf, authority: &Authority, names: &HostNames, now: Timestamp) -> bool {
    let chain = certificates(leaf.certificate_pem.as_bytes());
    let Some((certificate, between)) = chain.split_first() else { return false };
    let Ok(key) = PrivateKeyDer::from_pem_slice(leaf.key_pem.as_bytes()) else { return false };
    if CertifiedKey::from_der(chain.clone(), key, &provider()).is_err() {
        return false;
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(authority.pem.as_bytes()));
    let Ok(client) = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build() else {
        return false;
    };
    let now = Duration::from_secs(now.as_second().max(0).unsigned_abs());
    names.iter().all(|name| {
        let Ok(name) = ServerName::try_from(name) else { return false };
        [now, now + SPARE].iter().all(|&then| {
            let then = UnixTime::since_unix_epoch(then);
            client.verify_server_cert(certificate, between, &name, &[], then).is_ok()
        })
    })
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> TlsError + use<> {
    let path = path.to_owned();
    move |source| TlsError::File { path, source }
}
