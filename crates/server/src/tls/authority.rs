//! The server's own authority, and the certificates it signs.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, PublicKeyData as _,
};
use ring::digest;
use x509_parser::pem::parse_x509_pem;
use zeroize::Zeroizing;

use super::{HostNames, TlsError};

/// How long an authority lives: as long as anyone will run this.
const AUTHORITY_LIFE: Duration = days(3_653);

/// How long a certificate lives: browsers take none of more than 398 days.
const CERTIFICATE_LIFE: Duration = days(397);

/// By how much a client's clock may be behind.
const SKEW: Duration = Duration::from_secs(3_600);

/// An authority: it vouches for the names that it was made for, for addresses of this machine and of private networks, and
/// for no other.
pub(super) struct Authority {
    /// Its certificate.
    pub(super) pem: String,
    /// When that ends, in seconds since 1970.
    pub(super) ends: i64,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate that an authority signed, with its key.
pub(super) struct Leaf {
    pub(super) certificate_pem: String,
    pub(super) key_pem: Zeroizing<String>,
}

impl Authority {
    pub(super) fn make(names: &HostNames, now: Timestamp) -> Result<Self, TlsError> {
        let key = new_key()?;
        let mut params = CertificateParams::default();
        // Two authorities of two servers in one list of trusted ones are to be told apart.
        let print = digest::digest(&digest::SHA256, key.der_bytes());
        let [a, b, c, d, ..] = print.as_ref() else { unreachable!("SHA-256 has 32 bytes") };
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, format!("Chatroom local authority {a:02x}{b:02x}{c:02x}{d:02x}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints =
            Some(NameConstraints { permitted_subtrees: permitted(names), excluded_subtrees: Vec::new() });
        set_life(&mut params, now, AUTHORITY_LIFE);
        let pem = params.self_signed(&key).map_err(not_made)?.pem();
        Self::read(pem, &key.serialize_pem()).ok_or_else(|| not_made("it does not read back"))
    }

    /// The authority of this certificate and this key; none where they are not that or do not belong together.
    pub(super) fn read(pem: String, key_pem: &str) -> Option<Self> {
        let key = KeyPair::from_pem(key_pem).ok()?;
        let ends = {
            let (_, parsed) = parse_x509_pem(pem.as_bytes()).ok()?;
            let certificate = parsed.parse_x509().ok()?;
            let is_ours = certificate.is_ca() && certificate.public_key().subject_public_key.data == key.der_bytes();
            is_ours.then(|| certificate.validity().not_after.timestamp())?
        };
        let issuer = Issuer::from_ca_cert_pem(&pem, key).ok()?;
        Some(Self { pem, ends, issuer })
    }

    /// The key that signs, in PEM.
    pub(super) fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.issuer.key().serialize_pem())
    }

    /// A new certificate for these names.
    pub(super) fn issue(&self, names: &HostNames, now: Timestamp) -> Result<Leaf, TlsError> {
        let key = new_key()?;
        let names: Vec<String> = names.iter().map(ToOwned::to_owned).collect();
        let mut params = CertificateParams::new(names).map_err(not_made)?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Chatroom server on this machine");
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_life(&mut params, now, CERTIFICATE_LIFE);
        let certificate = params.signed_by(&key, &self.issuer).map_err(not_made)?;
        Ok(Leaf { certificate_pem: certificate.pem(), key_pem: Zeroizing::new(key.serialize_pem()) })
    }
}

/// Private addresses change with the network that a machine is in, and no authority of the web vouches for them: an
/// authority that clients trust already need not be made anew for them.
fn permitted(names: &HostNames) -> Vec<GeneralSubtree> {
    let v4 = |octets: [u8; 4], prefix| GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(octets, prefix));
    let v6 = |ip: Ipv6Addr, prefix| GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(ip.octets(), prefix));
    let mut permitted = vec![
        v4([127, 0, 0, 0], 8),
        v4([10, 0, 0, 0], 8),
        v4([172, 16, 0, 0], 12),
        v4([192, 168, 0, 0], 16),
        v4([169, 254, 0, 0], 16),
        v6(Ipv6Addr::LOCALHOST, 128),
        v6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
        v6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    ];
    permitted.extend(names.iter().map(|name| match name.parse() {
        Ok(IpAddr::V4(ip)) => v4(ip.octets(), 32),
        Ok(IpAddr::V6(ip)) => v6(ip, 128),
        Err(_) => GeneralSubtree::DnsName(name.to_owned()),
    }));
    permitted
}

fn new_key() -> Result<KeyPair, TlsError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(not_made)
}

fn set_life(params: &mut CertificateParams, now: Timestamp, life: Duration) {
    // Certificates have years of four digits.
    let now = Duration::from_secs(now.as_second().clamp(0, 250_000_000_000).unsigned_abs());
    let start = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = start + now.saturating_sub(SKEW);
    params.not_after = start + now + life;
}

fn not_made(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TlsError {
    TlsError::NotMade(error.into())
}

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}
