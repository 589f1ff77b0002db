//! Commands that reach the service through an HTTP proxy, or are told not to.

use chatroom_testkit::connect_proxy::ConnectProxy;
use chatroom_testkit::process::Home;
use chatroom_testkit::serve::Server;
use chatroom_testkit::token;

use crate::support::{address, chatroom, joined, refusal, server};

const CREDENTIALS: &str = "Basic bWU6Y2FuIGFyeQ==";

fn visitor(server: &Server) -> Vec<String> {
    let (token, ca) =
        (server.ready.viewer_token_file.display().to_string(), server.ready.ca_file.display().to_string());
    ["--api", &server.ready.tls_api, "--ca-file", &ca, "--token-file", &token].map(ToOwned::to_owned).to_vec()
}

#[tokio::test]
async fn calls_and_links_go_through_the_proxy_that_is_named() {
    let home = Home::new();
    let server = server(&home).await;
    let proxy = ConnectProxy::start(Some(CREDENTIALS)).await;
    let url = format!("http://me:can%20ary@{}", proxy.address());
    let there = address(&server.ready.tls_api).to_owned();

    let tail = chatroom(&home).arg("tail").args(visitor(&server)).args(["--proxy", &url]).start();
    joined(&tail).await;
    let both = proxy.asked();
    assert!(both.len() >= 2 && both.iter().all(|asked| *asked == there), "a call and a link: {both:?}");
    let send = chatroom(&home).args(["send", "hello"]).args(visitor(&server)).env("CHATROOM_PROXY", &url).run().await;
    send.assert_code(0);
    tail.out_line(|line| line.ends_with(": hello")).await;
    let shown = chatroom(&home).args(["room", "show", "--log", "trace"]).args(visitor(&server));
    let shown = shown.args(["--proxy", &url]).run().await;
    shown.assert_code(0);
    assert!(!shown.transcript().contains("bWU6Y2FuIGFyeQ"), "the credentials are not logged");
}

#[tokio::test]
async fn a_config_alone_goes_through_the_proxy_too() {
    let home = Home::new();
    let server = server(&home).await;
    let proxy = ConnectProxy::start(None).await;
    let config = server.viewer().config().await;
    let config = home.file("config.json", config.to_string());
    let tail = chatroom(&home).args(["tail", "--proxy", &proxy.address(), "--ca-file"]).arg(&server.ready.ca_file);
    let tail = tail.arg("--config").arg(config).start();
    joined(&tail).await;
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn the_environment_names_a_proxy_but_not_for_this_machine_nor_for_what_it_excepts() {
    let home = Home::new();
    let server = server(&home).await;
    let proxy = ConnectProxy::start(Some(CREDENTIALS)).await;
    let url = format!("http://{}", proxy.address());
    let token = home.file("token", token::good()).display().to_string();
    let away = ["room", "show", "--api", "https://chat.invalid", "--token-file", &token];

    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let local = chatroom(&home).args(["room", "show"]).args(visitor(&server)).env(variable, &url).run().await;
        local.assert_code(0);
        let before = proxy.asked().len();
        let refused = chatroom(&home).args(away).env(variable, &url).run().await;
        assert_eq!(refusal(&refused, 3, "through the proxy"), Vec::<String>::new(), "{}", refused.transcript());
        assert_eq!(proxy.asked()[before..], ["chat.invalid:443"], "{variable}");
    }
    let before = proxy.asked().len();
    let direct = chatroom(&home).args(away).env("HTTPS_PROXY", &url).env("NO_PROXY", "localhost,.invalid").run().await;
    assert_eq!(direct.code, Some(3), "{}", direct.transcript());
    let direct = chatroom(&home).args(away).env("HTTPS_PROXY", &url).args(["--proxy", "none"]).run().await;
    assert_eq!(direct.code, Some(3), "{}", direct.transcript());
    assert_eq!(proxy.asked().len(), before);
}

#[tokio::test]
async fn a_proxy_that_can_t_be_used_is_told_in_clear_words() {
    let home = Home::new();
    let server = server(&home).await;
    let proxy = ConnectProxy::start(Some(CREDENTIALS)).await;
    let config = home.file("config.json", server.viewer().config().await.to_string()).display().to_string();
    let ca = server.ready.ca_file.display().to_string();
    let tail = |proxy: &str| {
        let args = ["tail", "--timeout", "2s", "--config", &config, "--ca-file", &ca, "--proxy", proxy];
        chatroom(&home).args(args)
    };
    for (url, code, words) in [
        (proxy.address(), 3, "asks for a user name and a password"),
        ("http://127.0.0.1:1".to_owned(), 3, "the proxy 127.0.0.1:1 can't be reached: Connection refused"),
        ("socks5://me:canary@127.0.0.1:1".to_owned(), 2, "SOCKS proxies are not supported"),
        ("ftp://me:canary@127.0.0.1:1".to_owned(), 2, "is no URL of a proxy"),
    ] {
        let exit = tail(&url).run().await;
        assert_eq!(refusal(&exit, code, words), Vec::<String>::new(), "{}", exit.transcript());
        assert!(exit.err.iter().any(|line| line.contains("--proxy")), "{}", exit.transcript());
        assert!(!exit.err.concat().contains("canary"), "{}", exit.transcript());
    }
}
