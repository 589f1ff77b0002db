//! What holds for any bytes and any slicing.

mod support;

use chatroom_mqtt::{
    Accept, ClientEvent, ClientOutput, ClientRole, ServerEvent, ServerOptions, ServerOutput, ServerRole, encode_publish,
};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{CONNACK, CONNECT, START, drain_client, drain_server, options};

/// What a client gives when a stream comes in these slices.
fn client_outputs(slices: &[&[u8]]) -> Vec<ClientOutput> {
    let mut client = ClientRole::new();
    client.connect(START, options());
    let mut outputs = Vec::new();
    for slice in slices {
        client.receive(START, slice);
        outputs.extend(drain_client(&mut client));
    }
    outputs
}

/// What a server gives when a stream comes in these slices; it accepts every CONNECT.
fn server_outputs(slices: &[&[u8]]) -> Vec<ServerOutput> {
    let mut server = ServerRole::new(START, ServerOptions::default());
    let mut outputs = Vec::new();
    for slice in slices {
        server.receive(START, slice);
        while let Some(output) = server.poll_output() {
            if matches!(output, ServerOutput::Event(ServerEvent::Connect(_))) {
                server.accept(START, Accept::new(30));
            }
            outputs.push(output);
        }
        outputs.extend(drain_server(&mut server));
    }
    outputs
}

/// Cuts a stream at these places.
fn slices<'a>(stream: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|two| &stream[two[0]..two[1]]).collect()
}

/// A packet whose frame is right and whose body is anything.
fn framed() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        4 => prop::sample::select(vec![0x30, 0x32, 0x3A, 0x40, 0x90, 0xD0, 0xE0, 0x10, 0x82, 0xA2, 0xC0, 0x20, 0xF0]),
        1 => any::<u8>(),
    ];
    (first, vec(prop_oneof![2 => 0_u8..6, 1 => any::<u8>()], 0..40)).prop_map(|(first, body)| {
        let length = u8::try_from(body.len()).expect("40 bytes at most");
        [&[first, length], &body[..]].concat()
    })
}

/// Packets that a server may send to a connected client.
fn deliveries() -> impl Strategy<Value = Vec<u8>> {
    vec(
        prop_oneof![
            ("[a-z/]{1,20}", vec(any::<u8>(), 0..300), vec(("[a-z]{0,9}", "\\PC{0,9}"), 0..4)).prop_map(
                |(topic, payload, properties)| {
                    let pairs: Vec<(&str, &str)> =
                        properties.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
                    encode_publish(&topic, &payload, &pairs).expect("plain topics and texts").to_vec()
                }
            ),
            (1_u8..9).prop_map(|id| vec![0x32, 7, 0, 1, b'a', 0, id, 0, b'x']),
            Just(vec![0xD0, 0]),
            Just(vec![0x40, 2, 0, 9]),
        ],
        0..12,
    )
    .prop_map(|packets| packets.concat())
}

/// A close stands at the end, once or not at all.
fn ends_at_close(closes: &[bool]) -> bool {
    closes.iter().rev().skip(1).all(|is_close| !is_close)
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_close_or_in_waiting_for_more(
        bytes in vec(any::<u8>(), 0..200),
        packets in vec(framed(), 0..6),
        is_connected: bool,
    ) {
        let tail = [packets.concat(), bytes].concat();
        let stream = if is_connected { [&CONNACK[..], &tail].concat() } else { tail.clone() };
        let outputs = client_outputs(&[&stream]);
        let closes: Vec<bool> = outputs.iter().map(|output| matches!(output, ClientOutput::Close(_))).collect();
        prop_assert!(ends_at_close(&closes), "{outputs:?}");

        let stream = if is_connected { [CONNECT, &tail].concat() } else { tail };
        let outputs = server_outputs(&[&stream]);
        let closes: Vec<bool> = outputs.iter().map(|output| matches!(output, ServerOutput::Close(_))).collect();
        prop_assert!(ends_at_close(&closes), "{outputs:?}");
    }

    #[test]
    fn one_wrong_byte_anywhere_in_a_stream_does_no_harm(
        stream in deliveries(),
        place: prop::sample::Index,
        byte: u8,
    ) {
        let mut stream = [&CONNACK[..], &stream].concat();
        let place = place.index(stream.len());
        stream[place] = byte;
        let outputs = client_outputs(&[&stream]);
        let closes: Vec<bool> = outputs.iter().map(|output| matches!(output, ClientOutput::Close(_))).collect();
        prop_assert!(ends_at_close(&closes), "{outputs:?}");
    }

    #[test]
    fn any_slicing_of_a_stream_to_a_client_gives_the_same(
        packets in deliveries(),
        junk in vec(framed(), 0..2),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let stream = [&CONNACK[..], &packets, &junk.concat()].concat();
        let whole = client_outputs(&[&stream]);
        prop_assert_eq!(&whole, &client_outputs(&slices(&stream, &cuts)));
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(whole, client_outputs(&bytes));
    }

    #[test]
    fn any_slicing_of_a_stream_to_a_server_gives_the_same(
        packets in deliveries(),
        junk in vec(framed(), 0..2),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let stream = [CONNECT, &packets, &junk.concat()].concat();
        let whole = server_outputs(&[&stream]);
        prop_assert_eq!(&whole, &server_outputs(&slices(&stream, &cuts)));
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(whole, server_outputs(&bytes));
    }

    #[test]
    fn a_message_reads_as_it_was_written(
        topic in "[a-zA-Z0-9/ é聊]{1,60}",
        payload in vec(any::<u8>(), 0..2_000),
        properties in vec(("\\PC{0,20}", "\\PC{0,20}"), 0..5),
    ) {
        let pairs: Vec<(&str, &str)> = properties.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let packet = encode_publish(&topic, &payload, &pairs).unwrap();
        let outputs = client_outputs(&[&CONNACK, &packet]);
        let ClientOutput::Event(ClientEvent::Delivery(delivery)) = &outputs[2] else { panic!("{outputs:?}") };
        prop_assert_eq!(&delivery.topic, &topic);
        prop_assert_eq!(&delivery.payload[..], &payload[..]);
        prop_assert_eq!(&delivery.user_properties, &properties);
    }
}
