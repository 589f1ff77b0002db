//! What went wrong in TLS, as a sentence: the one place that reads errors of rustls.

use chatroom_session::TlsFault;
use chatroom_wire::SafeText;
use jiff::Timestamp;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible, pki_types::UnixTime};

/// What kind of fault it is, and a sentence that goes on from "no secure connection to HOST: ".
pub(crate) fn explain(error: &Error) -> (TlsFault, String) {
    let other = |problem: &str| (TlsFault::Other, problem.to_owned());
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::NoCertificatesPresented => other("it shows no certificate"),
        Error::InvalidMessage(_) => other("it does not speak TLS"),
        Error::AlertReceived(alert) => (TlsFault::Other, ended_with(*alert)),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13 | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => other(OLD_TLS),
        Error::PeerIncompatible(what) => {
            (TlsFault::Other, format!("it can't agree on how to encrypt: {}", spaced(what)))
        }
        Error::PeerMisbehaved(what) => (TlsFault::Other, format!("it breaks the rules of TLS: {}", spaced(what))),
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            other("it breaks the rules of TLS: a message came out of turn")
        }
        Error::PeerSentOversizedRecord => other("it breaks the rules of TLS: a record is too large"),
        Error::DecryptError => other("what it sent can't be decrypted"),
        Error::NoApplicationProtocol => other("it speaks no HTTP/1.1"),
        Error::FailedToGetCurrentTime => other("this machine's clock can't be read"),
        Error::FailedToGetRandomBytes => other("the system gives no random bytes"),
        // Nothing else is known to come from a peer; whatever it is, no name of a type is shown.
        error => (TlsFault::Other, SafeText::log(&error.to_string()).into_string()),
    }
}

const OLD_TLS: &str = "it speaks neither TLS 1.2 nor 1.3";

fn certificate(error: &CertificateError) -> (TlsFault, String) {
    let unusable = |problem: &str| (TlsFault::Unusable, format!("its certificate can't be used: {problem}"));
    let plain = |fault, problem: &str| (fault, problem.to_owned());
    match error {
        CertificateError::UnknownIssuer => {
            plain(TlsFault::UnknownIssuer, "its certificate was signed by no authority that is trusted here")
        }
        CertificateError::BadSignature => plain(
            TlsFault::UnknownIssuer,
            "the signature of its certificate is not that of the trusted authority of this name",
        ),
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
            let names: Vec<_> = presented.iter().filter_map(|name| name_in(name)).collect();
            let problem = if names.is_empty() {
                "its certificate names no host".to_owned()
            } else {
                format!("its certificate is for another name: {}", SafeText::log(&names.join(", ")))
            };
            (TlsFault::WrongName, problem)
        }
        CertificateError::Revoked => unusable("it was revoked"),
        CertificateError::BadEncoding => unusable("it is damaged"),
        CertificateError::UnhandledCriticalExtension => unusable("it demands checks that are not known here"),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            unusable("it is not for servers")
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            unusable("it is signed in a way that is not accepted here, such as with SHA-1 or a short key")
        }
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => unusable("nobody knows whether it was revoked"),
        CertificateError::InvalidOcspResponse => unusable("the proof that it was not revoked is wrong"),
        CertificateError::Other(error) => match error.0.to_string().as_str() {
            // What `openssl req -x509` makes, where nobody has said that it is trusted.
            "CaUsedAsEndEntity" => plain(
                TlsFault::UnknownIssuer,
                "its certificate is an authority's own, and is not trusted here by itself",
            ),
            error => unusable(&inner(error)),
        },
        #[expect(deprecated, reason = "nothing that this program uses gives it")]
        CertificateError::UnsupportedSignatureAlgorithm => unusable("it is signed in a way that is not accepted here"),
        _ => unusable("it is not accepted here"),
    }
}

/// What webpki calls its errors, by their names: the type itself is not ours to see.
fn inner(error: &str) -> String {
    match error {
        "EndEntityUsedAsCa" => "it was signed by one that is no authority".to_owned(),
        "NameConstraintViolation" => "the authority that signed it may not vouch for its names".to_owned(),
        "PathLenConstraintViolated" | "MaximumPathDepthExceeded" => {
            "there are more authorities between it and the trusted one than are allowed".to_owned()
        }
        "UnsupportedCertVersion" => "it is not of version 3 of X.509, so that it names no host".to_owned(),
        // The platform's verifier says so of what is not for servers.
        text if text.contains(' ') => SafeText::log(text).into_string(),
        name => spaced(&format_args!("{name}")),
    }
}

fn ended_with(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::ProtocolVersion => OLD_TLS.to_owned(),
        AlertDescription::UnrecognisedName => "it has no certificate for this name".to_owned(),
        AlertDescription::HandshakeFailure => {
            "it ended the handshake: it may have no certificate for this name, or no common way to encrypt".to_owned()
        }
        AlertDescription::CertificateRequired => "it wants a certificate of the client, too".to_owned(),
        other => format!("it ended the handshake: {}", spaced(&other)),
    }
}

/// A name of the kind `DnsName("localhost")` or `IpAddress(127.0.0.1)`, as a person writes it.
fn name_in(presented: &str) -> Option<&str> {
    let inside = |kind: &str| presented.strip_prefix(kind)?.strip_suffix(')');
    let dns = inside("DnsName(").map(|name| name.trim_matches('"'));
    let other = !presented.contains('(') && presented != "DirectoryName";
    dns.or_else(|| inside("IpAddress(")).or_else(|| other.then_some(presented)).filter(|name| !name.is_empty())
}

/// The name of a variant as words: `NoCipherSuitesInCommon` → `no cipher suites in common`.
fn spaced(variant: &dyn std::fmt::Debug) -> String {
    let name = format!("{variant:?}");
    let name = name.split(['(', '{', ' ']).next().unwrap_or_default();
    let mut words = String::new();
    for letter in name.chars().filter(|letter| letter.is_alphanumeric()) {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
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
    use std::{io, sync::Arc};

    use rustls::{OtherError, PeerMisbehaved};

    use super::*;

    fn not_for(presented: &[&str]) -> Error {
        Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            expected: "localhost".try_into().unwrap(),
            presented: presented.iter().map(|&name| name.to_owned()).collect(),
        })
    }

    #[test]
    fn names_that_a_stranger_chose_are_made_safe() {
        assert!(!explain(&not_for(&["DnsName(\"evil\u{1b}[2J\")"])).1.contains('\u{1b}'));
    }

    #[test]
    fn tls_errors_become_sentences_without_names_of_types() {
        let webpki = |name: &str| CertificateError::Other(OtherError(Arc::new(io::Error::other(name.to_owned()))));
        let certificates = [
            CertificateError::BadEncoding,
            CertificateError::BadSignature,
            CertificateError::InvalidPurpose,
            CertificateError::NotValidForName,
            CertificateError::Revoked,
            CertificateError::UnknownIssuer,
            webpki("CaUsedAsEndEntity"),
            webpki("MaximumSignatureChecksExceeded"),
        ];
        let others = [
            not_for(&[]),
            not_for(&["DnsName(\"a.example\")", "IpAddress(10.0.0.1)"]),
            Error::AlertReceived(AlertDescription::BadCertificate),
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            Error::PeerIncompatible(PeerIncompatible::NoSignatureSchemesInCommon),
            Error::PeerMisbehaved(PeerMisbehaved::TooMuchEarlyDataReceived),
            Error::DecryptError,
            Error::NoApplicationProtocol,
        ];
        for error in certificates.into_iter().map(Error::InvalidCertificate).chain(others) {
            let (_, sentence) = explain(&error);
            let word =
                |word: &str| word.chars().skip(1).any(char::is_uppercase) && !word.chars().all(char::is_uppercase);
            let raw = sentence.split(|c: char| !c.is_alphanumeric()).find(|part| word(part));
            assert!(raw.is_none() && !sentence.is_empty() && !sentence.contains(['(', '"']), "{error:?}: {sentence}");
        }
        assert_eq!(
            explain(&not_for(&["DnsName(\"a.example\")", "IpAddress(10.0.0.1)"])).1,
            "its certificate is for another name: a.example, 10.0.0.1"
        );
        assert_eq!(explain(&not_for(&[])).1, "its certificate names no host");
    }
}
