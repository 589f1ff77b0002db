//! `tail` and `send` with a config file against brokers that others wrote, over TLS and WebSocket.
//!
//! A foreign broker has no chat service behind it: a small one of the test's stamps what is published and sends it out.

use std::net::SocketAddr;

use chatroom_mqtt::QoS;
use chatroom_testkit::certs::{Certs, Leaf};
use chatroom_testkit::config_file::{self, PUB, SUB};
use chatroom_testkit::endpoint::Endpoint;
use chatroom_testkit::mosquitto::Mosquitto;
use chatroom_testkit::process::Home;
use chatroom_testkit::service::Service;
use chatroom_testkit::{relay, token};
use mqtt5::broker::MqttBroker;
use mqtt5::broker::config::{BrokerConfig, StorageBackend, StorageConfig, WebSocketConfig};
use serde_json::{Value, json};

use crate::support::{Said, chatroom, joined, node_announce, texts};

/// More than any broker here lets a client have in flight, so that they are not all sent without acknowledgements.
const MANY: usize = 150;

#[tokio::test]
async fn tail_and_send_work_against_a_strict_broker_in_rust() {
    let certs = Certs::new();
    let any_port: SocketAddr = ([127, 0, 0, 1], 0).into();
    let config = BrokerConfig {
        bind_addresses: vec![any_port],
        websocket_config: Some(WebSocketConfig::new().with_bind_address(any_port)),
        // The default is larger than MQTT can express.
        max_packet_size: 128 * 1024,
        storage_config: StorageConfig { backend: StorageBackend::Memory, ..StorageConfig::default() },
        ..BrokerConfig::default()
    };
    let mut broker = MqttBroker::with_config(config).await.expect("the broker's config is valid");
    let tcp = broker.local_addr().expect("the broker listens on TCP");
    let websocket = broker.ws_local_addr().expect("the broker listens for WebSockets");
    let running = tokio::spawn(async move { broker.run().await });

    let relay = relay::tls(certs.server(Leaf::Good), websocket).await;
    converse(&certs, &relay, tcp).await;
    running.abort();
}

#[tokio::test]
async fn tail_and_send_work_against_mosquitto() {
    let certs = Certs::new();
    let broker = Mosquitto::start().await;
    let relay = relay::tls_websocket(certs.server(Leaf::Good), broker.address()).await;
    converse(&certs, &relay, broker.address()).await;
}

async fn converse(certs: &Certs, relay: &Endpoint, broker: SocketAddr) {
    let home = Home::new();
    let service = Service::start(broker, PUB, SUB).await;
    let details = |client_id: &str| {
        let mut details = config_file::details(&relay.host(), &token::good());
        details["connection"]["client_id"] = json!(client_id);
        details
    };
    let ca_file = certs.ca_file().display().to_string();
    let command = |name: &str, config: &Value| {
        let file = home.file(&format!("{name}.json"), config.to_string()).display().to_string();
        chatroom(&home).args([name, "--config", &file, "--ca-file", &ca_file])
    };

    let config = details("reader-of-the-test");
    let tail = command("tail", &config).start();
    joined(&tail).await;
    assert_eq!(relay.record().first_packet(0).await, connect_packet(&config));
    let upgrade = relay.record().upgrade(0).await;
    assert_eq!(upgrade.request_line, "GET /mqtt HTTP/1.1");
    assert_eq!(upgrade.header("sec-websocket-protocol"), Some("mqtt"));

    let batch = json!([said("1", "one"), {"type": "INTERACTION_TYPE_UNHEARD_OF", "id": "2"}, 7, said("3", "three")]);
    service.announce("[]").await;
    service.announce(batch.to_string()).await;
    tail.out_line(|line| line.ends_with(": three")).await;
    let batch = json!([said("4", "four"), said("5", "five")]);
    node_announce(&home, broker, SUB, &batch.to_string()).run().await.assert_code(0);
    tail.out_line(|line| line.ends_with(": five")).await;
    let first = ["one", "three", "four", "five"];
    assert_eq!(texts(&tail.out()), first, "{}", tail.transcript());

    let config = details("writer-of-the-test");
    let count = MANY.to_string();
    let send = command("send", &config).args(["--json", "--count", &count, "--name", "Ada", "{n}"]).run().await;
    send.assert_code(0);
    assert_eq!(relay.record().first_packet(1).await, connect_packet(&config));
    let lines: Vec<Value> = send.out.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let in_state = |state: &str| lines.iter().filter(|line| line["state"] == state).count();
    assert_eq!(
        (in_state("queued"), in_state("delivered"), lines.len()),
        (MANY, MANY, 2 * MANY),
        "{}",
        send.transcript()
    );

    let last = (MANY - 1).to_string();
    tail.out_line(|line| Said::read(line).is_some_and(|said| said.text == last)).await;
    let numbers: Vec<String> = (0..MANY).map(|number| number.to_string()).collect();
    assert_eq!(texts(&tail.out())[first.len()..], numbers);
    let heard = service.heard();
    assert!(heard.iter().all(|delivery| delivery.qos == QoS::AtLeastOnce && !delivery.retain));
    // What the sample publishes, and an id, by which the echo is known.
    let message: Value = serde_json::from_slice(&heard[0].payload).expect("a client publishes JSON");
    assert_eq!(message["user"], json!({"custom_name": "Ada"}));
    assert_eq!(message["text_message"], json!({"text": "0"}));
    assert!(message["sent_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{message}");
    assert!(message["id"].as_str().is_some_and(|id| id.len() == 36), "{message}");
}

/// The CONNECT that docs/protocol.md, section A.2, asks for: MQTT 5, no password, no will, the credentials in the user
/// name behind a `?`.
fn connect_packet(details: &Value) -> Vec<u8> {
    let connection = &details["connection"];
    let field = |name: &str| connection[name].as_str().expect("it is a text");
    let user_name = format!(
        "?x-amz-customauthorizer-name={}&x-amz-customauthorizer-signature={}&x-token={}",
        percent_encoded(field("authorizer")),
        percent_encoded(field("signature")),
        percent_encoded(field("token")),
    );
    let mut body = b"\x00\x04MQTT\x05".to_vec();
    // User name, clean start.
    body.push(0b1000_0010);
    body.extend(30_u16.to_be_bytes());
    // Receive Maximum 100, Maximum Packet Size 128 KiB, Topic Alias Maximum 8.
    let properties = b"\x21\x00\x64\x27\x00\x02\x00\x00\x22\x00\x08";
    body.push(u8::try_from(properties.len()).expect("they are short"));
    body.extend(properties);
    for text in [field("client_id"), &user_name] {
        body.extend(u16::try_from(text.len()).expect("it is short").to_be_bytes());
        body.extend(text.as_bytes());
    }
    let mut packet = vec![0x10];
    let mut remaining = body.len();
    while remaining >= 0x80 {
        packet.push(u8::try_from(remaining % 0x80).expect("it is below 0x80") | 0x80);
        remaining /= 0x80;
    }
    packet.push(u8::try_from(remaining).expect("it is below 0x80"));
    packet.extend(body);
    packet
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn said(id: &str, text: &str) -> Value {
    json!({
        "id": id,
        "user": {"id": "u", "device_id": "d", "custom_name": "Grace"},
        "type": "INTERACTION_TYPE_TEXT",
        "text_message": {"text": text},
        "sent_at": "2024-07-29T15:51:28.071Z",
        "received_at": format!("2024-07-29T15:51:28.{id}Z"),
    })
}
