//! PUBLISH, SUBSCRIBE and keep alive.

use chatroom_client::{Cause, Delivery, Event, ReasonCode};
use chatroom_mqtt::{Accept, CloseCause, Deadline, QoS, ServerEvent};
use chatroom_testkit::{
    certs::{Certs, Leaf},
    config_file::{PUB, SUB},
    scripted::{OnConnect, OnSubscribe, Script},
};

use super::{
    bench::{Bench, Conduct, SECOND, Seen},
    join, join_at, keeping,
};
use crate::joined;

/// A message goes out on the room's topic: at QoS 1, and at QoS 0 to a broker that takes no more. Over real sockets.
#[tokio::test]
async fn mqtt_publish() {
    for (maximum_qos, expected) in [(QoS::AtLeastOnce, QoS::AtLeastOnce), (QoS::AtMostOnce, QoS::AtMostOnce)] {
        let certs = Certs::new();
        let accept = Accept { maximum_qos, ..Accept::new(30) };
        let script = Script { connect: OnConnect::AcceptAs(Box::new(accept)), ..Script::default() };
        let (server, heard) = Script::start_in_turn([script], Some(certs.server(Leaf::Good))).await;
        let (room, _events) = join(&certs, &server);
        room.deliver("my payload").await.unwrap();
        let publish = heard.nth("a PUBLISH", 0, 1, published).await;
        assert_eq!((&*publish.topic, publish.qos), (PUB, expected));
        assert!(!publish.dup && !publish.retain);
        assert!(String::from_utf8_lossy(&publish.payload).contains("my payload"));
    }
}

/// No PUBACK. On a link that stands, MQTT 5 forbids to send a message again (section 4.4), so the link is given up and the
/// message goes out again over the next one, with the same id, until it is acknowledged. Under virtual time.
#[test]
fn mqtt_publish_retry_no_puback() {
    let mut bench = Bench::new(1, Conduct { puback: false, ..Conduct::good() });
    let id = bench.send("once");
    bench.run_until("second PUBLISH", |bench| bench.count(|seen| matches!(seen, Seen::Publish(_))) == 2);
    assert_eq!(bench.interruptions()[0].0, Cause::Mqtt(CloseCause::AckTimeout(Deadline::Puback)));
    let published = bench.times(|seen| *seen == Seen::Publish(id.clone()));
    assert_eq!(published.len(), 2, "the same message");
    assert!(published[1] >= published[0] + SECOND * 20, "not before it counts as lost: {published:?}");
    assert_eq!(bench.connects().len(), 2);
    assert_eq!(bench.count(|seen| *seen == Seen::Disconnect(ReasonCode::UNSPECIFIED)), 1, "the broker is told");
    bench.conduct.puback = true;
    bench.run_until("third PUBLISH", |bench| bench.count(|seen| matches!(seen, Seen::Publish(_))) == 3);
    bench.run_for(SECOND * 60);
    assert_eq!(bench.count(|seen| matches!(seen, Seen::Publish(_))), 3, "acknowledged is enough");
    let sent = |event: &Event| matches!(event, Event::DeliveryChanged { delivery: Delivery::Sent, .. });
    assert!(bench.events.iter().any(sent));
}

/// The subscription is for the room's topic. Over real sockets.
#[tokio::test]
async fn mqtt_subscribe() {
    let certs = Certs::new();
    let (server, heard) = Script::start_in_turn([Script::default()], Some(certs.server(Leaf::Good))).await;
    let (_room, mut events) = join(&certs, &server);
    joined(&mut events).await;
    let subscribes: Vec<_> = heard.on(0).iter().filter_map(subscribed).collect();
    assert_eq!(subscribes, [vec![(SUB.to_owned(), QoS::AtMostOnce)]]);
}

/// No SUBACK. As with a PUBACK, the link is given up and the subscription made anew. Under virtual time.
#[test]
fn mqtt_subscribe_retry_no_suback() {
    let mut bench = Bench::new(1, Conduct { suback: false, ..Conduct::good() });
    let subscribes = |bench: &Bench| bench.count(|seen| *seen == Seen::Subscribe(SUB.to_owned()));
    bench.run_until("third SUBSCRIBE", |bench| subscribes(bench) == 3);
    let late = Cause::Mqtt(CloseCause::AckTimeout(Deadline::Suback));
    assert!(bench.interruptions().iter().all(|(cause, _)| *cause == late));
    assert_eq!((bench.connects().len(), bench.joins()), (3, 0));
    bench.conduct.suback = true;
    bench.run_until("join", |bench| bench.joins() == 1);
    assert_eq!(subscribes(&bench), 4);
}

/// What comes at QoS 1 is acknowledged, whatever it holds, from 0 bytes to as many as the client said that it takes
/// (128 KB; one of 128 KiB and its header is tried in `chatroom-mqtt`). Over real sockets.
#[tokio::test]
async fn mqtt_client_puback_qos1() {
    let certs = Certs::new();
    let mut payloads: Vec<_> =
        [0, 1, 1_000, 16_384, 65_536, 100_000, 128_000].map(|size| vec![b'x'; size].into()).into();
    payloads.push("a payload that is no JSON".into());
    payloads.push(vec![0xFF; 128 * 1024 - 64].into());
    let count = payloads.len();
    let script = Script { subscribe: OnSubscribe::GrantAtLeastOnce(payloads), ..Script::default() };
    let (server, heard) = Script::start_in_turn([script], Some(certs.server(Leaf::Good))).await;
    let (_room, _events) = join_at(&certs, &server.host(), keeping());
    heard.nth("the last PUBACK", 0, count, acknowledged).await;
    assert_eq!(heard.on(0).iter().find_map(subscribed), Some(vec![(SUB.to_owned(), QoS::AtLeastOnce)]));
    assert!(heard.on(0).iter().filter_map(acknowledged).all(|reason| reason == ReasonCode::SUCCESS));
}

/// The broker falls silent: the client finds out within one and a half keep alives, drops the link, and comes back.
/// Whether it is idle or busy. Under virtual time.
#[test]
fn mqtt_no_ack_ping_resp() {
    for busy in [false, true] {
        let mut bench = Bench::new(1, Conduct::good());
        bench.run_for(SECOND * 100);
        bench.conduct.speaks = false;
        let silent_at = bench.now;
        if busy {
            bench.send("hello?");
        }
        bench.run_until("interruption", |bench| !bench.interruptions().is_empty());
        let keep_alive = SECOND * 30;
        let took = bench.now.saturating_sub(silent_at);
        assert!(took <= keep_alive * 3 / 2, "busy: {busy}: {took:?}");
        let cause = bench.interruptions()[0].0.clone();
        let found = [CloseCause::PongTimeout, CloseCause::AckTimeout(Deadline::Puback)].map(Cause::Mqtt);
        assert_eq!(cause, found[usize::from(busy)]);
        assert_eq!(bench.count(|seen| matches!(seen, Seen::Disconnect(_))), 1);
        assert_eq!(bench.count(|seen| *seen == Seen::Hangup), 1);
        bench.conduct.speaks = true;
        bench.run_until("return", |bench| bench.joins() == 2);
    }
}

fn published(event: &ServerEvent) -> Option<chatroom_mqtt::InboundPublish> {
    match event {
        ServerEvent::Publish(publish) => Some(publish.clone()),
        _ => None,
    }
}

fn subscribed(event: &ServerEvent) -> Option<Vec<(String, QoS)>> {
    match event {
        ServerEvent::Subscribe { filters, .. } => Some(filters.clone()),
        _ => None,
    }
}

fn acknowledged(event: &ServerEvent) -> Option<ReasonCode> {
    match event {
        ServerEvent::Acknowledged { reason, .. } => Some(*reason),
        _ => None,
    }
}
