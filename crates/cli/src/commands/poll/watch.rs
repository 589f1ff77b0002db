//! Draws the votes as they come in.

use std::io;

use chatroom_client::Event;
use chatroom_wire::{
    Message, Payload,
    poll::{Poll, PollStatus},
};

use super::{
    Output,
    chart::{Look, chart},
};
use crate::{
    args::{GlobalArgs, access::VisitorArgs, poll::WatchArgs},
    cells,
    color::{ColorChoice, is_steerable},
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
    let stay = Stay { length: args.length, timeout: args.timeout, looks_on: true, ..Stay::default() };
    let mut visit = Visit::begin(visitor, global, stay)?;
    let result = watch(&mut visit, output, global).await;
    let ended = visit.end().await;
    result.and(ended)
}

async fn watch(visit: &mut Visit, output: Output, global: &GlobalArgs) -> Result<(), Failure> {
    let mut screen = Screen { in_place: is_steerable(&io::stdout()), drawn: 0 };
    let mut shown: Option<Poll> = None;
    loop {
        let event = match visit.next().await? {
            Next::Over => return Ok(()),
            Next::Lagged => continue,
            Next::Event(event) => *event,
        };
        let poll = match event {
            // The end of a poll is told by its message alone: the room has no active poll then.
            Event::MessageAdded { message, .. } => over(&message),
            Event::Joined { first, .. } => {
                if !first {
                    screen.drawn = 0;
                }
                let active = visit.room.state().active_poll.clone();
                if active.is_none() && shown.is_none() {
                    visit.progress("no poll takes votes; waiting for one".to_owned());
                }
                active
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
        let lines =
            if output.json { vec![json_line(&poll)] } else { screen.draw(&poll, output.look(global), is_another) };
        shown = Some(poll);
        if visit.print(lines).await.is_err() {
            return Ok(());
        }
    }
}

/// A poll that has come to its end.
fn over(message: &Message) -> Option<Poll> {
    match &message.payload {
        Payload::PollClosed(Some(told)) | Payload::PollArchived(Some(told)) => {
            Some(Poll { status: told.poll.status.max(PollStatus::Closed), ..told.poll.clone() })
        }
        _ => None,
    }
}

/// Where polls are drawn.
struct Screen {
    /// Whether the next drawing stands where the last one does.
    in_place: bool,
    /// How many rows of the terminal the last one takes.
    drawn: usize,
}

impl Screen {
    fn draw(&mut self, poll: &Poll, look: Look, is_another: bool) -> Vec<String> {
        let mut lines = chart(poll, look);
        if !self.in_place {
            lines.push(String::new());
            return lines;
        }
        // Colours take no cells: how many rows a line takes is seen without them.
        let plain = chart(poll, Look { palette: ColorChoice::Never.palette(&io::stdout()), ..look });
        let rows = plain.iter().map(|line| cells::width(line).div_ceil(look.width.max(1)).max(1)).sum();
        let before = std::mem::replace(&mut self.drawn, rows);
        match lines.first_mut() {
            _ if is_another => lines.insert(0, String::new()),
            // Up to the first row of the last drawing, and away with all below.
            Some(first) if before > 0 => *first = format!("\x1b[{before}F\x1b[J{first}"),
            _ => {}
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(question: &str) -> Poll {
        let json = serde_json::json!({"id": "p", "multi_choice": {"question": question, "options": [{"text": "yes"}]}});
        serde_json::from_value(json).unwrap()
    }

    fn look(width: usize) -> Look {
        Look { width, unicode: true, palette: ColorChoice::Always.palette(&io::stdout()) }
    }

    #[test]
    fn on_a_terminal_a_drawing_replaces_the_last_one_however_many_rows_that_takes() {
        let mut screen = Screen { in_place: true, drawn: 0 };
        let first = screen.draw(&poll("Tea?"), look(80), false);
        assert_eq!((first.len(), first[0].as_str()), (3, "Tea?"));
        assert_eq!(
            screen.draw(&poll("A question that is wide"), look(10), false)[0],
            "\x1b[3F\x1b[JA question that is wide"
        );
        // Three rows of the question, three of the state, one of the option.
        assert_eq!(screen.draw(&poll("Tea?"), look(80), false)[0], "\x1b[7F\x1b[JTea?");
        assert_eq!(screen.draw(&poll("Cake?"), look(80), true)[..2], ["", "Cake?"], "what another poll came to stays");
    }

    #[test]
    fn elsewhere_an_empty_line_parts_the_drawings() {
        let mut screen = Screen { in_place: false, drawn: 0 };
        for _ in 0..2 {
            let lines = screen.draw(&poll("Tea?"), look(80), false);
            assert_eq!((lines[0].as_str(), lines[3].as_str()), ("Tea?", ""));
        }
    }

    #[test]
    fn a_poll_that_was_closed_is_shown_as_closed_whatever_its_message_says() {
        let json = r#"{"type":"INTERACTION_TYPE_POLL_CLOSED","poll_message":{"poll":{"id":"p","status":"POLL_STATUS_ACTIVE"}}}"#;
        let closed = over(&serde_json::from_str(json).unwrap()).unwrap();
        assert_eq!(closed.status, PollStatus::Closed);
        let text = r#"{"type":"INTERACTION_TYPE_TEXT","text_message":{"text":"closed"}}"#;
        assert_eq!(over(&serde_json::from_str(text).unwrap()), None);
    }
}
