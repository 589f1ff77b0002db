use std::{
    fs,
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::{SignedDuration, Timestamp};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Error, RootCertStore, ServerConfig, ServerConnection,
    SupportedProtocolVersion,
    pki_types::{ServerName, UnixTime},
    time_provider::TimeProvider,
    version::{TLS12, TLS13},
};
use tempfile::tempdir;

use super::{authority::Authority, identity::provider, *};

#[test]
fn a_client_that_trusts_the_authority_connects_by_every_name_of_this_machine() {
    let identity = TlsIdentity::ephemeral(now()).unwrap();
    for name in ["localhost", "127.0.0.1", "::1"] {
        for version in [&TLS13, &TLS12] {
            let client = Client { versions: vec![version], ..Client::of(&identity) };
            let connected = client.connect(&identity, name).unwrap();
            assert_eq!(connected.protocol_version(), Some(version.version));
        }
    }
}

#[test]
fn a_client_refuses_the_certificate_for_any_other_name() {
    let identity = TlsIdentity::ephemeral(now()).unwrap();
    for name in ["example.com", "localhost.example.com", "127.0.0.2", "10.0.0.1"] {
        let refused = Client::of(&identity).connect(&identity, name).unwrap_err();
        let expected = matches!(
            refused,
            Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
            )
        );
        assert!(expected, "{name}: {refused}");
    }
}

#[test]
fn a_client_refuses_an_authority_that_it_does_not_know() {
    let (identity, other) = (TlsIdentity::ephemeral(now()).unwrap(), TlsIdentity::ephemeral(now()).unwrap());
    let refused = Client::of(&other).connect(&identity, "localhost").unwrap_err();
    assert_eq!(refused, Error::InvalidCertificate(CertificateError::UnknownIssuer));
}

#[test]
fn the_authority_can_vouch_for_no_other_machine() {
    let authority = Authority::make(&HostNames::default(), now()).unwrap();
    let dir = tempdir().unwrap();
    for name in ["example.com", "93.184.216.34"] {
        let leaf = authority.issue(&HostNames::of(None, [name]), now()).unwrap();
        let (certificate, key) = (dir.path().join("cert"), dir.path().join("key"));
        fs::write(&certificate, &leaf.certificate_pem).unwrap();
        fs::write(&key, &*leaf.key_pem).unwrap();
        let identity = TlsIdentity::from_files(&certificate, &key).unwrap();
        let client = Client { trusted: authority.pem.clone(), ..Client::of(&TlsIdentity::ephemeral(now()).unwrap()) };
        let refused = client.connect(&identity, name).unwrap_err();
        assert!(matches!(refused, Error::InvalidCertificate(_)), "{name}: {refused}");
    }
}

#[test]
fn the_protocol_above_is_http() {
    let identity = TlsIdentity::ephemeral(now()).unwrap();
    let both = Client { alpn: vec!["h2", "http/1.1"], ..Client::of(&identity) };
    assert_eq!(both.connect(&identity, "localhost").unwrap().alpn_protocol(), Some(&b"http/1.1"[..]));
    let none = Client { alpn: vec![], ..Client::of(&identity) };
    assert_eq!(none.connect(&identity, "localhost").unwrap().alpn_protocol(), None);
    let other = Client { alpn: vec!["h2"], ..Client::of(&identity) };
    assert!(other.connect(&identity, "localhost").is_err());
}

#[test]
fn the_identity_is_the_same_after_a_restart() {
    let dir = tempdir().unwrap();
    let inner = dir.path().join("data");
    let first = TlsIdentity::load_or_create(&inner, &HostNames::default(), now()).unwrap();
    let files = Files::of(&inner);
    let second = TlsIdentity::load_or_create(&inner, &HostNames::default(), now()).unwrap();
    assert_eq!(first.ca_pem, second.ca_pem);
    assert_eq!(Files::of(&inner), files);
    assert_eq!(second.ca_file.as_deref(), Some(&*inner.join("ca.pem")));
    assert_eq!(fs::read_to_string(second.ca_file.as_ref().unwrap()).ok(), second.ca_pem);
    Client::of(&first).connect(&second, "localhost").unwrap();
}

#[test]
fn a_certificate_near_its_end_is_made_anew_by_the_same_authority() {
    let dir = tempdir().unwrap();
    let first = TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap();
    let files = Files::of(dir.path());
    TlsIdentity::load_or_create(dir.path(), &HostNames::default(), after_days(366)).unwrap();
    assert_eq!(Files::of(dir.path()), files, "31 days are enough");
    let later = TlsIdentity::load_or_create(dir.path(), &HostNames::default(), after_days(368)).unwrap();
    let renewed = Files::of(dir.path());
    assert_eq!((&renewed.authority, &renewed.authority_key), (&files.authority, &files.authority_key));
    assert_ne!(renewed.certificate, files.certificate);
    assert_ne!(renewed.key, files.key);
    let then = after_days(500);
    Client { now: then, ..Client::of(&first) }.connect(&later, "localhost").unwrap();
    let refused = Client { now: then, ..Client::of(&first) }.connect(&first, "localhost").unwrap_err();
    let expected = matches!(
        refused,
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })
    );
    assert!(expected, "{refused}");
}

#[test]
fn a_certificate_lives_no_longer_than_browsers_take() {
    let identity = TlsIdentity::ephemeral(now()).unwrap();
    let connects = |now| Client { now, ..Client::of(&identity) }.connect(&identity, "localhost").is_ok();
    let hour = SignedDuration::from_hours(1);
    assert!(connects(after_days(397)));
    assert!(!connects(after_days(397) + hour));
    assert!(connects(now() - hour), "a client's clock may be behind");
    assert!(!connects(now() - hour - hour));
}

#[test]
fn a_certificate_is_made_anew_when_the_servers_names_change() {
    let dir = tempdir().unwrap();
    let made = |listen: &str, public: &[&str]| {
        let names = HostNames::of(Some(listen.parse().unwrap()), public.iter().copied());
        TlsIdentity::load_or_create(dir.path(), &names, now()).unwrap()
    };
    let here = made("127.0.0.1:8443", &[]);
    let files = Files::of(dir.path());
    let there = made("192.168.7.5:8443", &[]);
    assert_eq!(there.ca_pem, here.ca_pem, "clients of a private network keep the authority");
    assert_ne!(Files::of(dir.path()).certificate, files.certificate);
    for name in ["localhost", "192.168.7.5"] {
        Client::of(&here).connect(&there, name).unwrap();
    }
    let back = made("127.0.0.1:8443", &[]);
    assert_eq!(back.ca_pem, here.ca_pem);
    assert!(Client::of(&here).connect(&back, "192.168.7.5").is_err(), "what is no name any more is left out");

    let public = made("93.184.216.34:443", &["Chat.Example"]);
    assert_ne!(public.ca_pem, here.ca_pem, "the old authority may not vouch for these");
    for name in ["localhost", "93.184.216.34", "chat.example"] {
        Client::of(&public).connect(&public, name).unwrap();
    }
    assert!(Client::of(&public).connect(&public, "other.example").is_err());
    assert_eq!(made("93.184.216.34:443", &["chat.example"]).ca_pem, public.ca_pem);
}

#[test]
fn a_server_that_listens_everywhere_is_named_like_its_machine() {
    let names = HostNames::of(Some("0.0.0.0:8443".parse().unwrap()), []);
    assert!(names.iter().all(|name| ServerName::try_from(name).is_ok() && name != "0.0.0.0"), "{names:?}");
    let identity = TlsIdentity::load_or_create(tempdir().unwrap().path(), &names, now()).unwrap();
    for name in names.iter() {
        Client::of(&identity).connect(&identity, name).unwrap();
    }
}

#[test]
fn an_authority_that_has_ended_is_made_anew() {
    let dir = tempdir().unwrap();
    let first = TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap();
    let before = TlsIdentity::load_or_create(dir.path(), &HostNames::default(), after_days(3_650)).unwrap();
    assert_eq!(before.ca_pem, first.ca_pem);
    let then = after_days(3_660);
    let after = TlsIdentity::load_or_create(dir.path(), &HostNames::default(), then).unwrap();
    assert_ne!(after.ca_pem, first.ca_pem);
    Client { now: then, ..Client::of(&after) }.connect(&after, "localhost").unwrap();
}

#[test]
fn a_certificate_that_is_spoilt_is_made_anew() {
    let dir = tempdir().unwrap();
    let identity = TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap();
    let other = tempdir().unwrap();
    TlsIdentity::load_or_create(other.path(), &HostNames::default(), now()).unwrap();
    let spoils: [(&str, &dyn Fn()); 5] = [
        ("the certificate is gone", &|| fs::remove_file(dir.path().join(CERTIFICATE_FILE)).unwrap()),
        ("the key is gone", &|| fs::remove_file(dir.path().join(KEY_FILE)).unwrap()),
        ("the certificate is none", &|| fs::write(dir.path().join(CERTIFICATE_FILE), "none").unwrap()),
        ("the key is another's", &|| copy(other.path(), dir.path(), &[KEY_FILE])),
        ("both are of another authority", &|| copy(other.path(), dir.path(), &[CERTIFICATE_FILE, KEY_FILE])),
    ];
    for (what, spoil) in spoils {
        spoil();
        let again = TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap();
        assert_eq!(again.ca_pem, identity.ca_pem, "{what}");
        assert!(Client::of(&identity).connect(&again, "localhost").is_ok(), "{what}");
    }
}

#[test]
fn an_authority_that_is_spoilt_is_told_and_not_replaced() {
    let dir = tempdir().unwrap();
    TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap();
    let (file, key_file) = (dir.path().join(AUTHORITY_FILE), dir.path().join(AUTHORITY_KEY_FILE));
    let files = Files::of(dir.path());
    let told = || TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap_err();

    fs::remove_file(&file).unwrap();
    assert!(matches!(told(), TlsError::Incomplete { missing, present } if missing == file && present == key_file));
    fs::write(&file, "none").unwrap();
    assert!(matches!(told(), TlsError::NoCertificate { path } if path == file));
    fs::write(&file, Authority::make(&HostNames::default(), now()).unwrap().pem).unwrap();
    assert!(matches!(told(), TlsError::Mismatch { .. }));
    fs::write(&file, &files.authority).unwrap();
    fs::write(&key_file, "none").unwrap();
    assert!(matches!(told(), TlsError::NoKey { path } if path == key_file));
    fs::remove_file(&key_file).unwrap();
    assert!(matches!(told(), TlsError::Incomplete { missing, .. } if missing == key_file));
    assert_eq!(fs::read_to_string(&file).unwrap(), files.authority);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_keys() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempdir().unwrap();
    TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap();
    for (name, mode) in
        [(AUTHORITY_FILE, 0o644), (AUTHORITY_KEY_FILE, 0o600), (CERTIFICATE_FILE, 0o644), (KEY_FILE, 0o600)]
    {
        let path = dir.path().join(name);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{name}");
    }
    let key = dir.path().join(AUTHORITY_KEY_FILE);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap_err();
    assert!(matches!(&refused, TlsError::File { path, .. } if *path == key), "{refused}");
}

#[test]
fn a_certificate_from_files_is_served_with_its_chain() {
    let dir = tempdir().unwrap();
    let own = TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap();
    let chain = dir.path().join("chain.pem");
    let files = Files::of(dir.path());
    fs::write(&chain, format!("# ours\n{}\n{}", files.certificate, files.authority)).unwrap();
    let identity = TlsIdentity::from_files(&chain, &dir.path().join(KEY_FILE)).unwrap();
    assert_eq!((&identity.ca_pem, &identity.ca_file), (&None, &None));
    let connected = Client::of(&own).connect(&identity, "localhost").unwrap();
    assert_eq!(connected.peer_certificates().unwrap().len(), 2);
}

#[test]
fn files_that_cannot_be_served_are_told_by_name() {
    let dir = tempdir().unwrap();
    TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("empty"), "").unwrap();
    fs::write(path("broken"), "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n").unwrap();
    fs::write(path("nonsense"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let encrypted = Files::of(dir.path()).key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    fs::write(path("encrypted"), encrypted).unwrap();
    let told =
        |certificate: &str, key: &str| TlsIdentity::from_files(&path(certificate), &path(key)).unwrap_err().to_string();
    let shown = |name: &str| path(name).display().to_string();

    assert!(told("nowhere", KEY_FILE).starts_with(&format!("{}: ", shown("nowhere"))));
    assert!(told(CERTIFICATE_FILE, "nowhere").starts_with(&format!("{}: ", shown("nowhere"))));
    for bad in ["empty", "broken", KEY_FILE] {
        assert_eq!(told(bad, KEY_FILE), format!("{} holds no certificate in PEM", shown(bad)));
    }
    for bad in ["empty", "encrypted", CERTIFICATE_FILE] {
        let expected = format!("{} holds no private key in PEM (one that is encrypted can't be used)", shown(bad));
        assert_eq!(told(CERTIFICATE_FILE, bad), expected);
    }
    let expected = format!(
        "the key in {} is not that of the certificate in {}",
        shown(AUTHORITY_KEY_FILE),
        shown(CERTIFICATE_FILE)
    );
    assert_eq!(told(CERTIFICATE_FILE, AUTHORITY_KEY_FILE), expected);
    assert!(told("nonsense", KEY_FILE).starts_with("the certificate can't be used: "));
}

#[test]
fn two_servers_that_start_at_once_agree_on_the_authority() {
    let dir = tempdir().unwrap();
    let identities: Vec<TlsIdentity> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap()))
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    for other in &identities {
        assert_eq!(other.ca_pem, identities[0].ca_pem);
        Client::of(&identities[0]).connect(other, "localhost").unwrap();
    }
}

#[test]
fn a_key_does_not_print() {
    let dir = tempdir().unwrap();
    let identity = TlsIdentity::load_or_create(dir.path(), &HostNames::default(), now()).unwrap();
    let shown = format!("{identity:?}");
    let files = Files::of(dir.path());
    for line in files.key.lines().chain(files.authority_key.lines()).filter(|line| !line.starts_with('-')) {
        assert!(!shown.contains(line));
    }
}

#[test]
fn any_clock_gives_an_identity() {
    for clock in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        assert!(TlsIdentity::ephemeral(clock).is_ok());
    }
}

/// A client as far as TLS goes: what it trusts, what it offers, and its clock.
struct Client {
    trusted: String,
    alpn: Vec<&'static str>,
    versions: Vec<&'static SupportedProtocolVersion>,
    now: Timestamp,
}

impl Client {
    fn of(identity: &TlsIdentity) -> Self {
        Self {
            trusted: identity.ca_pem.clone().unwrap(),
            alpn: vec!["http/1.1"],
            versions: vec![&TLS13, &TLS12],
            now: now(),
        }
    }

    fn connect(&self, server: &TlsIdentity, name: &str) -> Result<ClientConnection, Error> {
        let mut roots = RootCertStore::empty();
        for certificate in identity::certificates(self.trusted.as_bytes()) {
            roots.add(certificate).unwrap();
        }
        let mut config = ClientConfig::builder_with_details(provider(), Arc::new(Clock(self.now)))
            .with_protocol_versions(&self.versions)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        shake_hands(ClientConnection::new(Arc::new(config), name)?, server.server_config())
    }
}

/// Carries the bytes between the two until both are done.
fn shake_hands(mut client: ClientConnection, server: Arc<ServerConfig>) -> Result<ClientConnection, Error> {
    let mut server = ServerConnection::new(server)?;
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut there = &bytes[..];
        while !there.is_empty() {
            server.read_tls(&mut there).unwrap();
            server.process_new_packets()?;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut back = &bytes[..];
        while !back.is_empty() {
            client.read_tls(&mut back).unwrap();
            client.process_new_packets()?;
        }
    }
    Ok(client)
}

#[derive(Debug)]
struct Clock(Timestamp);

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let since = SystemTime::from(self.0).duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(since.as_secs())))
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Files {
    authority: String,
    authority_key: String,
    certificate: String,
    key: String,
}

impl Files {
    fn of(dir: &std::path::Path) -> Self {
        let read = |name| fs::read_to_string(dir.join(name)).unwrap();
        Self {
            authority: read(AUTHORITY_FILE),
            authority_key: read(AUTHORITY_KEY_FILE),
            certificate: read(CERTIFICATE_FILE),
            key: read(KEY_FILE),
        }
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path, names: &[&str]) {
    for name in names {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn after_days(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}
