//! The edges of what either side may announce, and what it costs to be attacked.

mod support;

use chatroom_mqtt::{
    Accept, ClientEvent, ClientOutput, ClientRole, CloseCause, ConnectOptions, Deadline, PublishError, QoS, ReasonCode,
    ServerEvent, ServerOptions, ServerOutput, ServerRole,
};
use support::{CONNECT, Pair, START, client_after, drain_client, drain_server, options, seconds};

/// A CONNACK that accepts, with these properties.
fn connack(properties: &[u8]) -> Vec<u8> {
    let length = u8::try_from(properties.len()).expect("a few properties");
    [&[0x20, 3 + length, 0, 0, length], properties].concat()
}

/// A server that accepted a client with these CONNECT properties.
fn server_with(properties: &[u8]) -> ServerRole {
    let mut server = ServerRole::new(START, ServerOptions::default());
    let length = u8::try_from(properties.len()).expect("a few properties");
    let connect = [&b"\x10"[..], &[14 + length], b"\x00\x04MQTT\x05\x02\x00\x1E", &[length], properties, b"\x00\x01a"];
    server.receive(START, &connect.concat());
    assert!(matches!(drain_server(&mut server)[..], [ServerOutput::Event(ServerEvent::Connect(_))]));
    server.accept(START, Accept::new(30));
    server
}

fn sent(output: &ServerOutput) -> &[u8] {
    match output {
        ServerOutput::Send(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_keep_alive_of_zero_leaves_the_client_its_own() {
    let asked = ConnectOptions { keep_alive: 40, ..options() };
    let (client, outputs) = client_after(asked, &connack(&[0x13, 0, 0]));
    assert!(matches!(&outputs[..], [ClientOutput::Event(ClientEvent::Connected(c))] if c.keep_alive == 0));
    assert_eq!(client.poll_timeout(), Some((START + seconds(30), Deadline::PingDue)));
}

#[test]
fn the_longest_server_keep_alive_is_kept() {
    let (client, _) = client_after(options(), &connack(&[0x13, 0xFF, 0xFF]));
    let due = START + seconds(65_535) * 3 / 4;
    assert_eq!(client.poll_timeout(), Some((due, Deadline::PingDue)));
}

#[test]
fn a_receive_maximum_of_one_lets_one_message_through_at_a_time() {
    let (mut client, _) = client_after(options(), &connack(&[0x21, 0, 1]));
    assert!(client.publish(START, "a", b"", QoS::AtLeastOnce).is_ok());
    assert_eq!(client.publish(START, "a", b"", QoS::AtLeastOnce), Err(PublishError::QuotaFull));
    client.receive(START, &[0x40, 2, 0, 1]);
    assert!(client.publish(START, "a", b"", QoS::AtLeastOnce).is_ok());
}

#[test]
fn a_server_that_accepts_one_byte_gets_not_a_byte_more() {
    let (mut client, outputs) = client_after(options(), &connack(&[0x27, 0, 0, 0, 1]));
    assert_eq!(outputs, [ClientOutput::Close(CloseCause::PacketTooLarge { size: 4, max: 1 })]);
    client.disconnect(START, ReasonCode::SUCCESS);
    assert_eq!(drain_client(&mut client), []);
}

#[test]
fn a_client_that_accepts_one_byte_gets_not_a_byte_more() {
    let mut server = server_with(&[0x27, 0, 0, 0, 1]);
    let outputs = drain_server(&mut server);
    assert!(matches!(outputs[..], [ServerOutput::Close(CloseCause::PacketTooLarge { max: 1, .. })]), "{outputs:?}");
}

#[test]
fn a_server_of_qos_0_gets_no_message_of_qos_1() {
    let (mut client, _) = client_after(options(), &connack(&[0x24, 0]));
    let refused = client.publish(START, "a", b"", QoS::AtLeastOnce);
    assert_eq!(refused, Err(PublishError::QoS(QoS::AtLeastOnce)));
    assert!(client.publish(START, "a", b"", QoS::AtMostOnce).is_ok());
}

#[test]
fn the_identifier_that_the_server_assigns_reaches_the_caller() {
    let (_, outputs) = client_after(options(), &connack(b"\x12\x00\x03bob"));
    let [ClientOutput::Event(ClientEvent::Connected(connack))] = &outputs[..] else { panic!("{outputs:?}") };
    assert_eq!(connack.assigned_client_id.as_deref(), Some("bob"));
}

#[test]
fn another_server_is_named_but_never_followed() {
    let (client, outputs) = client_after(options(), b"\x20\x0A\x00\x9D\x07\x1C\x00\x04evil");
    let refused = ClientEvent::Refused {
        reason: ReasonCode::SERVER_MOVED,
        text: None,
        server_reference: Some("evil".to_owned()),
    };
    let close = CloseCause::Refused(ReasonCode::SERVER_MOVED);
    assert_eq!(outputs, [ClientOutput::Event(refused), ClientOutput::Close(close)]);
    assert_eq!(client.poll_timeout(), None);
}

#[test]
fn a_client_that_wants_no_texts_gets_none() {
    let mut server = server_with(&[0x17, 0]);
    drain_server(&mut server);
    server.receive(START, &[0x32, 6, 0, 1, b'a', 0, 1, 0]);
    server.puback(START, support::id(1), ReasonCode::QUOTA_EXCEEDED, Some("slow down"), &[("retry-after-ms", "1")]);
    let outputs = drain_server(&mut server);
    assert_eq!(sent(&outputs[1]), [0x40, 3, 0, 1, 0x97]);
}

#[test]
fn a_client_that_wants_a_session_is_told_that_there_is_none() {
    let mut server = server_with(&[0x11, 0, 0, 0, 60]);
    let outputs = drain_server(&mut server);
    assert!(sent(&outputs[0]).windows(5).any(|window| window == [0x11, 0, 0, 0, 0]));
}

#[test]
fn a_silent_link_is_closed_at_the_connect_timeout_without_a_word() {
    let mut server = ServerRole::new(START, ServerOptions::default());
    assert_eq!(server.poll_timeout(), Some((START + seconds(10), Deadline::Connect)));
    server.receive(START, &CONNECT[..5]);
    server.handle_timeout(START + seconds(9));
    assert_eq!(drain_server(&mut server), []);
    server.handle_timeout(START + seconds(10));
    assert_eq!(drain_server(&mut server), [ServerOutput::Close(CloseCause::ConnectTimeout)]);
}

#[test]
fn half_a_packet_now_and_then_is_no_sign_of_life() {
    let mut server = server_with(&[]);
    drain_server(&mut server);
    for (second, byte) in (0..46).zip([0x30, 0x80, 0x01].into_iter().chain(std::iter::repeat(0x61))) {
        server.receive(START + seconds(second), &[byte]);
        server.handle_timeout(START + seconds(second));
    }
    let outputs = drain_server(&mut server);
    assert_eq!(sent(&outputs[0])[0], 0xE0);
    assert_eq!(outputs[1..], [ServerOutput::Close(CloseCause::KeepAliveTimeout)]);
}

#[test]
fn more_than_one_packet_size_before_the_answer_is_refused() {
    let options = ServerOptions { maximum_packet_size: 100, ..ServerOptions::default() };
    let mut server = ServerRole::new(START, options);
    server.receive(START, CONNECT);
    drain_server(&mut server);
    server.receive(START, &[0xC0, 0].repeat(50));
    assert_eq!(drain_server(&mut server), []);
    server.receive(START, &[0xC0]);
    let outputs = drain_server(&mut server);
    assert_eq!(sent(&outputs[0])[..4], [0x20, sent(&outputs[0])[1], 0, 0x97]);
    assert!(matches!(outputs[1], ServerOutput::Close(CloseCause::ProtocolError(_))));
}

#[test]
fn a_flood_of_tiny_properties_is_refused_before_it_costs_memory() {
    let properties = [0x26, 0, 0, 0, 0].repeat(20_000);
    let body = [&[0, 1, b'a', 0xA0, 0x8D, 0x06], &properties[..]].concat();
    assert_eq!(body.len(), 100_006);
    let packet = [&[0x30, 0xA6, 0x8D, 0x06], &body[..]].concat();
    let mut server = server_with(&[]);
    drain_server(&mut server);
    server.receive(START, &packet);
    let outputs = drain_server(&mut server);
    assert_eq!(sent(&outputs[0])[0], 0xE0);
    assert!(outputs[1..] == [ServerOutput::Close(CloseCause::ProtocolError("PUBLISH: too many properties".into()))]);

    let (_, outputs) = client_after(options(), &[&support::CONNACK[..], &packet].concat());
    assert!(matches!(&outputs[1], ClientOutput::Send(bytes) if bytes[..] == [0xE0, 1, 0x97]));
}

#[test]
fn an_alias_stands_for_its_topic_in_both_directions() {
    let set = [0x30, 8, 0, 1, b'a', 3, 0x23, 0, 8, b'1'];
    let used = [0x30, 7, 0, 0, 3, 0x23, 0, 8, b'2'];
    let mut pair = Pair::connected();
    for packet in [&set[..], &used] {
        pair.server.receive(pair.now, packet);
        pair.client.receive(pair.now, packet);
    }
    pair.run();
    for (event, payload) in pair.server_events.iter().zip([b"1", b"2"]) {
        assert!(matches!(event, ServerEvent::Publish(p) if p.topic == "a" && p.payload[..] == payload[..]));
    }
    for (event, payload) in pair.client_events.iter().zip([b"1", b"2"]) {
        assert!(matches!(event, ClientEvent::Delivery(d) if d.topic == "a" && d.payload[..] == payload[..]));
    }
    assert_eq!((pair.server_events.len(), pair.client_events.len()), (2, 2));
}

#[test]
fn a_delivery_at_qos_1_is_acknowledged_at_once() {
    let (_, outputs) = client_after(options(), &[&connack(&[])[..], &[0x3A, 6, 0, 1, b'a', 0, 9, 0]].concat());
    assert!(matches!(&outputs[1], ClientOutput::Send(bytes) if bytes[..] == [0x40, 2, 0, 9]));
    assert!(matches!(&outputs[2], ClientOutput::Event(ClientEvent::Delivery(d)) if d.dup && d.payload.is_empty()));
}

#[test]
fn before_its_connack_a_client_sends_its_connect_and_no_more() {
    let (mut client, _) = client_after(options(), &[]);
    client.ping(START);
    assert_eq!(client.publish(START, "a", b"", QoS::AtMostOnce), Err(PublishError::NotConnected));
    assert!(client.subscribe(START, "a", QoS::AtMostOnce).is_err());
    assert_eq!((client.in_flight(), client.send_quota()), (0, 0));
    client.disconnect(START, ReasonCode::SUCCESS);
    assert_eq!(drain_client(&mut client), [ClientOutput::Close(CloseCause::WeDisconnected)]);
}

#[test]
fn a_connect_that_cannot_be_written_closes_with_the_reason() {
    let mut options = options();
    options.client_id = "x".repeat(65_536);
    let mut client = ClientRole::new();
    client.connect(START, options);
    let outputs = drain_client(&mut client);
    assert!(matches!(outputs[..], [ClientOutput::Close(CloseCause::Unsendable(_))]), "{outputs:?}");
}

#[test]
fn nothing_that_a_role_prints_holds_the_credentials() {
    let mut client = ClientRole::new();
    client.connect(START, options());
    assert!(!format!("{client:?}").contains("secret"));
    let output = client.poll_output().unwrap();
    let ClientOutput::Send(bytes) = &output else { panic!("{output:?}") };
    assert!(bytes.windows(6).any(|window| window == b"secret"));
    assert_eq!(format!("{output:?}"), format!("Send({} bytes)", bytes.len()));
    let mut server = ServerRole::new(START, ServerOptions::default());
    server.receive(START, bytes);
    assert!(!format!("{server:?}").contains("secret"));
}
