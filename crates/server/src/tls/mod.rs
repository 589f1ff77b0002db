//! What the server shows of itself over TLS: a certificate of its own making, or one from files.
//!
//! Read [`TlsIdentity`] first. A certificate of its own making is good for this machine (`localhost`, `127.0.0.1`, `::1`)
//! and for the names by which the server is reached ([`HostNames`]): it is signed by an authority that is made at the first
//! start, and clients are given that authority's certificate to trust. The authority can vouch for these names and for
//! private addresses, and for no other, so nobody risks much by trusting it.
//!
//! - [`identity`]: a certificate with its key, ready to serve
//! - `names`: what it is for
//! - `authority`: the authority, and the certificates it signs; `keep`: where they are kept and when they are made anew

mod authority;
pub mod identity;
mod keep;
mod names;

#[cfg(test)]
mod tests;

pub use identity::{TlsError, TlsIdentity};
pub use keep::{AUTHORITY_FILE, AUTHORITY_KEY_FILE, CERTIFICATE_FILE, KEY_FILE};
pub use names::HostNames;
