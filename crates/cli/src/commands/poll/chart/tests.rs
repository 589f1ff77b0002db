use chatroom_wire::poll::{MultiChoice, PollOption};

use super::*;

fn poll(status: PollStatus, voters: i64, options: &[(&str, i64, bool)]) -> Poll {
    let option = |(text, votes_count, corrected): &(&str, i64, bool)| PollOption {
        text: (*text).to_owned(),
        votes_count: *votes_count,
        corrected: corrected.then_some(true),
        ..PollOption::default()
    };
    Poll {
        id: Some("poll-1".into()),
        status,
        votes_count: voters,
        multi_choice: MultiChoice {
            question: "Which duck wins the race?".to_owned(),
            options: options.iter().map(option).collect(),
            ..MultiChoice::default()
        },
        ..Poll::default()
    }
}

fn drawn(poll: &Poll, width: usize, unicode: bool) -> String {
    let lines = chart(poll, Look { width, unicode, palette: Palette::PLAIN });
    for line in &lines[2..] {
        let text = poll.multi_choice.options.iter().any(|option| line.contains(&option.text));
        assert!(text || crate::cells::width(line) <= width, "{line:?} is wider than {width}");
    }
    lines.join("\n")
}

const DUCKS: [(&str, i64, bool); 3] = [("417", 7, false), ("number twelve", 4, true), ("93", 1, false)];

#[test]
fn an_active_poll_says_who_leads_and_not_what_is_right() {
    insta::assert_snapshot!(drawn(&poll(PollStatus::Active, 12, &DUCKS), 72, true));
}

#[test]
fn a_closed_poll_says_who_won_and_what_is_right() {
    insta::assert_snapshot!(drawn(&poll(PollStatus::Closed, 12, &DUCKS), 72, true));
}

#[test]
fn without_unicode_the_bars_are_ascii() {
    let drawn = drawn(&poll(PollStatus::Closed, 12, &DUCKS), 72, false);
    assert!(drawn.is_ascii());
    insta::assert_snapshot!(drawn);
}

#[test]
fn a_queued_poll_has_no_bars() {
    insta::assert_snapshot!(drawn(&poll(PollStatus::Queued, 0, &DUCKS), 72, true));
}

#[test]
fn without_a_vote_nobody_leads() {
    let none = [("yes", 0, false), ("no", 0, false)];
    insta::assert_snapshot!(drawn(&poll(PollStatus::Active, 0, &none), 72, true));
}

#[test]
fn two_that_are_first_are_tied() {
    let tie = [("yes", 2, false), ("no", 2, false), ("perhaps", 1, false)];
    insta::assert_snapshot!(drawn(&poll(PollStatus::Closed, 5, &tie), 72, true));
}

#[test]
fn wide_characters_keep_the_columns() {
    let wide = [("日本語のアヒル", 5, false), ("🦆🦆", 3, false), ("👩‍👩‍👧 family", 2, false), ("plain", 0, false)];
    insta::assert_snapshot!(drawn(&poll(PollStatus::Active, 10, &wide), 72, true));
}

#[test]
fn long_texts_stand_above_their_bars() {
    let long = [
        ("The one with the number four hundred and seventeen on its back, which was said to be slow", 999, false),
        ("The other one", 1, false),
    ];
    insta::assert_snapshot!(drawn(&poll(PollStatus::Active, 1000, &long), 72, true));
}

#[test]
fn a_narrow_terminal_gets_bars_below_the_texts() {
    insta::assert_snapshot!(drawn(&poll(PollStatus::Closed, 12, &DUCKS), 32, true));
    insta::assert_snapshot!(drawn(&poll(PollStatus::Closed, 12, &DUCKS), 20, true));
}

#[test]
fn twenty_options_are_numbered_in_a_column() {
    let names: Vec<String> = (1..=20).map(|number| format!("duck {number}")).collect();
    let many: Vec<(&str, i64, bool)> =
        names.iter().zip(0..).map(|(name, votes)| (name.as_str(), votes % 7 * 3, false)).collect();
    insta::assert_snapshot!(drawn(&poll(PollStatus::Active, 180, &many), 72, true));
}

#[test]
fn what_a_stranger_wrote_moves_no_cursor() {
    let mut poll = poll(PollStatus::Active, 1, &[("a\x1b[2J\nb", 1, false)]);
    poll.multi_choice.question = "q\x1b]0;x\x07\n?".to_owned();
    for line in chart(&poll, Look { width: 72, unicode: true, palette: Palette::PLAIN }) {
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

#[test]
fn a_service_s_strange_numbers_break_nothing() {
    let strange = [("below", -3, false), ("above", i64::MAX, false)];
    let lines =
        chart(&poll(PollStatus::Active, 2, &strange), Look { width: 72, unicode: true, palette: Palette::PLAIN });
    assert!(lines[3].ends_with("100 %  9223372036854775807  leads"), "{lines:?}");
    assert!(
        chart(&poll(PollStatus::Active, 2, &[]), Look { width: 0, unicode: false, palette: Palette::PLAIN }).len() == 2
    );
}
