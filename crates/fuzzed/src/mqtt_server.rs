//! A stream of MQTT bytes, as a server reads it.

use std::time::Duration;

use chatroom_mqtt::{Accept, ReasonCode, ServerEvent, ServerOptions, ServerOutput, ServerRole, encode_publish};

use crate::{cost, link::Stream};

const NOW: Duration = Duration::from_secs(1_000);
const CONNECT: &[u8] = b"\x10\x0E\x00\x04MQTT\x05\x02\x00\x1E\x00\x00\x01a";
/// What a role takes, and the answers to as many packets as fit into one slice.
const FIXED: usize = 64 * 1024;

/// Hands a server what a client might send. The first byte says how the server behaves, and whether a CONNECT has come
/// before; the second, how the stream is cut.
///
/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let stream = Stream::of(data);
    cost::bounded("a server", cost::fourfold(stream.bytes.len(), FIXED), || {
        let mut server = begun(stream.before);
        for slice in stream.slices() {
            server.receive(NOW, slice);
            answered(&mut server, stream.before, |_| {});
        }
    });
    let mut cut = begun(stream.before);
    let mut outputs = Vec::new();
    for slice in stream.slices() {
        cut.receive(NOW, slice);
        answered(&mut cut, stream.before, |output| outputs.push(output));
    }
    check_outputs(&stream, &outputs);
    if stream.before & KEEPS_SILENT != 0 {
        let mut whole = begun(stream.before);
        let mut others = Vec::new();
        whole.receive(NOW, stream.bytes);
        answered(&mut whole, stream.before, |output| others.push(output));
        // What waits for an answer is allowed less, so with answers it depends on when they come.
        assert_eq!(outputs, others, "any slicing gives the same");
    }
    runs_out(&mut cut);
}

/// The client is let in before the stream comes.
const LET_IN: u8 = 1;
/// Whoever asks is refused.
const REFUSES: u8 = 2;
/// Who is let in gets no answer to anything.
const KEEPS_SILENT: u8 = 4;

fn begun(before: u8) -> ServerRole {
    let mut server = ServerRole::new(NOW, ServerOptions::default());
    if before & LET_IN != 0 {
        server.receive(NOW, CONNECT);
        server.accept(NOW, Accept::new(30));
        while server.poll_output().is_some() {}
    }
    server
}

/// Answers what is asked, until the server has nothing more to say.
fn answered(server: &mut ServerRole, before: u8, mut tell: impl FnMut(ServerOutput)) {
    while let Some(output) = server.poll_output() {
        match &output {
            ServerOutput::Event(ServerEvent::Connect(_)) if before & REFUSES != 0 => {
                server.refuse(NOW, ReasonCode::NOT_AUTHORIZED, Some("no"));
            }
            ServerOutput::Event(ServerEvent::Connect(_)) => server.accept(NOW, Accept::new(30)),
            ServerOutput::Event(_) if before & KEEPS_SILENT != 0 => {}
            ServerOutput::Event(ServerEvent::Subscribe { id, filters }) => {
                server.suback(NOW, *id, &vec![ReasonCode::SUCCESS; filters.len()], None);
            }
            ServerOutput::Event(ServerEvent::Unsubscribe { id, filters }) => {
                server.unsuback(NOW, *id, &vec![ReasonCode::SUCCESS; filters.len()], None);
            }
            ServerOutput::Event(ServerEvent::Publish(publish)) => {
                if let Some(id) = publish.id {
                    server.puback(NOW, id, ReasonCode::SUCCESS, None, &[]);
                }
            }
            ServerOutput::Event(_) | ServerOutput::Send(_) | ServerOutput::Close(_) => {}
        }
        tell(output);
    }
}

fn check_outputs(stream: &Stream<'_>, outputs: &[ServerOutput]) {
    let mut sent = 0;
    for (place, output) in outputs.iter().enumerate() {
        match output {
            ServerOutput::Send(bytes) => sent += bytes.len(),
            ServerOutput::Close(cause) => {
                assert_eq!(place + 1, outputs.len(), "nothing follows the end");
                assert!(!cause.to_string().is_empty());
            }
            ServerOutput::Event(ServerEvent::Publish(publish)) => {
                assert!(!publish.topic.is_empty() && !publish.topic.contains(['#', '+', '\0']), "{publish:?}");
                let pairs: Vec<(&str, &str)> =
                    publish.user_properties.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
                let packet = encode_publish(&publish.topic, &publish.payload, &pairs);
                assert!(packet.is_ok(), "what came in can go out: {packet:?}");
            }
            ServerOutput::Event(_) => {}
        }
    }
    // An acknowledgement is as long as what it answers at most; a refusal at the end says why.
    assert!(sent <= 2 * stream.bytes.len() + 256, "{sent} bytes of {}", stream.bytes.len());
}

/// Left alone, a server waits and ends.
fn runs_out(server: &mut ServerRole) {
    let mut now = NOW;
    for _ in 0..4 {
        let Some((due, _)) = server.poll_timeout() else { return };
        assert!(due >= now, "a deadline is not in the past");
        now = due;
        server.handle_timeout(now);
        while server.poll_output().is_some() {}
    }
    panic!("nobody speaks, and it waits on");
}
