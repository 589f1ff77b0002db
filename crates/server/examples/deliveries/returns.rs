//! How fast everybody is back after the server was killed and started anew: sessions of the client crate over TLS, the
//! server a process of its own.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use chatroom_client::{Builder, Event, tls::Trust};
use chatroom_wire::Token;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{net::TcpStream, sync::mpsc, task::JoinSet, time::sleep};
use tokio_rustls::TlsConnector;

use crate::{
    Failure,
    client::{Client, config},
    percentile,
    process::Process,
};

/// How many clients join at a time, at first.
const AT_ONCE: usize = 50;

/// How many look all the time how long a connection takes.
const PROBES: usize = 4;

/// Joins so many clients, kills the server, starts it anew, and waits until all are back.
pub(crate) async fn measure(clients: usize) -> Result<(), Failure> {
    let home = tempfile::tempdir()?;
    let directory = home.path().join("data");
    let path = directory.to_str().ok_or("the directory is no text")?;
    let server = Process::start(path, [0, 0])?;
    let ports = server.ports;
    let token = fs::read_to_string(directory.join("viewer.token"))?;
    let pem = fs::read(directory.join("ca.pem"))?;

    let trust = Trust::new().add_ca_pem(&pem);
    let (told, mut heard) = mpsc::unbounded_channel();
    let began = Instant::now();
    for number in 0..clients {
        let session = Builder::with_token(Token::new(token.trim()))
            .api(&format!("https://localhost:{}", ports[1]))
            .trust(&trust)
            .name(format!("client {number}"))
            .build()?;
        let told = told.clone();
        tokio::spawn(async move {
            let (_room, mut events) = session;
            while let Some(event) = events.next().await {
                if let Ok(Event::Joined { first, .. }) = event {
                    let _ = told.send((first, Instant::now()));
                }
            }
        });
        if number >= AT_ONCE {
            heard.recv().await;
        }
    }
    for _ in 0..clients.min(AT_ONCE) {
        heard.recv().await;
    }
    println!("{clients} clients joined in {:.1?}", began.elapsed());

    let mut probes = JoinSet::new();
    for _ in 0..PROBES {
        probes.spawn(probe(ports, token.trim().to_owned(), pem.clone()));
    }
    let killed = Instant::now();
    drop(server);
    let server = Process::start(path, ports)?;
    let ready = killed.elapsed();
    let mut back = Vec::new();
    while back.len() < clients {
        if let Some((false, at)) = heard.recv().await {
            back.push(at.duration_since(killed));
        }
    }
    back.sort_unstable();
    let at = |percent| percentile(&back, percent).unwrap_or_default();
    println!(
        "killed; ready anew after {ready:.1?}; half of {clients} back after {:.1?}, 99 % after {:.1?}, all after {:.1?}",
        at(50),
        at(99),
        at(100)
    );
    probes.abort_all();
    let mut connacks = CONNACKS.lock().map_err(|_| "a probe broke")?.clone();
    connacks.sort_unstable();
    let at = |percent| percentile(&connacks, percent).unwrap_or_default();
    println!(
        "meanwhile, from dialling to CONNACK over TLS: p50 {:.1?}, p99 {:.1?} ({} tries)",
        at(50),
        at(99),
        connacks.len()
    );
    drop(server);
    Ok(())
}

/// How long each connection of the probes took.
static CONNACKS: std::sync::Mutex<Vec<Duration>> = std::sync::Mutex::new(Vec::new());

/// Connects again and again.
async fn probe(ports: [u16; 2], token: String, pem: Vec<u8>) -> Result<(), Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let [plain, secure] = ports.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let token = Token::new(token);
    loop {
        if let Ok(config) = config(plain, &token).await {
            let began = Instant::now();
            // No session of an earlier handshake: each probe is a newcomer.
            let connector = TlsConnector::from(Arc::new(tls.clone()));
            let connect = async {
                let stream = TcpStream::connect(secure).await?;
                let stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
                Client::connect(stream, &config).await
            };
            if connect.await.is_ok()
                && let Ok(mut connacks) = CONNACKS.lock()
            {
                connacks.push(began.elapsed());
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
}
