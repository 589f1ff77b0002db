//! Where the identity is kept, and when it is made anew.

use std::{
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
use zeroize::Zeroizing;

use super::{
    TlsError,
    authority::{Authority, Leaf, NAMES},
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

pub(super) fn load_or_create(dir: &Path, now: Timestamp) -> Result<Kept, TlsError> {
    let _held = private_file::hold(dir).map_err(at(dir))?;
    let authority = match read_authority(dir)? {
        // Nobody trusts one that has ended, so nobody misses it.
        Some(authority) if authority.ends > now.as_second() => authority,
        Some(_) | None => make_authority(dir, now)?,
    };
    let leaf = match read_leaf(dir, &authority, now)? {
        Some(leaf) => leaf,
        None => make_leaf(dir, &authority, now)?,
    };
    Ok(Kept {
        authority_pem: authority.pem,
        authority_file: dir.join(AUTHORITY_FILE),
        certificate_pem: leaf.certificate_pem,
        key_pem: leaf.key_pem,
    })
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

fn make_authority(dir: &Path, now: Timestamp) -> Result<Authority, TlsError> {
    let authority = Authority::make(now)?;
    let (file, key_file) = (dir.join(AUTHORITY_FILE), dir.join(AUTHORITY_KEY_FILE));
    private_file::write_secret(&key_file, &authority.key_pem()).map_err(at(&key_file))?;
    private_file::write_public(&file, &authority.pem).map_err(at(&file))?;
    Ok(authority)
}

/// The certificate that is kept, where clients of this authority take it now and will for a while. The files are made
/// from the authority's, so whatever is wrong with them, new ones do.
fn read_leaf(dir: &Path, authority: &Authority, now: Timestamp) -> Result<Option<Leaf>, TlsError> {
    let (file, key_file) = (dir.join(CERTIFICATE_FILE), dir.join(KEY_FILE));
    let certificate_pem = private_file::read_public(&file).map_err(at(&file))?;
    let key_pem = private_file::read_secret(&key_file).map_err(at(&key_file))?;
    let (Some(certificate_pem), Some(key_pem)) = (certificate_pem, key_pem) else { return Ok(None) };
    let leaf = Leaf { certificate_pem, key_pem };
    Ok(is_good(&leaf, authority, now).then_some(leaf))
}

fn make_leaf(dir: &Path, authority: &Authority, now: Timestamp) -> Result<Leaf, TlsError> {
    let leaf = authority.issue(now)?;
    let (file, key_file) = (dir.join(CERTIFICATE_FILE), dir.join(KEY_FILE));
    private_file::write_secret(&key_file, &leaf.key_pem).map_err(at(&key_file))?;
    private_file::write_public(&file, &leaf.certificate_pem).map_err(at(&file))?;
    Ok(leaf)
}

fn is_good(leaf: &Leaf, authority: &Authority, now: Timestamp) -> bool {
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
    NAMES.iter().all(|&name| {
        let name = ServerName::try_from(name).expect("the names are names");
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
