//! Starting, stopping, and starting again.

use std::{net::SocketAddr, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

use chatroom_mqtt::ReasonCode;
use chatroom_server::{Data, Options, RunningServer, Server, StartError};
use chatroom_wire::{
    Token,
    rest::{PREFIX, Role},
};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::bed::{Ack, Client, PATIENCE, config, get, http::bearer, join, server, text, token};

async fn server_in(directory: &Path) -> RunningServer {
    server_with(directory, &[]).await
}

async fn server_with(directory: &Path, settings: &[(&str, &str)]) -> RunningServer {
    start(directory, settings, None).await
}

/// Starts anew where another one listened: tokens say where they are good.
async fn again(directory: &Path, listen: Option<SocketAddr>) -> RunningServer {
    start(directory, &[], listen).await
}

async fn start(directory: &Path, settings: &[(&str, &str)], listen: Option<SocketAddr>) -> RunningServer {
    let mut options = Options::ephemeral();
    options.listen = listen.or(options.listen);
    options.tls_listen = None;
    options.data = Data::Directory(directory.join("data"));
    for (key, value) in settings {
        options.settings.set(key, value).unwrap();
    }
    Server::start(options).await.unwrap()
}

#[tokio::test]
async fn a_restart_keeps_history_numbers_tokens_and_the_room() {
    let directory = tempfile::tempdir().unwrap();
    let server = server_in(directory.path()).await;
    let room = server.room_id().clone();
    let ada = token(&server, "ada", Role::Viewer).await.token;
    let org = server.org_token().clone();
    let mut client = Client::connect(&server, &config(&server, &ada).await).await;
    client.listen().await;
    let mut once = text("before");
    once["id"] = "the-id".into();
    client.must_say(&once).await;
    let before = client.message().await;
    let address = server.address();
    server.shutdown().await;
    drop(server);

    let server = again(directory.path(), address).await;
    assert_eq!(*server.room_id(), room);
    assert_eq!(*server.org_token(), org);
    let mut client = Client::connect(&server, &config(&server, &ada).await).await;
    client.listen().await;
    client.must_say(&once).await;
    client.must_say(&text("after")).await;
    let after = client.message().await;
    assert_eq!(after["text_message"]["text"], "after", "the same id is not said again after a restart");
    assert!(after["received_at"].as_str() > before["received_at"].as_str());
    assert_eq!(client.numbers, [(1, 2)]);
    let history = get(&server, "/chatrooms/messages", ada.expose()).await.json();
    assert_eq!(history["messages"], serde_json::json!([before, after]));
}

#[tokio::test]
async fn what_was_said_is_acknowledged_again_also_where_it_could_not_be_said_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let mut long = text("five words are too many");
    let mut named = text("hi");
    long["id"] = "long".into();
    named["id"] = "named".into();
    named["user"]["custom_name"] = "Augusta Ada".into();
    let server = server_in(directory.path()).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    for message in [&long, &named] {
        ada.must_say(message).await;
    }
    server.shutdown().await;

    let server = server_with(directory.path(), &[("text.max", "10"), ("name.max", "5")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    for mut message in [long, named] {
        ada.must_say(&message).await;
        message["id"] = "new".into();
        assert!(matches!(ada.say(&message).await, Ack::Refused { .. }), "{message}");
    }
}

#[tokio::test]
async fn the_first_start_leaves_token_files_for_their_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let server = server_in(directory.path()).await;
    for (file, admin) in [(server.admin_token_file(), true), (server.viewer_token_file(), false)] {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
        let token = Token::new(std::fs::read_to_string(file).unwrap());
        let config = config(&server, &token).await;
        assert_eq!(config.user.is_admin, admin);
    }
    let file = server.org_token_file();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(file).unwrap().trim(), server.org_token().expose());
    let before = std::fs::read_to_string(server.admin_token_file()).unwrap();
    let address = server.address();
    server.shutdown().await;
    let server = again(directory.path(), address).await;
    assert_eq!(std::fs::read_to_string(server.admin_token_file()).unwrap(), before, "a good token stays");
}

#[tokio::test]
async fn an_ephemeral_server_leaves_nothing_behind() {
    let server = server(&[]).await;
    let file = server.org_token_file().to_owned();
    assert!(file.exists());
    server.shutdown().await;
    assert!(!file.parent().unwrap().exists());
    assert_eq!(server.connections(), 0);
    assert!(server.create_room(chatroom_wire::rest::CreateChatroom::default()).await.is_err());
}

#[tokio::test]
async fn two_servers_share_neither_an_address_nor_a_data_directory() {
    let directory = tempfile::tempdir().unwrap();
    let first = server_in(directory.path()).await;
    let mut options = Options::ephemeral();
    options.listen = first.address();
    let error = Server::start(options).await.unwrap_err();
    assert!(matches!(error, StartError::AddressInUse(address) if Some(address) == first.address()), "{error}");
    let mut options = Options::ephemeral();
    options.data = Data::Directory(directory.path().join("data"));
    let error = Server::start(options.clone()).await.unwrap_err();
    assert!(matches!(error, StartError::DataInUse(_)), "{error}");
    first.shutdown().await;
    options.tls_listen = None;
    Server::start(options).await.unwrap();
}

#[tokio::test]
async fn a_server_that_has_nowhere_to_listen_does_not_start() {
    let mut options = Options::ephemeral();
    (options.listen, options.tls_listen) = (None, None);
    assert!(matches!(Server::start(options).await, Err(StartError::NothingToListenOn)));
}

#[tokio::test]
async fn a_stop_tells_every_client_and_takes_no_new_ones() {
    let server = server(&[]).await;
    let mut clients = Vec::new();
    for number in 0..20 {
        clients.push(join(&server, &format!("user {number}"), Role::Viewer).await);
    }
    let stop = async { server.shutdown().await };
    let farewells = async {
        for client in &mut clients {
            assert_eq!(client.end().await, Some(ReasonCode::SHUTTING_DOWN));
        }
    };
    tokio::join!(stop, farewells);
    server.stopped().await;
    assert!(TcpStream::connect(server.address().unwrap()).await.is_err());
}

#[tokio::test]
async fn what_was_acknowledged_before_a_stop_is_there_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let server = server_in(directory.path()).await;
        let mut ada = join(&server, "ada", Role::Admin).await;
        let before = format!("{round}, before");
        ada.must_say(&text(&before)).await;
        acknowledged.push(before);
        let (stopped, said) = tokio::join!(
            async {
                tokio::task::yield_now().await;
                server.shutdown().await;
            },
            async {
                let mut said = Vec::new();
                for number in 0..50 {
                    let words = format!("{round}.{number}");
                    let id = ada.publish(text(&words).to_string()).await;
                    said.push((id, words));
                }
                let mut acknowledged = Vec::new();
                while let Some(event) = ada.event().await {
                    if let chatroom_mqtt::ClientEvent::Acknowledged { id } = event {
                        acknowledged.extend(said.iter().find(|(of, _)| *of == id).map(|(_, words)| words.clone()));
                    }
                }
                acknowledged
            }
        );
        let () = stopped;
        acknowledged.extend(said);
    }
    let server = server_in(directory.path()).await;
    let token = token(&server, "ada", Role::Viewer).await.token;
    let mut kept = Vec::new();
    let mut after = String::new();
    loop {
        let page = get(&server, &format!("/chatrooms/messages?from_oldest=true&limit=100{after}"), token.expose())
            .await
            .json();
        let messages = page["messages"].as_array().unwrap();
        let Some(last) = messages.last() else { break };
        after = format!("&after_at={}", last["received_at"].as_str().unwrap());
        kept.extend(messages.iter().map(|message| message["text_message"]["text"].as_str().unwrap().to_owned()));
    }
    acknowledged.sort();
    kept.sort();
    assert_eq!(acknowledged, kept, "what was taken is answered before the goodbye");
}

#[tokio::test]
async fn the_same_paths_are_served_over_tls_with_an_authority_of_its_own() {
    let server = Server::start(Options::ephemeral()).await.unwrap();
    let port = server.tls_address().unwrap().port();
    assert_eq!(server.tls_api(), Some(format!("https://localhost:{port}").as_str()));
    assert_eq!(std::fs::read_to_string(server.ca_file().unwrap()).unwrap(), server.ca_pem().unwrap());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.ca_pem().unwrap().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(server.tls_address().unwrap()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await.unwrap();
    let token = token(&server, "ada", Role::Viewer).await.token;
    let request = format!(
        "GET {PREFIX}/chatrooms/config HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n{}\r\n\r\n",
        bearer(token.expose())
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let config = chatroom_wire::Config::from_json(body.as_bytes()).unwrap();
    assert_eq!(config.connection.endpoint.to_string(), format!("localhost:{port}"));
    assert_eq!(config.link_url().to_string(), format!("wss://localhost:{port}/mqtt"));

    let plain = get(&server, "/chatrooms/config", token.expose()).await.json();
    assert_eq!(plain["connection"]["endpoint"], format!("127.0.0.1:{port}"), "clients that know no url go over TLS");
}

#[tokio::test]
async fn a_tls_handshake_that_never_comes_keeps_nobody_waiting() {
    let server = Server::start(Options::ephemeral()).await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(server.tls_address().unwrap()).await.unwrap());
        silent.push(TcpStream::connect(server.address().unwrap()).await.unwrap());
    }
    let mut ada = join(&server, "ada", Role::Viewer).await;
    ada.must_say(&text("hi")).await;
}

#[tokio::test]
async fn who_says_nothing_holds_up_no_stop() {
    let mut options = Options::ephemeral();
    for setting in ["connect.timeout", "drain.timeout"] {
        options.settings.set(setting, "60s").unwrap();
    }
    let server = Server::start(options).await.unwrap();
    let silent = TcpStream::connect(server.address().unwrap()).await.unwrap();
    let silent_over_tls = TcpStream::connect(server.tls_address().unwrap()).await.unwrap();
    // Both are taken by now: they came before.
    let mut ada = join(&server, "ada", Role::Viewer).await;
    ada.must_say(&text("hi")).await;
    timeout(PATIENCE, server.shutdown()).await.expect("it waits for neither");
    drop((silent, silent_over_tls));
}
