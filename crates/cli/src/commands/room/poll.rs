//! A poll as lines, with a bar for each option.

use chatroom_wire::{
    SafeText,
    poll::{Poll, PollKind, PollOption, PollStatus},
};

use crate::{
    color::{Palette, Style},
    words::{padded, thousands, widest},
};

/// How many cells the bar of all votes takes.
const BAR: u64 = 20;

/// The question, and an option on each line below.
pub(in crate::commands) fn lines(poll: &Poll, palette: Palette) -> Vec<String> {
    let options = &poll.multi_choice.options;
    let texts: Vec<SafeText> = options.iter().map(|option| SafeText::name(&option.text, "(no text)")).collect();
    let counts: Vec<String> = options.iter().map(|option| thousands(option.votes_count)).collect();
    let (of_text, of_count) = (widest(texts.iter().map(AsRef::as_ref)), widest(counts.iter().map(String::as_str)));
    let mut lines = vec![format!(
        "{} {}",
        SafeText::line(&poll.multi_choice.question),
        palette.paint(Style::Dim, format_args!("({})", state(poll)))
    )];
    for ((option, text), count) in options.iter().zip(&texts).zip(&counts) {
        let share = Share::of(option, poll);
        let right = if option.corrected == Some(true) { "  right" } else { "" };
        lines.push(format!(
            "{}  {}{}  {count:>of_count$}  {:>3} %{right}",
            padded(text.as_ref(), of_text),
            palette.paint(Style::Cyan, "█".repeat(share.cells)),
            palette.paint(Style::Dim, "░".repeat(share.rest)),
            share.percent,
        ));
    }
    lines
}

fn state(poll: &Poll) -> String {
    let status = match poll.status {
        PollStatus::Queued => "not started",
        PollStatus::Active => "running",
        PollStatus::Closed => "closed",
        PollStatus::Archived => "archived",
    };
    let kind = match poll.kind {
        PollKind::SingleChoice => "one choice",
        PollKind::MultiChoice => "several choices",
    };
    let voters = if poll.votes_count == 1 { "voter" } else { "voters" };
    format!("{status}, {kind}, {} {voters}", thousands(poll.votes_count))
}

/// How much of all voters chose an option.
struct Share {
    cells: usize,
    rest: usize,
    percent: u64,
}

impl Share {
    fn of(option: &PollOption, poll: &Poll) -> Self {
        // Numbers of a stranger: neither negative, nor more than all, nor too large to be multiplied.
        let all = u128::try_from(poll.votes_count).unwrap_or_default().max(1);
        let votes = u128::try_from(option.votes_count).unwrap_or_default().min(all);
        let part = |of: u64| u64::try_from((votes * u128::from(of) * 2 + all) / (all * 2)).unwrap_or(of);
        let cells = part(BAR);
        let length = |cells: u64| usize::try_from(cells).expect("a bar fits on a line");
        Self { cells: length(cells), rest: length(BAR - cells), percent: part(100) }
    }
}

#[cfg(test)]
mod tests {
    use chatroom_wire::poll::MultiChoice;

    use super::*;

    fn poll(votes: &[(&str, i64, Option<bool>)], all: i64) -> Poll {
        let option = |&(text, votes_count, corrected): &(&str, i64, Option<bool>)| PollOption {
            text: text.to_owned(),
            votes_count,
            corrected,
            ..PollOption::default()
        };
        let multi_choice = MultiChoice {
            question: "Who was it?".to_owned(),
            options: votes.iter().map(option).collect(),
            ..MultiChoice::default()
        };
        Poll { multi_choice, votes_count: all, status: PollStatus::Active, ..Poll::default() }
    }

    #[test]
    fn each_option_has_a_bar_as_long_as_its_share() {
        let poll = poll(&[("The butler", 820, Some(false)), ("由紀", 1640, Some(true)), ("\x1b[2J", 0, None)], 2460);
        insta::assert_snapshot!(lines(&poll, Palette::PLAIN).join("\n"), @"");
    }

    #[test]
    fn numbers_that_can_t_be_are_shown_without_a_panic() {
        for votes in [i64::MIN, -1, 7, i64::MAX] {
            for all in [i64::MIN, 0, 5, i64::MAX] {
                assert_eq!(lines(&poll(&[("a", votes, None)], all), Palette::PLAIN).len(), 2);
            }
        }
    }
}
