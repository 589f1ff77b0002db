use super::*;
use crate::chaos_proxy::plan::Plan;
use crate::chaos_proxy::script::Script;

/// A CONNECT, a PUBLISH and a PINGREQ, without WebSocket.
const STREAM: &[u8] = &[0x10, 1, 0, 0x32, 4, 0, 1, b'a', 0, 0xC0, 0];

const REQUEST: &[u8] = b"GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";

/// What passes before the first rule's point is reached, whatever the slicing; all of it if it never is.
fn before(at: &str, stream: &[u8]) -> Vec<u8> {
    let of = |size: usize| {
        let script = format!(r#"{{"seed": 5, "rules": [{{"fault": "reset", "at": {at}}}]}}"#);
        let plan = Plan::new(&Script::from_json(&script).expect("it is a script"), 0);
        let mut lane = Lane::new(Direction::Up);
        lane.look_out(0, plan.hits[0].when.clone());
        let mut passed = Vec::new();
        let mut chunks = stream.chunks(size);
        loop {
            match lane.poll(Duration::ZERO) {
                Step::Write(bytes) => passed.extend_from_slice(&bytes),
                Step::Reached(number) => {
                    assert_eq!(number, 0);
                    return passed;
                }
                Step::Finished => {
                    assert_eq!(passed, stream);
                    return passed;
                }
                Step::Wait(due) => {
                    assert_eq!(due, None);
                    match chunks.next() {
                        Some(chunk) => lane.receive(chunk),
                        None => lane.end(),
                    }
                }
            }
        }
    };
    let whole = of(stream.len());
    for size in 1..stream.len() {
        assert_eq!(of(size), whole, "in slices of {size}");
    }
    whole
}

#[test]
fn a_point_at_a_packet_stops_before_it_in_it_or_after_it() {
    let publish = |place: &str| before(&format!(r#"{{"packet": {{"kind": "publish", "place": "{place}"}}}}"#), STREAM);
    assert_eq!(publish("before"), STREAM[..3]);
    assert_eq!(publish("after"), STREAM[..9]);
    assert!((4..9).contains(&publish("inside").len()));
    let ping = before(r#"{"packet": {"kind": "any", "nth": 3, "place": "inside"}}"#, STREAM);
    assert_eq!(ping, STREAM[..10]);
}

#[test]
fn a_point_after_so_many_bytes_stops_there() {
    assert_eq!(before(r#"{"bytes": {"direction": "up", "count": 7}}"#, STREAM), STREAM[..7]);
    assert_eq!(before(r#"{"bytes": {"direction": "up", "count": 0}}"#, STREAM), b"");
}

#[test]
fn a_point_that_never_comes_lets_all_pass() {
    assert_eq!(before(r#"{"packet": {"kind": "disconnect"}}"#, STREAM), STREAM);
    assert_eq!(before(r#"{"upgrade": "up"}"#, b"GET / HTTP/1.1\r\n\r\n"), b"GET / HTTP/1.1\r\n\r\n");
}

#[test]
fn a_point_in_an_upgrade_or_a_handshake_stops_within_it() {
    let upgrade = before(r#"{"upgrade": "up"}"#, REQUEST);
    assert!((1..REQUEST.len()).contains(&upgrade.len()));
    let hello = [&[0x16, 3, 1, 0, 200][..], &[7; 200]].concat();
    assert!((1..=100).contains(&before(r#"{"handshake": "up"}"#, &hello).len()));
}

#[test]
fn a_point_in_a_frame_stops_within_it() {
    let frame = [&[0x82, 0x80 | 0x14, 0, 0, 0, 0][..], &[0x32, 18], &[0; 18]].concat();
    let stream = [REQUEST, &frame].concat();
    let cut = before(r#"{"frame": {"direction": "up", "place": "inside"}}"#, &stream).len() - REQUEST.len();
    assert!((6..frame.len()).contains(&cut), "{cut}");
    assert_eq!(before(r#"{"frame": {"direction": "up", "place": "before"}}"#, &stream), REQUEST);
}

#[test]
fn a_lane_that_swallows_passes_nothing_and_still_ends() {
    let mut lane = Lane::new(Direction::Down);
    lane.receive(b"\x20\x03\x00\x00\x00");
    lane.swallow();
    lane.receive(b"more");
    assert_eq!(lane.poll(Duration::ZERO), Step::Wait(None));
    lane.end();
    assert_eq!(lane.poll(Duration::ZERO), Step::Finished);
    assert_eq!(lane.counted.down, Passed { swallowed: 9, packets: 1, ..Passed::default() });
}

#[test]
fn a_lane_has_room_for_a_bounded_number_of_bytes() {
    let mut lane = Lane::new(Direction::Up);
    let latency = serde_json::from_str(r#"{"latency": {"ms": 1000}}"#).unwrap();
    lane.shape(&latency, Dice::new(1));
    let mut taken = 0;
    while lane.has_room() {
        lane.receive(&[0; 8192]);
        taken += 8192;
        assert_eq!(lane.poll(Duration::ZERO), Step::Wait(Some(Duration::from_secs(1))));
    }
    assert_eq!(taken, ROOM);
}
