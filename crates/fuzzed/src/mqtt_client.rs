//! A stream of MQTT bytes, as a client reads it.

use std::time::Duration;

use chatroom_mqtt::{ClientEvent, ClientOutput, ClientRole, ConnectOptions, QoS, ReasonCode, UserName};

use crate::{cost, link::Stream};

const NOW: Duration = Duration::from_secs(1_000);
const CONNACK: [u8; 5] = [0x20, 3, 0, 0, 0];
/// What a role takes, and the answers to as many packets as fit into one slice.
const FIXED: usize = 64 * 1024;

/// Hands a client what a server might send. The first byte says what has happened before; the second, how it is cut.
///
/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let stream = Stream::of(data);
    cost::bounded("a client", cost::fourfold(stream.bytes.len(), FIXED), || {
        let mut client = begun(stream.before);
        for slice in stream.slices() {
            client.receive(NOW, slice);
            while client.poll_output().is_some() {}
        }
    });
    let mut cut = begun(stream.before);
    let mut outputs = Vec::new();
    for slice in stream.slices() {
        cut.receive(NOW, slice);
        outputs.extend(drained(&mut cut));
    }
    let mut whole = begun(stream.before);
    whole.receive(NOW, stream.bytes);
    assert_eq!(outputs, drained(&mut whole), "any slicing gives the same");
    check_outputs(&stream, &outputs);
    runs_out(&mut cut);
}

/// A client that has sent its CONNECT, and as much more as the bits of `before` say.
fn begun(before: u8) -> ClientRole {
    let mut client = ClientRole::new();
    client.connect(NOW, ConnectOptions::new("alice-1", Some(UserName::new("?x-token=secret"))));
    if before & 1 != 0 {
        client.receive(NOW, &CONNACK);
        if before & 2 != 0 {
            client.subscribe(NOW, "room", QoS::AtMostOnce).expect("a CONNACK came");
        }
        for _ in 0..before >> 4 {
            client.publish(NOW, "room", b"x", QoS::AtLeastOnce).expect("a CONNACK came");
        }
        if before & 4 != 0 {
            client.ping(NOW);
        }
    }
    drained(&mut client);
    client
}

fn check_outputs(stream: &Stream<'_>, outputs: &[ClientOutput]) {
    let mut sent = 0;
    for (place, output) in outputs.iter().enumerate() {
        match output {
            ClientOutput::Send(bytes) => sent += bytes.len(),
            ClientOutput::Close(cause) => {
                assert_eq!(place + 1, outputs.len(), "nothing follows the end");
                assert!(!cause.to_string().is_empty());
            }
            ClientOutput::Event(ClientEvent::Delivery(delivery)) => {
                assert!(delivery.payload.len() <= stream.bytes.len());
                assert!(!delivery.topic.is_empty() && !delivery.topic.contains(['#', '+', '\0']), "{delivery:?}");
            }
            ClientOutput::Event(event) => assert!(!format!("{event:?}").contains("x-token"), "{event:?}"),
        }
    }
    // A PUBACK is shorter than what it answers, and a DISCONNECT is said once.
    assert!(sent <= stream.bytes.len() + 16, "{sent} bytes of {}", stream.bytes.len());
}

/// Left alone, a client waits, asks, and ends: never does a deadline stand still.
fn runs_out(client: &mut ClientRole) {
    let mut now = NOW;
    let mut pings = 0;
    while let Some((due, _)) = client.poll_timeout() {
        assert!(due >= now, "a deadline is not in the past");
        now = due;
        client.handle_timeout(now);
        for output in drained(client) {
            pings += usize::from(matches!(output, ClientOutput::Send(_)));
        }
        assert!(pings < 4, "nobody answers, and it asks on");
    }
    client.disconnect(now, ReasonCode::SUCCESS);
    client.link_closed(now);
    client.receive(now, &CONNACK);
    let last = drained(client);
    let closes = last.iter().filter(|output| matches!(output, ClientOutput::Close(_))).count();
    assert!(closes <= 1, "{last:?}");
}

fn drained(client: &mut ClientRole) -> Vec<ClientOutput> {
    std::iter::from_fn(|| client.poll_output()).collect()
}
