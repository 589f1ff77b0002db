//! The reference sample on MQTT.js, and `chatroom`, in one room of `chatroom serve`.

use std::net::TcpListener;

use chatroom_testkit::process::Home;
use chatroom_testkit::serve::Server;

use crate::support::{CHATROOM, Said, chatroom, joined, node_sample};

#[tokio::test]
async fn the_reference_sample_and_chatroom_hear_each_other() {
    let home = Home::new();
    // The sample's own port, where this process may listen on it: then the config's endpoint is a bare host.
    let on_443 = TcpListener::bind(("127.0.0.1", 443)).is_ok();
    let tls_listen = if on_443 { "127.0.0.1:443" } else { "127.0.0.1:0" };
    let args = ["--ephemeral", "--listen", "127.0.0.1:0", "--tls-listen", tls_listen];
    let server = Server::start(CHATROOM, &home, args).await;
    let config = server.viewer().config().await;
    let endpoint = config["connection"]["endpoint"].as_str().expect("an endpoint is a text");
    assert_eq!(endpoint.contains(':'), !on_443, "{endpoint}");

    let tail = chatroom(&home).arg("tail").args(server.viewer_args()).start();
    joined(&tail).await;
    let config = home.file("config.json", config.to_string());
    let sample = node_sample(&home, &config, &server.ready.ca_file).start();
    sample.out_line(|line| line == "connected").await;

    for text in ["[0]", "[1]", "[2]"] {
        let heard = tail.out_line(|line| Said::read(line).is_some_and(|said| said.text == text)).await;
        assert_eq!(Said::read(&heard).map(|said| said.name).as_deref(), Some("user1"));
        // The room's echo, in the sample's own form.
        assert_eq!(sample.out_line(|line| line.ends_with(&format!("@user1: {text}"))).await, heard);
    }

    let send = chatroom(&home).arg("send").args(server.viewer_args()).args(["--name", "Ada", "What a goal!"]);
    send.run().await.assert_code(0);
    let heard = sample.out_line(|line| line.ends_with("@Ada: What a goal!")).await;
    assert!(Said::read(&heard).is_some(), "{heard}");
    assert_eq!(sample.err(), [""; 0], "{}", sample.transcript());
}
