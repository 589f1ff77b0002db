//! When the messages of a room go out, and which in one packet. Pure: time comes in.
//!
//! The first message of a quiet room leaves at once; what comes within the window after a packet is gathered for the
//! next one. A packet holds a run of the room's log without a hole, so that `prev` and `seq` tell a client all it must
//! know to find out whether it missed something.

use std::time::Duration;

use bytes::Bytes;
use chatroom_wire::envelope;

use crate::bus::Item;

/// Gathers the messages of one room.
#[derive(Debug)]
pub(crate) struct Batcher {
    window: Duration,
    max: usize,
    pending: Vec<Bytes>,
    /// The size of the array that `pending` makes.
    size: usize,
    run: Option<Run>,
    /// When the next packet may leave.
    due: Duration,
}

/// The numbers of the stored messages in one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// The number before the first.
    pub(crate) prev: u64,
    /// The last number.
    pub(crate) seq: u64,
}

/// The payload of one packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gathered {
    /// A JSON array of messages.
    pub(crate) payload: Vec<u8>,
    /// Which stored messages are in it; none if it holds others only.
    pub(crate) run: Option<Run>,
}

impl Batcher {
    /// Gathers for `window` at most and `max` bytes at most; a single larger message goes alone.
    pub(crate) fn new(window: Duration, max: usize) -> Self {
        Self { window, max, pending: Vec::new(), size: EMPTY, run: None, due: Duration::ZERO }
    }

    /// Takes a message. Gives back the packet that must leave before it, if there is one.
    pub(crate) fn push(&mut self, now: Duration, item: Item) -> Option<Gathered> {
        let too_large = self.size + item.json.len() + 1 > self.max && !self.pending.is_empty();
        let hole = matches!((self.run, item.seq), (Some(run), Some(seq)) if seq != run.seq + 1);
        let before = (too_large || hole).then(|| self.gather(now)).flatten();
        if let Some(seq) = item.seq {
            let prev = self.run.map_or_else(|| seq.saturating_sub(1), |run| run.prev);
            self.run = Some(Run { prev, seq });
        }
        self.size += item.json.len() + 1;
        self.pending.push(item.json);
        before
    }

    /// When to call [`Batcher::take_due`], if anything waits.
    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        (!self.pending.is_empty()).then_some(self.due)
    }

    /// The packet that is due now, if one is.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<Gathered> {
        if now >= self.due { self.gather(now) } else { None }
    }

    fn gather(&mut self, now: Duration) -> Option<Gathered> {
        if self.pending.is_empty() {
            return None;
        }
        self.due = now + self.window;
        self.size = EMPTY;
        let payload = envelope::join(self.pending.drain(..).as_slice().iter().map(AsRef::as_ref));
        Some(Gathered { payload, run: self.run.take() })
    }
}

/// The brackets, without the comma that the first message does not need.
const EMPTY: usize = 1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_millis(50);

    fn batcher() -> Batcher {
        Batcher::new(WINDOW, 1000)
    }

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(1000 + milliseconds)
    }

    fn stored(seq: u64) -> Item {
        Item { json: Bytes::from(seq.to_string()), seq: Some(seq) }
    }

    fn passing() -> Item {
        Item { json: Bytes::from_static(b"null"), seq: None }
    }

    fn packet(payload: &str, run: Option<(u64, u64)>) -> Gathered {
        Gathered { payload: payload.as_bytes().to_vec(), run: run.map(|(prev, seq)| Run { prev, seq }) }
    }

    #[test]
    fn the_first_message_of_a_quiet_room_leaves_at_once() {
        let mut batcher = batcher();
        assert_eq!(batcher.push(at(0), stored(8)), None);
        assert!(batcher.poll_timeout().unwrap() <= at(0));
        assert_eq!(batcher.take_due(at(0)), Some(packet("[8]", Some((7, 8)))));
        assert_eq!(batcher.poll_timeout(), None);
    }

    #[test]
    fn what_comes_within_the_window_leaves_together_at_its_end() {
        let mut batcher = batcher();
        batcher.push(at(0), stored(1));
        batcher.take_due(at(0)).unwrap();
        batcher.push(at(1), stored(2));
        batcher.push(at(30), stored(3));
        assert_eq!(batcher.take_due(at(49)), None);
        assert_eq!(batcher.poll_timeout(), Some(at(50)));
        assert_eq!(batcher.take_due(at(50)), Some(packet("[2,3]", Some((1, 3)))));
        batcher.push(at(200), stored(4));
        assert_eq!(batcher.take_due(at(200)), Some(packet("[4]", Some((3, 4)))), "the room is quiet again");
    }

    #[test]
    fn a_full_packet_leaves_before_the_window_ends() {
        let mut batcher = Batcher::new(WINDOW, 10);
        assert_eq!(batcher.push(at(0), stored(111)), None);
        assert_eq!(batcher.push(at(0), stored(112)), None);
        assert_eq!(batcher.push(at(0), stored(113)), Some(packet("[111,112]", Some((110, 112)))));
        assert_eq!(batcher.take_due(at(50)), Some(packet("[113]", Some((112, 113)))));
    }

    #[test]
    fn a_hole_in_the_log_never_hides_inside_a_packet() {
        let mut batcher = batcher();
        batcher.push(at(0), stored(1));
        assert_eq!(batcher.push(at(0), stored(5)), Some(packet("[1]", Some((0, 1)))));
        assert_eq!(batcher.take_due(at(50)), Some(packet("[5]", Some((4, 5)))), "prev is 4, which no client has seen");
    }

    #[test]
    fn messages_that_are_not_stored_have_no_numbers_and_break_no_run() {
        let mut batcher = batcher();
        batcher.push(at(0), passing());
        assert_eq!(batcher.take_due(at(0)), Some(packet("[null]", None)));
        batcher.push(at(1), stored(1));
        batcher.push(at(2), passing());
        batcher.push(at(3), stored(2));
        assert_eq!(batcher.take_due(at(50)), Some(packet("[1,null,2]", Some((0, 2)))));
    }

    proptest! {
        #[test]
        fn all_goes_out_once_in_order_in_a_chain_and_within_the_size(
            gaps in proptest::collection::vec((0u64..120, 1usize..40), 1..100),
        ) {
            let mut batcher = Batcher::new(WINDOW, 100);
            let (mut now, mut seq) = (at(0), 0);
            let mut packets = Vec::new();
            for (gap, length) in gaps {
                now += Duration::from_millis(gap);
                packets.extend(batcher.take_due(now));
                seq += 1;
                packets.extend(batcher.push(now, Item { json: Bytes::from(format!("{seq:0length$}")), seq: Some(seq) }));
                packets.extend(batcher.take_due(now));
            }
            packets.extend(batcher.take_due(now + WINDOW));
            let mut last = 0;
            for packet in packets {
                prop_assert!(packet.payload.len() <= 100);
                let run = packet.run.unwrap();
                prop_assert_eq!(run.prev, last);
                let text = String::from_utf8(packet.payload).unwrap();
                let numbers: Vec<u64> = text.trim_matches(['[', ']']).split(',').map(|n| n.parse().unwrap()).collect();
                prop_assert_eq!(numbers, (last + 1..=run.seq).collect::<Vec<_>>());
                last = run.seq;
            }
            prop_assert_eq!(last, seq);
        }
    }
}
