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
    Item { json: Bytes::from(seq.to_string()), seq: Some(seq), only: None, again: false, repeats: None, deletes: None }
}

fn hidden(seq: u64, author: &str) -> Item {
    Item { only: Some(author.into()), ..stored(seq) }
}

/// A message that its author sent a second time.
fn again(seq: u64, author: &str) -> Item {
    Item { again: true, ..hidden(seq, author) }
}

fn passing() -> Item {
    Item { json: Bytes::from_static(b"null"), seq: None, only: None, again: false, repeats: None, deletes: None }
}

fn payload(json: &str, run: Option<(u64, u64)>) -> Payload {
    Payload { json: json.as_bytes().to_vec(), run: run.map(|(prev, seq)| Run { prev, seq }) }
}

/// What everybody gets where nothing is hidden.
fn packet(json: &str, run: Option<(u64, u64)>) -> Sheaf {
    Sheaf { common: Some(payload(json, run)), hidden: None, again: Again::default() }
}

/// What this person gets of a sheaf.
fn of(sheaf: &Sheaf, user: &str) -> Option<(String, Option<(u64, u64)>)> {
    let own = sheaf.hidden.as_ref().and_then(|hidden| hidden.for_author(&user.into()));
    let payload = own.as_ref().or(sheaf.common.as_ref())?;
    let text = String::from_utf8(payload.json.clone()).unwrap();
    Some((text, payload.run.map(|run| (run.prev, run.seq))))
}

fn got(text: &str, run: Option<(u64, u64)>) -> (String, Option<(u64, u64)>) {
    (text.to_owned(), run)
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

#[test]
fn a_hidden_message_has_its_number_in_the_run_and_its_place_in_its_authors_packet() {
    let mut batcher = batcher();
    for item in [stored(1), hidden(2, "ada"), stored(3), hidden(4, "bob"), hidden(5, "ada")] {
        assert_eq!(batcher.push(at(0), item), None);
    }
    let sheaf = batcher.take_due(at(0)).unwrap();
    assert_eq!(of(&sheaf, "eve"), Some(got("[1,3]", Some((0, 5)))));
    assert_eq!(of(&sheaf, "ada"), Some(got("[1,2,3,5]", Some((0, 5)))));
    assert_eq!(of(&sheaf, "bob"), Some(got("[1,3,4]", Some((0, 5)))));
}

#[test]
fn where_all_is_hidden_nobody_else_gets_a_packet_and_the_next_one_covers_the_numbers() {
    let mut batcher = batcher();
    batcher.push(at(0), hidden(8, "ada"));
    let sheaf = batcher.take_due(at(0)).unwrap();
    assert_eq!(of(&sheaf, "eve"), None);
    assert_eq!(of(&sheaf, "ada"), Some(got("[8]", None)));
    batcher.push(at(100), stored(9));
    assert_eq!(batcher.take_due(at(100)), Some(packet("[9]", Some((7, 9)))));
}

#[test]
fn a_hole_behind_hidden_numbers_is_a_hole_for_everybody() {
    let mut batcher = batcher();
    batcher.push(at(0), hidden(8, "ada"));
    batcher.take_due(at(0)).unwrap();
    batcher.push(at(100), stored(12));
    assert_eq!(batcher.take_due(at(100)), Some(packet("[12]", Some((11, 12)))));
}

fn deletion(seq: u64, of: u64) -> Item {
    Item { deletes: Some(of), ..stored(seq) }
}

#[test]
fn what_is_deleted_while_it_waits_does_not_leave_and_its_number_is_covered() {
    let mut batcher = batcher();
    batcher.push(at(0), stored(1));
    batcher.take_due(at(0)).unwrap();
    for item in [stored(2), hidden(3, "ada"), stored(4), deletion(5, 2), deletion(6, 3), deletion(7, 1)] {
        assert_eq!(batcher.push(at(10), item), None);
    }
    let sheaf = batcher.take_due(at(50)).unwrap();
    for listener in ["ada", "eve"] {
        assert_eq!(of(&sheaf, listener), Some(got("[4,5,6,7]", Some((1, 7)))));
    }
}

#[test]
fn what_repeats_a_message_that_is_deleted_meanwhile_does_not_leave_either() {
    let mut batcher = batcher();
    batcher.push(at(0), stored(1));
    batcher.take_due(at(0)).unwrap();
    for item in [Item { repeats: Some(1), ..stored(2) }, Item { repeats: Some(7), ..stored(3) }, deletion(4, 1)] {
        assert_eq!(batcher.push(at(10), item), None);
    }
    assert_eq!(batcher.take_due(at(50)), Some(packet("[3,4]", Some((1, 4)))));
}

#[test]
fn what_is_deleted_makes_room_in_the_packet() {
    let mut batcher = Batcher::new(WINDOW, 10);
    batcher.push(at(0), stored(111));
    batcher.push(at(0), stored(112));
    assert_eq!(batcher.push(at(0), deletion(113, 112)), None);
    assert_eq!(batcher.take_due(at(50)), Some(packet("[111,113]", Some((110, 113)))));
    batcher.push(at(60), stored(114));
    assert_eq!(batcher.push(at(60), deletion(115, 114)), None);
    assert_eq!(batcher.take_due(at(120)), Some(packet("[115]", Some((113, 115)))));
}

/// Pushes messages of these gaps and lengths and answers all that leaves; `None` as the author is for everybody.
fn run(batcher: &mut Batcher, messages: &[(u64, usize, Option<&str>)]) -> Vec<Sheaf> {
    let (mut now, mut seq) = (at(0), 0);
    let mut sheaves = Vec::new();
    for (gap, length, only) in messages {
        now += Duration::from_millis(*gap);
        sheaves.extend(batcher.take_due(now));
        seq += 1;
        let json = Bytes::from(format!("{seq:0length$}"));
        sheaves.extend(batcher.push(now, Item { json, only: only.map(Into::into), ..stored(seq) }));
        sheaves.extend(batcher.take_due(now));
    }
    sheaves.extend(batcher.take_due(now + WINDOW));
    sheaves
}

fn numbers(text: &str) -> Vec<u64> {
    text.trim_matches(['[', ']']).split(',').map(|n| n.parse().unwrap()).collect()
}

proptest! {
    #[test]
    fn all_goes_out_once_in_order_in_a_chain_and_within_the_size(
        messages in proptest::collection::vec((0u64..120, 1usize..40).prop_map(|(gap, length)| (gap, length, None)), 1..100),
    ) {
        let mut last = 0;
        for sheaf in run(&mut Batcher::new(WINDOW, 100), &messages) {
            let (text, run) = of(&sheaf, "ada").unwrap();
            prop_assert!(text.len() <= 100);
            let (prev, seq) = run.unwrap();
            prop_assert_eq!(prev, last);
            prop_assert_eq!(numbers(&text), (last + 1..=seq).collect::<Vec<_>>());
            last = seq;
        }
        prop_assert_eq!(last, messages.len() as u64);
    }

    #[test]
    fn everybody_gets_what_they_may_see_once_and_in_order_and_nobody_sees_a_hole(
        messages in proptest::collection::vec(
            (0u64..60, 1usize..40, prop_oneof![Just(None), Just(Some("ada")), Just(Some("bob"))]), 1..100,
        ),
    ) {
        let sheaves = run(&mut Batcher::new(WINDOW, 100), &messages);
        for listener in ["ada", "bob", "eve"] {
            let (mut last, mut got) = (0, Vec::new());
            for (text, run) in sheaves.iter().filter_map(|sheaf| of(sheaf, listener)) {
                prop_assert!(text.len() <= 100);
                if let Some((prev, seq)) = run {
                    prop_assert!(prev <= last, "{} sees a hole between {} and {}", listener, last, prev);
                    prop_assert!(seq > last);
                    last = seq;
                }
                got.extend(numbers(&text));
            }
            let visible = (1..).zip(&messages).filter(|(_, (_, _, only))| only.is_none_or(|only| only == listener));
            prop_assert_eq!(got, visible.map(|(seq, _)| seq).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn who_misses_a_packet_with_something_for_everybody_sees_a_hole_at_the_next(
        messages in proptest::collection::vec(
            (0u64..120, 1usize..10, prop_oneof![Just(None), Just(Some("ada"))]), 1..60,
        ),
        lost in 0usize..20,
    ) {
        let sheaves = run(&mut batcher(), &messages);
        let mut common = sheaves.iter().filter_map(|sheaf| sheaf.common.as_ref()?.run).skip(lost);
        if let (Some(lost), Some(next)) = (common.next(), common.next()) {
            prop_assert!(next.prev > lost.prev, "{lost:?} was lost before {next:?}");
            prop_assert_eq!(next.prev, lost.seq);
        }
    }
}

#[test]
fn what_is_said_a_second_time_goes_to_its_author_alone_without_numbers_and_breaks_no_run() {
    let mut batcher = batcher();
    for item in [stored(7), again(2, "ada"), stored(8), again(3, "ada")] {
        assert_eq!(batcher.push(at(0), item), None);
    }
    let sheaf = batcher.take_due(at(0)).unwrap();
    assert_eq!((sheaf.common, sheaf.hidden), (Some(payload("[7,8]", Some((6, 8)))), None));
    assert_eq!(sheaf.again.for_author(&"ada".into()).collect::<Vec<_>>(), [payload("[2]", None), payload("[3]", None)]);
    assert_eq!(sheaf.again.for_author(&"bob".into()).count(), 0);
    batcher.push(at(1), again(2, "ada"));
    assert_eq!(batcher.poll_timeout(), Some(at(50)), "it keeps to the window like all else");
    let sheaf = batcher.take_due(at(50)).unwrap();
    assert_eq!((sheaf.common, sheaf.hidden, sheaf.again.is_empty()), (None, None, false));
}

#[test]
fn what_is_deleted_before_it_goes_out_a_second_time_does_not() {
    let mut batcher = batcher();
    batcher.push(at(0), stored(7));
    batcher.take_due(at(0)).unwrap();
    batcher.push(at(1), again(2, "ada"));
    batcher.push(at(2), Item { deletes: Some(2), ..stored(8) });
    let sheaf = batcher.take_due(at(50)).unwrap();
    assert_eq!(sheaf, packet("[8]", Some((7, 8))));
}
