//! TLS. All over real sockets.

use std::sync::{Arc, Mutex};

use chatroom_client::{Cause, End, Limits, LinkError, TlsFault};
use chatroom_mqtt::ServerEvent;
use chatroom_testkit::{
    certs::{Certs, Leaf},
    endpoint::Endpoint,
    scripted::{OnSubscribe, Script},
    within,
};
use rustls::{CipherSuite, SignatureScheme, SupportedProtocolVersion, crypto::ring, version};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::LazyConfigAcceptor;

use super::{join, join_at, keeping};
use crate::{ended, joined, message};

/// "Validates if the device under test can complete TLS handshake to AWS IoT": in both versions that AWS speaks.
#[tokio::test]
async fn tls_connect() {
    for version in [&version::TLS12, &version::TLS13] {
        let certs = Certs::new();
        let suites: Vec<_> = suites_of(version);
        let server = Script::default().start(Some(certs.server_that_speaks(Leaf::Good, &suites))).await;
        let (_room, mut events) = join(&certs, &server);
        joined(&mut events).await;
        assert_eq!(server.record().connections(), 1, "{version:?}");
    }
}

/// A message that fills many records to their limit of 16 KiB each.
#[tokio::test]
async fn tls_receive_maximum_size_fragments() {
    // What encryption adds to 16,384 bytes: the type and a tag, or a nonce and a tag.
    for (version, full) in [(&version::TLS13, 16_384 + 17), (&version::TLS12, 16_384 + 24)] {
        let certs = Certs::new();
        let text = "long ".repeat(24_000);
        let payload = format!(
            r#"[{{"id":"1","type":"INTERACTION_TYPE_TEXT","user":{{"custom_name":"ben"}},"text_message":{{"text":"{text}"}}}}]"#
        );
        let script = Script { subscribe: OnSubscribe::GrantAtLeastOnce(vec![payload.into()]), ..Script::default() };
        let suites: Vec<_> = suites_of(version).into_iter().filter(|suite| is_gcm(suite.suite())).collect();
        let tls = certs.server_that_speaks(Leaf::Good, &suites);
        let (server, heard) = Script::start_in_turn([script], Some(tls)).await;
        let watched = Watched::start(&server).await;
        let (_room, mut events) = join_at(&certs, &watched.host(), keeping());
        assert_eq!(message(&mut events).await.text(), Some(&*text));
        heard.nth("the PUBACK", 0, 1, |event| matches!(event, ServerEvent::Acknowledged { .. }).then_some(())).await;
        let largest = watched.records().into_iter().filter(|(_, size)| *size == full).count();
        assert!(largest >= 7, "120,000 bytes fill 7 records: {:?}", watched.records());
    }
}

/// The client offers what AWS recommends, and nothing of what is known to be broken. Two suites are not on AWS's list,
/// ChaCha20-Poly1305 in TLS 1.2: safe ones, which "pass with warnings" asks to look at.
#[tokio::test]
async fn tls_support_aws_iot_cipher_suites() {
    let certs = Certs::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_room, _events) =
        join_at(&certs, &format!("localhost:{}", listener.local_addr().unwrap().port()), Limits::default());
    let (stream, _) = within("a connection", listener.accept()).await.unwrap();
    let start = within("a ClientHello", LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream));
    let start = start.await.unwrap();
    let hello = start.client_hello();
    let (listed, other): (Vec<_>, Vec<_>) = hello.cipher_suites().iter().partition(|suite| AWS.contains(suite));
    assert!(RECOMMENDED.iter().all(|suite| listed.contains(suite)), "{listed:?}");
    assert!(other.iter().all(|suite| SAFE.contains(suite)), "{other:?}");
    // AWS's own certificates are signed with RSA.
    for scheme in [SignatureScheme::RSA_PSS_SHA256, SignatureScheme::RSA_PKCS1_SHA256] {
        assert!(hello.signature_schemes().contains(&scheme));
    }
    // AWS wants to know for whom a connection is; `mqtt` as ALPN belongs to MQTT without WebSocket.
    assert_eq!(hello.server_name(), Some("localhost"));
    assert!(hello.alpn().is_none());
}

#[tokio::test]
async fn each_suite_for_a_certificate_like_the_tests_own_is_spoken() {
    let certs = Certs::new();
    let spoken = ring::ALL_CIPHER_SUITES.iter().filter(|suite| {
        let suite = suite.suite();
        AWS.contains(&suite) && !format!("{suite:?}").contains("_RSA_")
    });
    for suite in spoken {
        let server = Script::default().start(Some(certs.server_that_speaks(Leaf::Good, &[*suite]))).await;
        let (_room, mut events) = join(&certs, &server);
        joined(&mut events).await;
    }
}

/// A certificate with those above it that is not 20 % but many times larger than a usual one.
#[tokio::test]
async fn tls_large_size_server_cert() {
    for version in [&version::TLS12, &version::TLS13] {
        let mut sizes = Vec::new();
        for leaf in [Leaf::Good, Leaf::Large] {
            let certs = Certs::new();
            let server = Script::default().start(Some(certs.server_that_speaks(leaf, &suites_of(version)))).await;
            let watched = Watched::start(&server).await;
            let (_room, mut events) = join_at(&certs, &watched.host(), Limits::default());
            joined(&mut events).await;
            sizes.push(watched.records().into_iter().map(|(_, size)| size).sum::<usize>());
        }
        assert!(sizes[1] > sizes[0] + 16_384, "{version:?}: {sizes:?}");
    }
}

/// "Validates that the device under test closes the connection if it's presented with a server certificate that doesn't
/// have a valid signature."
#[tokio::test]
async fn tls_unsecure_server_cert() {
    for leaf in [Leaf::UnknownAuthority, Leaf::SelfSigned] {
        assert_refused(leaf, TlsFault::UnknownIssuer).await;
    }
}

/// The same for a certificate of another name.
#[tokio::test]
async fn tls_incorrect_subject_name_server_cert() {
    assert_refused(Leaf::WrongHost, TlsFault::WrongName).await;
}

/// Not one of AWS's cases: a certificate whose time is over.
#[tokio::test]
async fn tls_expired_server_cert() {
    assert_refused(Leaf::Expired, TlsFault::Expired).await;
}

/// The session ends with that word, and not a byte of the request, which would be followed by the token, was sent.
async fn assert_refused(leaf: Leaf, expected: TlsFault) {
    let certs = Certs::new();
    for version in [&version::TLS12, &version::TLS13] {
        let tls = certs.server_that_speaks(leaf, &suites_of(version));
        let (server, heard) = Script::start_in_turn([Script::default()], Some(tls)).await;
        let (_room, mut events) = join(&certs, &server);
        let End::Fatal(Cause::Link(LinkError::Tls { fault, .. })) = ended(&mut events).await else {
            panic!("{leaf:?} is taken")
        };
        assert_eq!((fault, server.record().connections()), (expected, 1));
        assert!(heard.all().is_empty() && server.record().packets() == 0);
    }
}

fn suites_of(version: &'static SupportedProtocolVersion) -> Vec<rustls::SupportedCipherSuite> {
    ring::ALL_CIPHER_SUITES.iter().copied().filter(|suite| suite.version() == version).collect()
}

fn is_gcm(suite: CipherSuite) -> bool {
    format!("{suite:?}").contains("_GCM_")
}

/// AWS's list, as far as a client of today may offer it (developer guide, "Transport security", and before).
const AWS: [CipherSuite; 7] = [
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
];

/// Those of it that are recommended for TLS 1.2, and what is always there in TLS 1.3.
const RECOMMENDED: [CipherSuite; 3] = [
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
];

/// Not of AWS; the last is no suite, but a word to old servers.
const SAFE: [CipherSuite; 3] = [
    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
];

/// Passes bytes on to an endpoint, and looks at the TLS records that come back.
struct Watched {
    port: u16,
    records: Arc<Mutex<Vec<(u8, usize)>>>,
    _links: JoinSet<()>,
}

impl Watched {
    async fn start(server: &Endpoint) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("127.0.0.1 has a free port");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let records = Arc::new(Mutex::new(Vec::new()));
        let (seen, server) = (Arc::clone(&records), server.address());
        let mut links = JoinSet::new();
        links.spawn(async move {
            let mut passing = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(server).await else { return };
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                passing.spawn(async move { drop(tokio::io::copy(&mut from_client, &mut to_server).await) });
                let seen = Arc::clone(&seen);
                passing.spawn(async move {
                    // Type, version (two bytes), length (two bytes), and so many bytes.
                    let mut head = [0; 5];
                    while from_server.read_exact(&mut head).await.is_ok() {
                        let size = usize::from(u16::from_be_bytes([head[3], head[4]]));
                        let mut record = head.to_vec();
                        record.resize(5 + size, 0);
                        if from_server.read_exact(&mut record[5..]).await.is_err() {
                            return;
                        }
                        seen.lock().expect("nobody panics while it is held").push((head[0], size));
                        if to_client.write_all(&record).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { port, records, _links: links }
    }

    fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Each record's type, and its size.
    fn records(&self) -> Vec<(u8, usize)> {
        self.records.lock().expect("nobody panics while it is held").clone()
    }
}
