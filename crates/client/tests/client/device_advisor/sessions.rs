//! Sessions that the broker keeps. Our client does not ask for one unless it is told to (`Limits::session_expiry`): the
//! history fills its gaps. In MQTT 5, "a clean session set to false" is a Session Expiry Interval above 0, and no Clean
//! Start once there is something to go on with.

use chatroom_client::{Event, EventStream, Room};
use chatroom_mqtt::{Accept, Connect, ServerEvent};
use chatroom_testkit::{
    certs::{Certs, Leaf},
    config_file::SUB,
    endpoint::Endpoint,
    scripted::{Heard, OnConnect, OnSubscribe, Script},
};

use super::{
    bench::{Bench, Conduct, Connack, SECOND, Seen},
    join, join_at, keeping,
};
use crate::{interrupted, joined, next};

const STORED: &str = r#"[{"id":"stored-1","type":"INTERACTION_TYPE_TEXT","user":{"custom_name":"ben"},
    "text_message":{"text":"while you were away"}}]"#;

/// The session goes on: no SUBSCRIBE, and the stored message is taken and acknowledged. Over real sockets.
#[tokio::test]
async fn mqtt_persistent_session_happy_case() {
    let resume = OnConnect::Resume(SUB.to_owned(), vec![STORED.into()]);
    let (_server, heard, _room, mut events) = disconnected_after_subscribing(resume).await;
    heard.nth("the PUBACK", 1, 1, |event| matches!(event, ServerEvent::Acknowledged { .. }).then_some(())).await;
    assert_eq!(subscribes(&heard, 0), 1);
    assert_eq!(subscribes(&heard, 1), 0, "the subscription stands");
    assert_eq!(terms(&heard, 0), (true, 3600), "nothing of an earlier program is taken over");
    assert_eq!(terms(&heard, 1), (false, 3600));
    joined(&mut events).await;
    loop {
        if let Event::MessageAdded { message, .. } = next(&mut events).await {
            assert_eq!(message.text(), Some("while you were away"));
            break;
        }
    }
}

/// The session has expired: the client subscribes anew. Over real sockets.
#[tokio::test]
async fn mqtt_expired_persistent_session() {
    let forgotten = OnConnect::AcceptAs(Box::new(kept()));
    let (_server, heard, room, mut events) = disconnected_after_subscribing(forgotten).await;
    joined(&mut events).await;
    assert_eq!((subscribes(&heard, 0), subscribes(&heard, 1)), (1, 1));
    assert_eq!(terms(&heard, 1), (false, 3600));
    room.deliver("here again").await.unwrap();
}

#[tokio::test]
async fn who_does_not_ask_for_a_session_begins_anew_with_each_link() {
    let certs = Certs::new();
    let scripts = [Script { subscribe: OnSubscribe::GrantThenCloseTcp, ..Script::default() }, Script::default()];
    let (server, heard) = Script::start_in_turn(scripts, Some(certs.server(Leaf::Good))).await;
    let (_room, mut events) = join(&certs, &server);
    joined(&mut events).await;
    joined(&mut events).await;
    assert_eq!([terms(&heard, 0), terms(&heard, 1)], [(true, 0); 2]);
    assert_eq!((subscribes(&heard, 0), subscribes(&heard, 1)), (1, 1));
}

/// MQTT 5 would have what is in flight sent again at once. Under virtual time.
#[test]
fn a_link_that_dies_with_a_message_in_flight_leaves_no_session_to_go_on_with() {
    let mut bench = asking(Conduct { puback: false, remembers: true, ..Conduct::good() });
    bench.cut();
    bench.run_until("return", |bench| bench.joins() == 2);
    bench.send("in flight");
    bench.cut();
    bench.run_until("return", |bench| bench.joins() == 3);
    assert_eq!(bench.clean_starts, [true, false, true]);
    assert_eq!(bench.count(|seen| matches!(seen, Seen::Subscribe(_))), 2);
}

/// The broker may have begun a session anew, without a subscription, and its word on that was lost. Under virtual time.
#[test]
fn after_a_connack_that_never_came_the_next_link_begins_anew() {
    let second_is_lost = |number| if number == 1 { Connack::Silence } else { Connack::Accept };
    let mut bench = asking(Conduct { connack: Box::new(second_is_lost), remembers: true, ..Conduct::good() });
    bench.cut();
    bench.run_until("return", |bench| bench.joins() == 2);
    assert_eq!(bench.clean_starts, [true, false, true]);
    assert_eq!(bench.count(|seen| matches!(seen, Seen::Subscribe(_))), 2);
}

#[test]
fn a_broker_that_keeps_no_session_is_not_asked_to_go_on_with_one() {
    let mut bench = asking(Conduct::good());
    bench.cut();
    bench.run_until("return", |bench| bench.joins() == 2);
    assert_eq!(bench.clean_starts, [true, true]);
    assert_eq!(bench.count(|seen| matches!(seen, Seen::Subscribe(_))), 2);
}

/// A client that asks for a session, and has joined.
fn asking(conduct: Conduct) -> Bench {
    let mut bench = Bench::bounded(1, conduct, keeping());
    bench.run_for(SECOND * 60);
    assert_eq!(bench.joins(), 1);
    bench
}

/// A client that asks for a session is cut once it is subscribed; what the broker does when it is back is `second`.
async fn disconnected_after_subscribing(second: OnConnect) -> (Endpoint, Heard, Room, EventStream) {
    let certs = Certs::new();
    let first = Script {
        connect: OnConnect::AcceptAs(Box::new(kept())),
        subscribe: OnSubscribe::GrantThenCloseTcp,
        ..Script::default()
    };
    let second = Script { connect: second, ..Script::default() };
    let (server, heard) = Script::start_in_turn([first, second], Some(certs.server(Leaf::Good))).await;
    let (room, mut events) = join_at(&certs, &server.host(), keeping());
    interrupted(&mut events).await;
    (server, heard, room, events)
}

/// A broker that keeps sessions, and has none yet.
fn kept() -> Accept {
    Accept { session_expiry: 3600, ..Accept::new(30) }
}

fn subscribes(heard: &Heard, connection: usize) -> usize {
    heard.on(connection).iter().filter(|event| matches!(event, ServerEvent::Subscribe { .. })).count()
}

/// Whether a CONNECT asked for a clean start, and for how long its session is to be kept.
fn terms(heard: &Heard, connection: usize) -> (bool, u32) {
    match &heard.on(connection)[0] {
        ServerEvent::Connect(connect) => {
            let Connect { clean_start, session_expiry, .. } = &**connect;
            (*clean_start, *session_expiry)
        }
        other => panic!("the first packet is {other:?}"),
    }
}
