//! Sessions that outlive their link, and messages that the server wants acknowledged.

use chatroom_mqtt::{Accept, ClientEvent, ClientOutput, PublishError, QoS, ReasonCode, ServerEvent, ServerOptions};

use crate::support::{Pair, SUB, options};

#[test]
fn a_session_that_the_server_kept_goes_on_and_what_it_stored_is_acknowledged() {
    let mut options = options();
    (options.clean_start, options.session_expiry) = (false, 3600);
    let mut pair = Pair::new(options, ServerOptions::default());
    let [ServerEvent::Connect(connect)] = &pair.server_events[..] else { panic!("{:?}", pair.server_events) };
    assert_eq!((connect.clean_start, connect.session_expiry), (false, 3600));
    let mut accept = Accept::new(30);
    (accept.session_present, accept.session_expiry) = (true, 600);
    pair.server.accept(pair.now, accept);
    pair.server_events.clear();
    let stored = pair.server.publish_at_least_once(pair.now, SUB, b"[]", &[]).unwrap();
    pair.run();
    let [ClientEvent::Connected(connack), ClientEvent::Delivery(delivery)] = &pair.client_events[..] else {
        panic!("{:?}", pair.client_events)
    };
    assert_eq!((connack.session_present, connack.session_expiry), (true, 600));
    assert_eq!(delivery.qos, QoS::AtLeastOnce);
    assert_eq!(pair.server_events, [ServerEvent::Acknowledged { id: stored, reason: ReasonCode::SUCCESS }]);
}

#[test]
fn who_asked_for_a_clean_start_is_granted_no_earlier_session() {
    let mut accept = Accept::new(30);
    (accept.session_present, accept.session_expiry) = (true, 600);
    let mut pair = Pair::new(options(), ServerOptions::default());
    pair.server.accept(pair.now, accept);
    pair.run();
    let [ClientEvent::Connected(connack)] = &pair.client_events[..] else { panic!("{:?}", pair.client_events) };
    assert_eq!((connack.session_present, connack.session_expiry), (false, 0));
}

#[test]
fn a_message_of_any_size_up_to_128_kib_is_acknowledged() {
    let mut pair = Pair::connected();
    for kilobytes in [0, 1, 64, 127, 128] {
        // By hand: a server of ours would keep to the size that was announced, header and all.
        let payload = vec![b'x'; kilobytes * 1024];
        let mut body = [&[0, 15], SUB.as_bytes(), &[0, 7, 0]].concat();
        body.extend_from_slice(&payload);
        let length = body.len();
        let sevens = |shift: usize| u8::try_from(length >> shift & 0x7F).unwrap();
        let mut packet = vec![0x32, sevens(0) | 0x80, sevens(7) | 0x80, sevens(14)];
        if length < 128 {
            packet = vec![0x32, sevens(0)];
        } else if length < 16_384 {
            packet = vec![0x32, sevens(0) | 0x80, sevens(7)];
        }
        packet.extend_from_slice(&body);
        pair.client.receive(pair.now, &packet);
        let sent: Vec<_> = std::iter::from_fn(|| pair.client.poll_output()).collect();
        let [ClientOutput::Send(puback), ClientOutput::Event(_)] = &sent[..] else {
            panic!("{kilobytes} KiB: {sent:?}")
        };
        assert_eq!(&puback[..4], [0x40, 2, 0, 7], "{kilobytes} KiB");
    }
}

#[test]
fn a_server_leaves_no_more_messages_unacknowledged_than_its_client_takes() {
    let mut options = options();
    options.receive_maximum = 2;
    let mut pair = Pair::accepted(options, ServerOptions::default(), Accept::new(30));
    let send = |pair: &mut Pair| pair.server.publish_at_least_once(pair.now, SUB, b"[]", &[]);
    let first = send(&mut pair).unwrap();
    send(&mut pair).unwrap();
    assert_eq!(send(&mut pair), Err(PublishError::QuotaFull));
    pair.run();
    assert!(pair.server_events.contains(&ServerEvent::Acknowledged { id: first, reason: ReasonCode::SUCCESS }));
    assert!(send(&mut pair).is_ok());
}

#[test]
fn who_leaves_for_good_ends_the_session_and_who_gives_a_link_up_does_not() {
    for (reason, expected) in
        [(ReasonCode::SUCCESS, &[0xE0, 7, 0, 5, 0x11, 0, 0, 0, 0][..]), (ReasonCode::UNSPECIFIED, &[0xE0, 1, 0x80][..])]
    {
        let mut options = options();
        options.session_expiry = 3600;
        let accept = Accept { session_expiry: 3600, ..Accept::new(30) };
        let mut pair = Pair::accepted(options, ServerOptions::default(), accept);
        pair.client.disconnect(pair.now, reason);
        let Some(ClientOutput::Send(goodbye)) = pair.client.poll_output() else { panic!("it leaves without a word") };
        assert_eq!(&goodbye[..], expected);
        pair.server.receive(pair.now, &goodbye);
        pair.run();
        assert_eq!(pair.server_events, [ServerEvent::Disconnect { reason }]);
    }
}
