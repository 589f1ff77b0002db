//! A client and a server together, under virtual time.

#[path = "pair/sessions.rs"]
mod sessions;
mod support;

use chatroom_mqtt::{
    Accept, ClientEvent, CloseCause, ConnectOptions, Deadline, PublishError, QoS, ReasonCode, RequestError,
    ServerEvent, ServerOptions, encode_publish,
};
use support::{PUB, Pair, SUB, drain_server, id, options, seconds};

#[test]
fn a_connect_says_who_comes_and_a_connack_what_is_granted() {
    let mut pair = Pair::new(options(), ServerOptions::default());
    let [ServerEvent::Connect(connect)] = &pair.server_events[..] else { panic!("{:?}", pair.server_events) };
    assert_eq!(connect.client_id, "alice-1");
    assert_eq!(connect.user_name.as_ref().unwrap().expose(), "?x-token=secret");
    assert!(connect.clean_start && !connect.has_will && !connect.has_password);
    assert_eq!((connect.keep_alive, connect.receive_maximum, connect.topic_alias_maximum), (30, 100, 8));
    assert_eq!(connect.maximum_packet_size, Some(128 * 1024));
    assert!(!format!("{:?}", pair.server_events).contains("secret"));

    let mut accept = Accept::new(45);
    accept.reason_string = Some("welcome".to_owned());
    accept.assigned_client_id = Some("bob".to_owned());
    accept.user_properties = vec![("node".to_owned(), "1".to_owned())];
    pair.server.accept(pair.now, accept);
    pair.run();
    let [ClientEvent::Connected(connack)] = &pair.client_events[..] else { panic!("{:?}", pair.client_events) };
    assert_eq!((connack.keep_alive, connack.receive_maximum, connack.topic_alias_maximum), (45, 100, 8));
    assert_eq!(connack.maximum_packet_size, Some(136 * 1024));
    assert_eq!(connack.maximum_qos, QoS::AtLeastOnce);
    assert_eq!(connack.assigned_client_id.as_deref(), Some("bob"));
    assert_eq!(connack.reason_string.as_deref(), Some("welcome"));
    assert_eq!(connack.user_properties, [("node".to_owned(), "1".to_owned())]);
    assert!(!connack.session_present);
}

#[test]
fn a_refused_connect_ends_both_sides_with_the_reason() {
    let mut pair = Pair::new(options(), ServerOptions::default());
    pair.server.refuse(pair.now, ReasonCode::NOT_AUTHORIZED, Some("the token expired"));
    pair.run();
    assert_eq!(
        pair.client_events,
        [ClientEvent::Refused {
            reason: ReasonCode::NOT_AUTHORIZED,
            text: Some("the token expired".to_owned()),
            server_reference: None,
        }]
    );
    assert_eq!(pair.client_close, Some(CloseCause::Refused(ReasonCode::NOT_AUTHORIZED)));
    assert_eq!(pair.server_close, Some(CloseCause::WeRefused(ReasonCode::NOT_AUTHORIZED)));
}

#[test]
fn messages_go_both_ways() {
    let mut pair = Pair::connected();
    let subscription = pair.subscribe();
    assert_eq!(
        pair.server_events,
        [ServerEvent::Subscribe { id: subscription, filters: vec![(SUB.to_owned(), QoS::AtMostOnce)] }]
    );
    assert_eq!(pair.client_events, [ClientEvent::Subscribed { id: subscription, granted: QoS::AtMostOnce }]);

    pair.server_events.clear();
    pair.client_events.clear();
    let message = pair.publish(b"{}");
    let [ServerEvent::Publish(inbound)] = &pair.server_events[..] else { panic!("{:?}", pair.server_events) };
    assert_eq!((inbound.id, inbound.topic.as_str(), &inbound.payload[..]), (Some(message), PUB, &b"{}"[..]));
    assert_eq!(pair.client.in_flight(), 1);
    pair.server.puback(pair.now, message, ReasonCode::SUCCESS, None, &[]);
    pair.server.publish(pair.now, SUB, b"[]", &[("seq", "1")]).unwrap();
    pair.run();
    let [ClientEvent::Acknowledged { id }, ClientEvent::Delivery(delivery)] = &pair.client_events[..] else {
        panic!("{:?}", pair.client_events)
    };
    assert_eq!(*id, message);
    assert_eq!(pair.client.in_flight(), 0);
    assert_eq!((delivery.topic.as_str(), &delivery.payload[..]), (SUB, &b"[]"[..]));
    assert_eq!(delivery.user_properties, [("seq".to_owned(), "1".to_owned())]);
}

#[test]
fn a_message_at_qos_0_has_no_identifier_and_no_quota() {
    let mut pair = Pair::connected();
    assert_eq!(pair.client.publish(pair.now, PUB, b"{}", QoS::AtMostOnce), Ok(None));
    pair.run();
    assert!(matches!(&pair.server_events[..], [ServerEvent::Publish(inbound)] if inbound.id.is_none()));
    assert_eq!(pair.client.in_flight(), 0);
}

#[test]
fn a_refused_message_says_why_and_when_to_try_again() {
    let mut pair = Pair::connected();
    let first = pair.publish(b"1");
    let second = pair.publish(b"2");
    let after = [("retry-after-ms", "200")];
    pair.server.puback(pair.now, second, ReasonCode::QUOTA_EXCEEDED, Some("too fast"), &after);
    pair.server.puback(pair.now, first, ReasonCode::PACKET_TOO_LARGE, None, &[]);
    pair.run();
    let refused = |id, reason, text: Option<&str>, user_properties: &[(&str, &str)]| ClientEvent::PublishRefused {
        id,
        reason,
        text: text.map(str::to_owned),
        user_properties: user_properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
    };
    assert_eq!(
        pair.client_events,
        [
            refused(second, ReasonCode::QUOTA_EXCEEDED, Some("too fast"), &after),
            refused(first, ReasonCode::PACKET_TOO_LARGE, None, &[]),
        ]
    );
    assert_eq!(pair.client_close, None);
}

#[test]
fn a_refused_subscription_says_why() {
    let mut pair = Pair::connected();
    let id = pair.client.subscribe(pair.now, "chat/t/other/sub", QoS::AtLeastOnce).unwrap();
    pair.run();
    pair.server.suback(pair.now, id, &[ReasonCode::NOT_AUTHORIZED], Some("another room"));
    pair.run();
    assert_eq!(
        pair.client_events,
        [ClientEvent::SubscribeRefused {
            id,
            reason: ReasonCode::NOT_AUTHORIZED,
            text: Some("another room".to_owned())
        }]
    );
}

#[test]
fn a_client_never_exceeds_the_quota_of_its_server() {
    let server = ServerOptions { receive_maximum: 2, ..ServerOptions::default() };
    let mut pair = Pair::accepted(options(), server, Accept::new(30));
    assert_eq!(pair.client.send_quota(), 2);
    let first = pair.publish(b"1");
    pair.publish(b"2");
    assert_eq!(pair.client.send_quota(), 0);
    assert_eq!(pair.client.publish(pair.now, PUB, b"3", QoS::AtLeastOnce), Err(PublishError::QuotaFull));
    assert_eq!(pair.client.publish(pair.now, PUB, b"0", QoS::AtMostOnce), Ok(None));
    pair.server.puback(pair.now, first, ReasonCode::NOT_AUTHORIZED, None, &[]);
    pair.run();
    pair.publish(b"3");
    assert_eq!((pair.client_close, pair.server_close), (None, None));
}

#[test]
fn a_client_never_exceeds_the_packet_size_of_its_server() {
    let server = ServerOptions { maximum_packet_size: 100, ..ServerOptions::default() };
    let mut pair = Pair::accepted(options(), server, Accept::new(30));
    let fixed = 2 + 2 + PUB.len() + 2 + 1;
    let refused = pair.client.publish(pair.now, PUB, &vec![0; 101 - fixed], QoS::AtLeastOnce);
    assert_eq!(refused, Err(PublishError::TooLarge { size: 101, max: 100 }));
    assert_eq!(pair.client.in_flight(), 0);
    pair.publish(&vec![0; 100 - fixed]);
    assert_eq!(pair.server_events.len(), 1);
    let long = "x".repeat(100);
    assert!(matches!(
        pair.client.subscribe(pair.now, &long, QoS::AtMostOnce),
        Err(RequestError::TooLarge { max: 100, .. })
    ));
}

#[test]
fn a_server_never_exceeds_the_packet_size_of_its_client() {
    let mut options = options();
    options.maximum_packet_size = 60;
    let mut pair = Pair::accepted(options, ServerOptions::default(), Accept::new(30));
    assert_eq!(pair.server.maximum_outbound(), 60);
    assert!(matches!(pair.server.publish(pair.now, SUB, &[0; 60], &[]), Err(PublishError::TooLarge { max: 60, .. })));
    let message = pair.publish(b"1");
    pair.server.puback(pair.now, message, ReasonCode::NOT_AUTHORIZED, Some(&"muted ".repeat(20)), &[("a", "b")]);
    pair.run();
    assert_eq!(
        pair.client_events,
        [ClientEvent::PublishRefused {
            id: message,
            reason: ReasonCode::NOT_AUTHORIZED,
            text: None,
            user_properties: vec![]
        }]
    );
    assert_eq!(pair.client_close, None);
}

#[test]
fn the_keep_alive_of_the_server_is_in_force() {
    let mut options = options();
    options.keep_alive = 10;
    let mut pair = Pair::accepted(options, ServerOptions::default(), Accept::new(60));
    let due = pair.client.poll_timeout();
    assert_eq!(due, Some((pair.now + seconds(45), Deadline::PingDue)));
    assert_eq!(pair.server.poll_timeout(), Some((pair.now + seconds(90), Deadline::KeepAlive)));
    pair.sent_by_client.clear();
    pair.run_for(seconds(600));
    assert_eq!(pair.sent_by_client, vec![0xC0; 13]);
    assert_eq!(pair.client_events, vec![ClientEvent::Pong; 13]);
    assert_eq!((pair.client_close, pair.server_close), (None, None));
}

#[test]
fn a_busy_client_that_is_answered_sends_no_pings() {
    let mut pair = Pair::connected();
    pair.sent_by_client.clear();
    for _ in 0..30 {
        let message = pair.publish(b"{}");
        pair.server.puback(pair.now, message, ReasonCode::SUCCESS, None, &[]);
        pair.run_for(seconds(20));
    }
    assert!(pair.sent_by_client.iter().all(|first| *first == 0x32));
    assert_eq!(pair.server_close, None);
}

#[test]
fn who_sends_at_qos_0_without_hearing_anything_asks_whether_anybody_listens() {
    let mut pair = Pair::connected();
    let cut_at = pair.now;
    pair.is_cut = true;
    while pair.client_close.is_none() && pair.now < cut_at + seconds(100) {
        pair.client.publish(pair.now, PUB, b"{}", QoS::AtMostOnce).unwrap();
        pair.run_for(seconds(1));
    }
    assert_eq!(pair.client_close, Some(CloseCause::PongTimeout));
    assert!(pair.now <= cut_at + seconds(45), "cut at {cut_at:?}, found at {:?}", pair.now);
}

#[test]
fn a_dead_link_is_found_within_one_and_a_half_keep_alives_however_short_they_are() {
    for keep_alive in [1, 2, 5, 10, 30, 1200] {
        let mut pair = Pair::accepted(options(), ServerOptions::default(), Accept::new(keep_alive));
        pair.is_cut = true;
        pair.run_for(seconds(u64::from(keep_alive)) * 3 / 2);
        assert_eq!(pair.client_close, Some(CloseCause::PongTimeout), "keep alive {keep_alive} s");
    }
}

#[test]
fn a_keep_alive_of_zero_on_both_sides_is_off() {
    let asked = ConnectOptions { keep_alive: 0, ..options() };
    let mut pair = Pair::accepted(asked, ServerOptions::default(), Accept::new(0));
    assert_eq!((pair.client.poll_timeout(), pair.server.poll_timeout()), (None, None));
    pair.run_for(seconds(1_000_000));
    assert_eq!((pair.client_close, pair.server_close), (None, None));
}

#[test]
fn a_half_open_link_is_found_by_both_sides() {
    let mut pair = Pair::connected();
    pair.is_cut = true;
    pair.run_for(seconds(60));
    assert_eq!(pair.client_close, Some(CloseCause::PongTimeout));
    assert_eq!(pair.server_close, Some(CloseCause::KeepAliveTimeout));
}

#[test]
fn a_probe_finds_a_dead_link_at_once() {
    let mut pair = Pair::connected();
    pair.client.ping(pair.now);
    pair.client.ping(pair.now);
    pair.run();
    assert_eq!(pair.client_events, [ClientEvent::Pong]);
    pair.is_cut = true;
    pair.client.ping(pair.now);
    assert_eq!(pair.client.poll_timeout(), Some((pair.now + seconds(10), Deadline::Pong)));
    pair.run_for(seconds(10));
    assert_eq!(pair.client_close, Some(CloseCause::PongTimeout));
}

#[test]
fn a_late_connack_suback_or_puback_ends_the_link() {
    let mut pair = Pair::new(options(), ServerOptions::default());
    assert_eq!(pair.client.poll_timeout(), Some((pair.now + seconds(10), Deadline::Connack)));
    pair.run_for(seconds(10));
    assert_eq!(pair.client_close, Some(CloseCause::ConnackTimeout));

    let mut pair = Pair::connected();
    pair.client.subscribe(pair.now, SUB, QoS::AtMostOnce).unwrap();
    assert_eq!(pair.client.poll_timeout(), Some((pair.now + seconds(20), Deadline::Suback)));
    pair.run_for(seconds(20));
    assert_eq!(pair.client_close, Some(CloseCause::AckTimeout(Deadline::Suback)));
    assert_eq!(pair.server_close, Some(CloseCause::ClientDisconnected(ReasonCode::UNSPECIFIED)));

    let mut pair = Pair::connected();
    pair.publish(b"{}");
    pair.run_for(seconds(19));
    assert_eq!(pair.client_close, None);
    pair.run_for(seconds(1));
    assert_eq!(pair.client_close, Some(CloseCause::AckTimeout(Deadline::Puback)));
}

#[test]
fn a_taken_over_client_is_told_so() {
    let mut pair = Pair::connected();
    pair.server.disconnect(pair.now, ReasonCode::TAKEN_OVER, Some("connected elsewhere"));
    pair.run();
    assert_eq!(
        pair.client_events,
        [ClientEvent::ServerDisconnected {
            reason: ReasonCode::TAKEN_OVER,
            text: Some("connected elsewhere".to_owned()),
            server_reference: None
        }]
    );
    assert_eq!(pair.client_close, Some(CloseCause::ServerDisconnected(ReasonCode::TAKEN_OVER)));
    assert_eq!(pair.server_close, Some(CloseCause::WeDisconnected));
}

#[test]
fn a_goodbye_of_the_client_is_seen_as_one() {
    let mut pair = Pair::connected();
    pair.client.disconnect(pair.now, ReasonCode::SUCCESS);
    pair.run();
    assert_eq!(pair.server_events, [ServerEvent::Disconnect { reason: ReasonCode::SUCCESS }]);
    assert_eq!(pair.client_close, Some(CloseCause::WeDisconnected));
    assert_eq!(pair.server_close, Some(CloseCause::ClientDisconnected(ReasonCode::SUCCESS)));
}

#[test]
fn a_link_that_ends_by_itself_is_told_apart_from_a_goodbye() {
    let mut pair = Pair::connected();
    pair.client.link_closed(pair.now);
    pair.run();
    assert_eq!(pair.client_close, Some(CloseCause::LinkClosed));
    assert_eq!(pair.server_close, Some(CloseCause::LinkClosed));
    assert_eq!(pair.client.publish(pair.now, PUB, b"", QoS::AtMostOnce), Err(PublishError::NotConnected));
    assert_eq!((pair.client.poll_timeout(), pair.server.poll_timeout()), (None, None));
}

#[test]
fn what_a_client_sends_before_its_connack_is_taken_up_after_it() {
    let mut pair = Pair::new(options(), ServerOptions::default());
    pair.server_events.clear();
    pair.server.receive(pair.now, &[0xC0, 0]);
    pair.server.receive(pair.now, b"\x82\x0A\x00\x09\x00\x00\x04room\x00");
    pair.run();
    assert!(pair.server_events.is_empty());
    pair.server.accept(pair.now, Accept::new(30));
    // The CONNACK goes first, then the PINGRESP.
    let sent = drain_server(&mut pair.server);
    let firsts: Vec<u8> = sent
        .iter()
        .filter_map(|output| match output {
            chatroom_mqtt::ServerOutput::Send(bytes) => Some(bytes[0]),
            _ => None,
        })
        .collect();
    assert_eq!(firsts, [0x20, 0xD0]);
    let wanted = ServerEvent::Subscribe { id: id(9), filters: vec![("room".to_owned(), QoS::AtMostOnce)] };
    assert_eq!(sent.last(), Some(&chatroom_mqtt::ServerOutput::Event(wanted)));
}

#[test]
fn a_packet_encoded_once_reads_the_same_for_every_subscriber() {
    let packet = encode_publish(SUB, b"[1]", &[("seq", "7"), ("prev", "5")]).unwrap();
    let deliveries: Vec<ClientEvent> = (0..3)
        .map(|_| {
            let mut pair = Pair::connected();
            pair.client.receive(pair.now, &packet);
            pair.run();
            pair.client_events.remove(0)
        })
        .collect();
    assert!(matches!(&deliveries[0], ClientEvent::Delivery(d) if d.topic == SUB && &d.payload[..] == b"[1]"));
    assert!(deliveries.windows(2).all(|two| two[0] == two[1]));
}

#[test]
fn an_unsubscribe_is_answered_per_filter() {
    let mut pair = Pair::connected();
    pair.server.receive(pair.now, b"\xA2\x09\x00\x05\x00\x00\x01a\x00\x01b");
    pair.run();
    let filters = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(pair.server_events, [ServerEvent::Unsubscribe { id: id(5), filters }]);
    pair.server.unsuback(pair.now, id(5), &[ReasonCode::SUCCESS], None);
    assert_eq!(drain_server(&mut pair.server), []);
    pair.server.unsuback(pair.now, id(5), &[ReasonCode::SUCCESS, ReasonCode::NO_SUBSCRIPTION_EXISTED], None);
    let sent = drain_server(&mut pair.server);
    let wanted: &[u8] = &[0xB0, 5, 0, 5, 0, 0, 0x11];
    assert!(matches!(&sent[..], [chatroom_mqtt::ServerOutput::Send(bytes)] if &bytes[..] == wanted));
}
