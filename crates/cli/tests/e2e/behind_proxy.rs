//! `serve` behind a proxy that terminates TLS.

use std::net::SocketAddr;

use chatroom_testkit::certs::Certs;
use chatroom_testkit::mosquitto::free_address;
use chatroom_testkit::nginx::{FORWARDED, Nginx, WEBSOCKETS};
use chatroom_testkit::process::Home;
use chatroom_testkit::rest::Rest;
use chatroom_testkit::serve::{ANY_PORTS, Server};

use crate::support::{CHATROOM, Said, address, chatroom, joined, node_sample};

/// A server behind nginx.
struct Site {
    home: Home,
    certs: Certs,
    server: Server,
    _nginx: Nginx,
    /// What clients are given.
    api: String,
}

impl Site {
    /// `locations` is given the server's address.
    async fn new(path: &str, args: &[String], at: SocketAddr, locations: impl FnOnce(&str) -> String) -> Self {
        let (home, certs) = (Home::new(), Certs::new());
        let args = ANY_PORTS.map(ToOwned::to_owned).into_iter().chain(["--ephemeral".to_owned()]).chain(args.to_vec());
        let server = Server::start(CHATROOM, &home, args).await;
        let nginx = Nginx::start(&certs, at, &locations(address(&server.ready.api))).await;
        Self { home, certs, server, _nginx: nginx, api: format!("https://localhost:{}{path}", at.port()) }
    }

    fn args(&self) -> [String; 6] {
        let path = |path: &std::path::Path| path.display().to_string();
        let (ca, token) = (path(&self.certs.ca_file()), path(&self.server.ready.viewer_token_file));
        ["--api", &self.api, "--ca-file", &ca, "--token-file", &token].map(ToOwned::to_owned)
    }

    /// The endpoint and the URL that the config says.
    async fn connection(&self) -> (String, String) {
        let token = std::fs::read_to_string(&self.server.ready.viewer_token_file).expect("the server wrote it");
        let config = Rest::new(&self.api, &token, Some(&self.certs.ca_file())).config().await;
        let text = |name: &str| config["connection"][name].as_str().expect("it is a text").to_owned();
        (text("endpoint"), text("url"))
    }

    /// One says something through the proxy, and another one hears it there.
    async fn converse(&self) {
        let tail = chatroom(&self.home).arg("tail").args(self.args()).start();
        joined(&tail).await;
        let send = chatroom(&self.home).arg("send").args(self.args()).arg("through the proxy");
        send.run().await.assert_code(0);
        tail.out_line(|line| Said::read(line).is_some_and(|said| said.text == "through the proxy")).await;
    }
}

#[tokio::test]
async fn clients_of_all_kinds_connect_through_a_tls_proxy_that_is_trusted() {
    let at = free_address();
    let args = ["--set".to_owned(), "proxies.trusted=127.0.0.1".to_owned()];
    let site = Site::new("", &args, at, |server| {
        format!("location / {{ proxy_pass http://{server};\n{WEBSOCKETS}{FORWARDED}}}")
    })
    .await;
    let host = format!("localhost:{}", at.port());
    assert_eq!(site.connection().await, (host.clone(), format!("wss://{host}/mqtt")));
    site.converse().await;

    let token = std::fs::read_to_string(&site.server.ready.viewer_token_file).expect("the server wrote it");
    let config = Rest::new(&site.api, &token, Some(&site.certs.ca_file())).config().await;
    let config = site.home.file("config.json", config.to_string());
    let sample = node_sample(&site.home, &config, &site.certs.ca_file()).start();
    sample.out_line(|line| line == "connected").await;
    sample.out_line(|line| line.ends_with("@user1: [0]")).await;
}

#[tokio::test]
async fn a_path_prefix_works_whether_the_proxy_strips_it_or_passes_it_on() {
    let strips = |server: &str| format!("location /rooms/ {{ proxy_pass http://{server}/;\n{WEBSOCKETS}}}");
    let passes_on = |server: &str| format!("location /rooms/ {{ proxy_pass http://{server};\n{WEBSOCKETS}}}");
    let visit = async |locations: &dyn Fn(&str) -> String| {
        let at = free_address();
        let host = format!("localhost:{}", at.port());
        let args = ["--public-url".to_owned(), format!("https://{host}/rooms/")];
        let site = Site::new("/rooms", &args, at, locations).await;
        assert_eq!(site.connection().await, (host.clone(), format!("wss://{host}/rooms/mqtt")));
        site.converse().await;
    };
    tokio::join!(visit(&strips), visit(&passes_on));
}

#[tokio::test]
async fn our_clients_connect_through_a_tls_proxy_that_says_nothing_of_itself() {
    let at = free_address();
    let location = |server: &str| format!("location / {{ proxy_pass http://{server};\n{WEBSOCKETS}}}");
    Site::new("", &[], at, location).await.converse().await;
}
