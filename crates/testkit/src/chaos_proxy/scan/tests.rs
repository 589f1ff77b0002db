use super::*;

const REQUEST: &[u8] = b"GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
const MASK: [u8; 4] = [7, 9, 11, 13];
const PUBLISH: &[u8] = &[0x32, 4, 0, 1, b'a', 0];
const PING: &[u8] = &[0xC0, 0];

/// A masked frame.
fn frame(first: u8, content: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | u8::try_from(content.len()).unwrap()];
    frame.extend(MASK);
    frame.extend(content.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The marks of a stream, which are the same in any slicing.
fn marks(stream: &[u8]) -> Vec<Mark> {
    let of = |size: usize| {
        let (mut scanner, mut marks) = (Scanner::new(), Vec::new());
        for chunk in stream.chunks(size) {
            scanner.scan(chunk, |mark| marks.push(mark));
        }
        marks
    };
    let whole = of(stream.len());
    assert!((1..stream.len()).all(|size| of(size) == whole));
    whole
}

fn packets(marks: &[Mark]) -> Vec<(u8, Place, u64, u64)> {
    let packet = |mark: &Mark| match *mark {
        Mark::Packet { first_byte, found } => Some((first_byte, found.place, found.at, found.more)),
        Mark::Tls | Mark::Upgrade { .. } | Mark::Frame(_) => None,
    };
    marks.iter().filter_map(packet).collect()
}

#[test]
fn a_packet_in_a_frame_has_its_three_places() {
    let stream = [REQUEST, &frame(0x82, PUBLISH)].concat();
    let end = REQUEST.len() as u64;
    let marks = marks(&stream);
    assert_eq!(marks[0], Mark::Upgrade { end });
    let body = end + 6;
    assert_eq!(
        packets(&marks),
        [(0x32, Place::Before, body, 0), (0x32, Place::Inside, body + 2, 3), (0x32, Place::After, body + 6, 0)]
    );
    assert_eq!(marks.last(), Some(&Mark::Frame(Found { place: Place::After, at: stream.len() as u64, more: 0 })));
}

#[test]
fn packets_may_share_a_frame_or_be_torn_by_frames() {
    let both = [PUBLISH, PING].concat();
    let one = marks(&[REQUEST, &frame(0x82, &both)].concat());
    let torn = [REQUEST, &frame(0x02, &both[..1]), &frame(0x89, b"ping"), &frame(0x80, &both[1..])].concat();
    let torn = marks(&torn);
    let kinds = |marks: &[Mark]| packets(marks).iter().map(|found| (found.0, found.1)).collect::<Vec<_>>();
    assert_eq!(kinds(&one).len(), 6);
    assert_eq!(kinds(&one), kinds(&torn));
}

#[test]
fn a_cut_inside_leaves_out_at_least_a_byte_and_lets_at_least_one_pass() {
    let stream = [PUBLISH, PING].concat();
    // Bare MQTT begins with a CONNECT.
    let connect = [0x10, 1, 0];
    let found = packets(&marks(&[&connect[..], &stream].concat()));
    let inside: Vec<_> =
        found.iter().filter(|found| found.1 == Place::Inside).map(|found| (found.2, found.3)).collect();
    // CONNECT at 0, PUBLISH at 3 to 9, PINGREQ at 9.
    assert_eq!(inside, [(2, 0), (5, 3), (10, 0)]);
}

#[test]
fn a_call_has_no_packets_and_tls_is_not_read() {
    assert_eq!(marks(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x32\x01\x00"), []);
    assert_eq!(marks(&[0x16, 3, 1, 0, 200, 1]), [Mark::Tls]);
}

#[test]
fn an_agreement_to_a_websocket_is_found_and_a_refusal_is_none() {
    let agreed = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!(marks(agreed), [Mark::Upgrade { end: agreed.len() as u64 }]);
    assert_eq!(marks(b"HTTP/1.1 403 Forbidden\r\n\r\n"), []);
}

#[test]
fn nonsense_has_an_end() {
    let mut scanner = Scanner::new();
    scanner.scan(&vec![b'x'; 100_000], |mark| panic!("{mark:?}"));
    assert!(!scanner.is_in_head());
    scanner = Scanner::new();
    let mut found = 0;
    scanner.scan(&[0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x10, 0], |_| found += 1);
    assert_eq!(found, 1, "only its beginning looked like a packet");
}
