//! Where the server's secrets are kept, and how they are made.

use std::{
    io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chatroom_wire::OrgToken;
use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use zeroize::Zeroizing;

use super::TokenKeys;
use crate::private_file;

/// The file of the key that signs tokens: PKCS #8 in PEM, mode 0600.
pub const KEY_FILE: &str = "token-key.pem";

/// The file of the organisation's token, mode 0600.
pub const ORG_TOKEN_FILE: &str = "org-token";

/// The organisation's token: 256 random bits.
const ORG_TOKEN_BYTES: usize = 32;

/// Why the server's secrets could not be made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file can't be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not hold what it should.
    #[error("{} holds no {what}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The system gives no random bytes.
    #[error("no key could be made: the system gives no random bytes")]
    Random,
}

impl TokenKeys {
    /// New secrets that are kept nowhere.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn generate() -> Result<Self, KeyError> {
        let pem = new_key()?;
        Self::of(&pem, new_org_token()?, None).ok_or(KeyError::Random)
    }

    /// The secrets kept in this directory; the first time, the directory and they are made. Blocks on the disk.
    ///
    /// # Errors
    /// When a file can't be read or written, can be read by other users, or does not hold what it should. A file that
    /// is there is never replaced: with another key, every token that was given out would end.
    pub fn load_or_create(dir: &Path) -> Result<Self, KeyError> {
        let _held = private_file::hold(dir).map_err(at(dir))?;
        let key_file = dir.join(KEY_FILE);
        let pem = kept(&key_file, new_key)?;
        let org_token_file = dir.join(ORG_TOKEN_FILE);
        let org_token =
            kept(&org_token_file, || new_org_token().map(|token| Zeroizing::new(token.expose().to_owned())))?;
        let org_token = OrgToken::new(org_token.as_str());
        if org_token.expose().len() < ORG_TOKEN_BYTES {
            return Err(KeyError::Invalid { path: org_token_file, what: "token of at least 32 characters" });
        }
        Self::of(&pem, org_token, Some(org_token_file))
            .ok_or(KeyError::Invalid { path: key_file, what: "Ed25519 key in PKCS #8 and PEM" })
    }

    fn of(pem: &str, org_token: OrgToken, org_token_file: Option<PathBuf>) -> Option<Self> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        Self::from_pkcs8(key.secret_pkcs8_der(), org_token, org_token_file)
    }
}

/// What the file holds; the first time, what is made for it.
fn kept(
    path: &Path,
    make: impl FnOnce() -> Result<Zeroizing<String>, KeyError>,
) -> Result<Zeroizing<String>, KeyError> {
    if let Some(text) = private_file::read_secret(path).map_err(at(path))? {
        return Ok(text);
    }
    let text = make()?;
    private_file::write_secret(path, &text).map_err(at(path))?;
    Ok(text)
}

fn new_key() -> Result<Zeroizing<String>, KeyError> {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).map_err(|_| KeyError::Random)?;
    Ok(Zeroizing::new(key.serialize_pem()))
}

fn new_org_token() -> Result<OrgToken, KeyError> {
    let mut bytes = Zeroizing::new([0; ORG_TOKEN_BYTES]);
    SystemRandom::new().fill(&mut *bytes).map_err(|_| KeyError::Random)?;
    Ok(OrgToken::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> KeyError + use<> {
    let path = path.to_owned();
    move |source| KeyError::File { path, source }
}
