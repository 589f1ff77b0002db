//! Draws the votes as they come in.

use std::io::{self, IsTerminal as _};

use chatroom_client::Event;
use chatroom_wire::{
    Message, Payload,
    poll::{Poll, PollStatus},
};

use super::{Output, chart::chart};
use crate::{
    args::{GlobalArgs, access::VisitorArgs, poll::WatchArgs},
    cells,
    commands::visit::{Next, Stay, Visit},
    failure::Failure,
    output::json_line,
};

pub(super) async fn run(
    args: WatchArgs,
    visitor: VisitorArgs,
    output: Output,
    global: &GlobalArgs,
) -> Result<(), Failure> {
    let stay = Stay { length: args.length, timeout: args.timeout, ..Stay::default() };
    let mut visit = Visit::begin(visitor, global, stay)?;
    let mut screen = Screen { output, global, in_place: io::stdout().is_terminal() && !output.json, drawn: 0 };
    let result = watch(&mut visit, &mut screen).await;
    let ended = visit.end().await;
    result.and(ended)
}

async fn watch(visit: &mut Visit, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let mut shown: Option<Poll> = None;
    loop {
        let event = match visit.next().await? {
            Next::Over => return Ok(()),
            Next::Lagged => continue,
            Next::Event(event) => *event,
        };
        let poll = match event {
            // The end of a poll is told by its message alone: the room has no active poll then.
            Event::MessageAdded { message, .. } => over(message),
            Event::Joined { first, .. } => {
                if !first {
                    screen.drawn = 0;
                }
                visit.room.state().active_poll.clone()
            }
            Event::Interrupted { .. } => {
                screen.drawn = 0;
                None
            }
            Event::RoomChanged(state) => state.active_poll,
            _ => None,
        };
        let Some(poll) = poll.filter(|poll| shown.as_ref() != Some(poll)) else { continue };
        let is_another = shown.as_ref().is_some_and(|shown| shown.id != poll.id);
        let lines = screen.draw(&poll, is_another);
        shown = Some(poll);
        if visit.print(lines).await.is_err() {
            return Ok(());
        }
    }
}

/// A poll that has come to its end.
fn over(message: Message) -> Option<Poll> {
    match message.payload {
        Payload::PollClosed(Some(told)) | Payload::PollArchived(Some(told)) => {
            Some(Poll { status: told.poll.status.max(PollStatus::Closed), ..told.poll })
        }
        _ => None,
    }
}

/// Where polls are drawn.
struct Screen<'a> {
    output: Output,
    global: &'a GlobalArgs,
    /// Whether the next drawing stands where the last one does.
    in_place: bool,
    /// How many rows the last one takes.
    drawn: usize,
}

impl Screen<'_> {
    fn draw(&mut self, poll: &Poll, is_another: bool) -> Vec<String> {
        if self.output.json {
            return vec![json_line(poll)];
        }
        let look = self.output.look(self.global);
        let mut lines = chart(poll, look);
        let rows = |line: &String| cells::width(line).div_ceil(look.width.max(1)).max(1);
        if !self.in_place {
            lines.push(String::new());
            return lines;
        }
        // Colours take no cells; how many rows a line takes is seen without them.
        let plain =
            chart(poll, super::Look { palette: crate::color::ColorChoice::Never.palette(&io::stdout()), ..look });
        let taken = plain.iter().map(rows).sum();
        let before = if is_another { 0 } else { std::mem::replace(&mut self.drawn, taken) };
        self.drawn = taken;
        if before > 0
            && let Some(first) = lines.first_mut()
        {
            // Up to the first row of the last drawing, and away with all below.
            *first = format!("\x1b[{before}F\x1b[J{first}");
        } else if is_another {
            lines.insert(0, String::new());
        }
        lines
    }
}
