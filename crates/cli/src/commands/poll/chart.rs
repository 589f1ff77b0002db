//! A poll as a bar chart. Pure: the terminal's width and what it can show come in.

use chatroom_wire::{
    SafeText,
    poll::{Poll, PollKind, PollStatus},
};

use crate::{
    color::{Palette, Style},
    words::{padded, widest},
};

/// How a chart is drawn.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Look {
    /// How many cells there are.
    pub(in crate::commands) width: usize,
    /// Whether there is more than ASCII.
    pub(in crate::commands) unicode: bool,
    pub(in crate::commands) palette: Palette,
}

/// A bar shorter than this tells nothing beside a text; then it gets a line of its own.
const BAR_MIN: usize = 10;
/// Between two columns.
const GAP: usize = 2;

/// A part of a cell, in eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The poll's question, its state, and a bar for each option: a full one means that everybody who voted chose it.
pub(in crate::commands) fn chart(poll: &Poll, look: Look) -> Vec<String> {
    let mut lines = vec![SafeText::line(&poll.multi_choice.question).into_string()];
    lines.push(look.palette.paint(Style::Dim, state(poll)).to_string());
    let rows = rows(poll);
    let number = rows.len().to_string().len();
    let text = widest(rows.iter().map(|row| row.text.as_str()));
    let figures = widest(rows.iter().map(|row| row.figures.as_str()));
    let besides = number + GAP + text + GAP + GAP + figures;
    let marks = widest(rows.iter().map(|row| row.marks.as_str()));
    let bar = look.width.saturating_sub(besides + marks);
    let beside = bar >= BAR_MIN && text <= look.width / 2;
    for (place, row) in rows.iter().enumerate() {
        let place = format!("{:>number$}", place + 1);
        if poll.status == PollStatus::Queued {
            lines.push(format!("{place}  {}", row.text));
        } else if beside {
            let drawn = row.bar(bar, look);
            let line = format!("{place}  {}  {drawn}  {:>figures$}{}", padded(&row.text, text), row.figures, row.marks);
            lines.push(line.trim_end().to_owned());
        } else {
            lines.push(format!("{place}  {}", row.text));
            let bar = look.width.saturating_sub(number + GAP + GAP + figures + marks);
            let drawn = if bar < BAR_MIN / 2 { String::new() } else { format!("{}  ", row.bar(bar, look)) };
            let indent = " ".repeat(number + GAP);
            lines.push(format!("{indent}{drawn}{:>figures$}{}", row.figures, row.marks).trim_end().to_owned());
        }
    }
    lines
}

/// Where a poll is in its life, as people say it.
pub(super) fn status(poll: &Poll) -> &'static str {
    match poll.status {
        PollStatus::Queued => "queued",
        PollStatus::Active => "active",
        PollStatus::Closed => "closed",
        PollStatus::Archived => "archived",
    }
}

/// How many voted.
pub(super) fn votes(poll: &Poll) -> String {
    match poll.votes_count {
        1 => "1 vote".to_owned(),
        count => format!("{} votes", count.max(0)),
    }
}

fn state(poll: &Poll) -> String {
    let choice = match poll.kind {
        PollKind::SingleChoice => "one choice",
        PollKind::MultiChoice => "several choices",
    };
    let id = poll.id.as_ref().map(|id| format!(", {}", SafeText::line(id.as_str()))).unwrap_or_default();
    format!("{}, {choice}, {}{id}", status(poll), votes(poll))
}

struct Row {
    text: String,
    /// Of the bar, from 0 to 1 in thousandths.
    share: u64,
    figures: String,
    marks: String,
    is_first: bool,
}

fn rows(poll: &Poll) -> Vec<Row> {
    let options = &poll.multi_choice.options;
    let counts: Vec<u64> = options.iter().map(|option| u64::try_from(option.votes_count).unwrap_or_default()).collect();
    let most = counts.iter().copied().max().unwrap_or_default();
    // A service may tell fewer voters than votes: no share is more than all.
    let voters = u64::try_from(poll.votes_count).unwrap_or_default().max(most);
    let firsts = counts.iter().filter(|count| **count == most).count();
    let digits = counts.iter().map(|count| count.to_string().len()).max().unwrap_or_default();
    options
        .iter()
        .zip(counts)
        .map(|(option, count)| {
            let share = (u128::from(count) * 1000).checked_div(voters.into()).unwrap_or_default();
            let share = u64::try_from(share).unwrap_or(1000);
            let is_first = most > 0 && count == most;
            let place = match poll.status {
                _ if !is_first => None,
                _ if firsts > 1 => Some("tied"),
                PollStatus::Queued | PollStatus::Active => Some("leads"),
                PollStatus::Closed | PollStatus::Archived => Some("won"),
            };
            // Who watches over a moderator's shoulder must not learn it earlier than all others.
            let is_right = poll.status >= PollStatus::Closed && option.corrected == Some(true);
            let marks: Vec<&str> = place.into_iter().chain(is_right.then_some("right")).collect();
            Row {
                text: SafeText::line(&option.text).into_string(),
                share,
                figures: format!("{:>3} %  {count:>digits$}", percent(share)),
                marks: if marks.is_empty() { String::new() } else { format!("  {}", marks.join(", ")) },
                is_first,
            }
        })
        .collect()
}

/// All are 100 %, and nothing less is.
fn percent(share: u64) -> u64 {
    if share < 1000 { ((share + 5) / 10).min(99) } else { 100 }
}

impl Row {
    fn bar(&self, cells: usize, look: Look) -> String {
        let cells_in_eighths = u64::try_from(cells).unwrap_or_default() * 8;
        // One vote among thousands is more than none.
        let eighths = (cells_in_eighths * self.share).div_ceil(1000);
        let full = usize::try_from(eighths / 8).unwrap_or_default();
        let rest = usize::try_from(eighths % 8).unwrap_or_default();
        let drawn = if look.unicode {
            format!("{}{}", "█".repeat(full), EIGHTHS[rest])
        } else {
            "#".repeat(full + usize::from(rest >= 4 || (full == 0 && rest > 0)))
        };
        let drawn = padded(&drawn, cells);
        if self.is_first { look.palette.paint(Style::Cyan, drawn).to_string() } else { drawn }
    }
}

#[cfg(test)]
mod tests;
