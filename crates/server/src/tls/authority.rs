//! The server's own authority, and the certificates it signs.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
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

use super::TlsError;

/// The names that a certificate is for.
pub(super) const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// How long an authority lives: as long as anyone will run this.
const AUTHORITY_LIFE: Duration = days(3_653);

/// How long a certificate lives: browsers take none of more than 398 days.
const CERTIFICATE_LIFE: Duration = days(397);

/// By how much a client's clock may be behind.
const SKEW: Duration = Duration::from_secs(3_600);

/// An authority: it vouches for names of this machine and for no other.
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
    pub(super) fn make(now: Timestamp) -> Result<Self, TlsError> {
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
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![
                GeneralSubtree::DnsName("localhost".to_owned()),
                GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(Ipv4Addr::LOCALHOST.octets(), 8)),
                GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(Ipv6Addr::LOCALHOST.octets(), 128)),
            ],
            excluded_subtrees: Vec::new(),
        });
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

    /// A new certificate for this machine.
    pub(super) fn issue(&self, now: Timestamp) -> Result<Leaf, TlsError> {
        self.issue_for(&NAMES, now)
    }

    pub(super) fn issue_for(&self, names: &[&str], now: Timestamp) -> Result<Leaf, TlsError> {
        let key = new_key()?;
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
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
