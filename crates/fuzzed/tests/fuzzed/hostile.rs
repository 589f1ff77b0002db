//! What is known to be hostile, against a client's core: a clear error or the good part kept, and no more memory than
//! there may be.

use chatroom_fuzzed::cost;
use chatroom_testkit::hostile::{self, Json};

use crate::{replay::target, stage::Stage};

const GOOD: &[u8] = br#"{"type":1,"user":{"custom_name":"ada"},"text_message":{"text":"after"}}"#;

#[test]
fn every_hostile_payload_leaves_a_client_with_the_good_part_of_it() {
    for Json { name, payload, told, .. } in hostile::json() {
        let mut stage = Stage::joined();
        stage.receive(&Stage::packet(&payload));
        assert_eq!(stage.interruption(), None, "{name}");
        let heard = stage.told();
        assert_eq!(if heard.is_empty() { "nothing".to_owned() } else { heard.join(", ") }, told, "{name}");
        stage.receive(&Stage::packet(GOOD));
        assert_eq!(stage.told(), ["after"], "{name}: what comes after it is heard");
    }
}

#[test]
fn every_hostile_packet_leaves_a_client_that_says_why_and_returns() {
    for case in hostile::packets_of_servers() {
        let name = &case.name;
        let mut stage = if case.needs("CONNACK") { Stage::joined() } else { Stage::opened() };
        if case.needs("publish") {
            stage.send();
        }
        stage.receive(&case.bytes());
        if let Some(end) = stage.end() {
            // A first link that was never joined: nothing else is to be expected of such a server.
            assert!(!case.needs("CONNACK") && !end.is_empty(), "{name}: {end}");
            continue;
        }
        match stage.interruption() {
            Some(cause) => assert!(!cause.is_empty() && !cause.chars().any(char::is_control), "{name}: {cause:?}"),
            None => assert!(case.cause == "stays" || !case.needs("CONNACK") || case.needs("subscribe"), "{name}"),
        }
        if !case.needs("CONNACK") {
            stage.cut();
        }
        stage.events.clear();
        stage.returns();
        stage.events.clear();
        stage.receive(&Stage::packet(GOOD));
        assert_eq!(stage.told(), ["after"], "{name}: what comes after it is heard");
    }
}

#[test]
fn a_hundred_thousand_elements_cost_no_memory() {
    let many = format!("[{}0]", "0,".repeat(99_999));
    let page = format!(r#"{{"messages":{many}}}"#);
    for text in [many, page] {
        let bound = cost::fourfold(text.len(), 1024);
        cost::bounded("it", bound, || {
            assert!(chatroom_wire::envelope::decode(text.as_bytes()).is_err() || text.starts_with('{'));
            let _ = chatroom_wire::body::read::<chatroom_wire::rest::MessagesPage>(text.as_bytes());
        });
    }
}

#[test]
fn no_hostile_payload_takes_more_memory_than_there_may_be() {
    let envelope = target("envelope");
    for case in hostile::json() {
        envelope(&case.payload);
        let packet = Stage::packet(&case.payload);
        let mut stage = Stage::joined();
        // What is told of a message holds the message, and waits to be taken.
        let things = case.payload.split(|byte| matches!(byte, b',' | b':')).count();
        let bound = cost::fourfold(packet.len(), 64 * 1024 + 3 * 1024 * things.min(10_000));
        cost::bounded(&case.name, bound, || stage.receive_bytes(packet));
    }
}

#[test]
fn no_hostile_packet_takes_more_memory_than_there_may_be() {
    let (client, server) = (target("mqtt_client"), target("mqtt_server"));
    for slice in [0, 255] {
        for case in hostile::packets_of_servers() {
            let before = [(1, "CONNACK"), (2, "subscribe"), (16, "publish")];
            let before: u8 = before.iter().filter(|(_, step)| case.needs(step)).map(|(bit, _)| bit).sum();
            client(&[&[before, slice], &case.bytes()[..]].concat());
        }
        for case in hostile::packets_of_clients() {
            server(&[&[u8::from(case.needs("CONNECT")), slice], &case.bytes()[..]].concat());
        }
    }
}
