use proptest::prelude::*;

use super::*;

/// A frame as a client sends it.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..=0xFFFF => {
            frame.push(0x80 | 0x7E);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(0x80 | 0x7F);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    data: Vec<u8>,
    pings: Vec<Vec<u8>>,
    closes: usize,
}

fn read(slices: impl IntoIterator<Item = Vec<u8>>) -> Result<Told, FrameError> {
    let mut reader = FrameReader::default();
    let mut told = Told::default();
    for mut slice in slices {
        reader.read(&mut slice, &mut |piece| match piece {
            Incoming::Data(piece) => told.data.extend_from_slice(piece),
            Incoming::Ping(payload) => told.pings.push(payload.to_vec()),
            Incoming::Close => told.closes += 1,
        })?;
    }
    Ok(told)
}

#[test]
fn a_stream_in_several_frames_with_a_ping_between_comes_out_whole() {
    let frames = [masked(0x02, b"ab"), masked(0x89, b"?"), masked(0x00, b"cd"), masked(0x80, b""), masked(0x82, b"ef")];
    let told = read([frames.concat()]).unwrap();
    assert_eq!(told, Told { data: b"abcdef".to_vec(), pings: vec![b"?".to_vec()], closes: 0 });
}

#[test]
fn an_empty_ping_and_a_close_at_the_end_of_the_bytes_are_told() {
    let told = read([masked(0x89, b""), masked(0x88, b"")]).unwrap();
    assert_eq!(told, Told { data: vec![], pings: vec![vec![]], closes: 1 });
    assert_eq!(read([masked(0x88, &[0x03, 0xE8])]).unwrap().closes, 1);
}

#[test]
fn what_follows_a_close_is_not_read() {
    for behind in [masked(0x82, b"x"), masked(0x88, b""), masked(0x81, b"text"), vec![0xFF; 20]] {
        let close = [masked(0x82, b"a"), masked(0x88, b"")].concat();
        let expected = Ok(Told { data: b"a".to_vec(), pings: vec![], closes: 1 });
        assert_eq!(read([[&close[..], &behind].concat()]), expected, "at once");
        assert_eq!(read([close, behind]), expected, "later");
    }
}

#[test]
fn what_breaks_the_rules_is_refused_with_its_code() {
    let cases = [
        (vec![0x82, 0x01, b'x'], FrameError::NotMasked, 1002),
        (masked(0xC2, b"x"), FrameError::Reserved, 1002),
        (masked(0x83, b"x"), FrameError::Reserved, 1002),
        (masked(0x8B, b"x"), FrameError::Reserved, 1002),
        (masked(0x81, b"x"), FrameError::Text, 1003),
        (masked(0x09, b"x"), FrameError::Control, 1002),
        (masked(0x89, &[0; 126]), FrameError::Control, 1002),
        (masked(0x80, b"x"), FrameError::Continuation, 1002),
        ([masked(0x02, b"x"), masked(0x82, b"x")].concat(), FrameError::Continuation, 1002),
        ([&[0x82, 0xFF], [0xFF; 12].as_slice()].concat(), FrameError::Length, 1002),
    ];
    for (bytes, error, code) in cases {
        assert_eq!(read([bytes.clone()]), Err(error), "{bytes:?}");
        assert_eq!(error.code(), code);
    }
}

#[test]
fn a_servers_frames_have_their_lengths_in_the_shortest_form() {
    for (length, head) in [
        (0usize, vec![0x82, 0]),
        (125, vec![0x82, 125]),
        (126, vec![0x82, 126, 0, 126]),
        (0xFFFF, vec![0x82, 126, 0xFF, 0xFF]),
        (0x1_0000, vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let frame = binary(&vec![7; length]);
        assert_eq!(frame[..head.len()], head);
        assert_eq!(frame.len(), head.len() + length);
    }
}

proptest! {
    #[test]
    fn slicing_changes_nothing(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 1..6),
        cut in 1usize..50,
    ) {
        let stream: Vec<u8> = payloads.iter().flat_map(|payload| masked(0x82, payload)).collect();
        let told = read(stream.chunks(cut).map(<[u8]>::to_vec)).unwrap();
        prop_assert_eq!(told.data, payloads.concat());
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 1usize..20) {
        let _ = read(bytes.chunks(cut).map(<[u8]>::to_vec));
    }
}
