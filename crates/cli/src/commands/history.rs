//! `chatroom history`: all that was said in a room.

use chatroom_client::history::From;

use super::{tail::start_printer, view, visitor};
use crate::{
    args::{GlobalArgs, history::HistoryArgs},
    failure::Failure,
};

pub(super) async fn run(args: HistoryArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let mut history = visitor(&args.visitor, global)?.history(From::Oldest);
    let (printer, view) = (start_printer()?, view(global, None, args.json));
    while let Some(message) = history.next().await {
        let Ok(message) = message else { break };
        if let Some(line) = view.message(&message, None) {
            let _ = printer.print(line).await;
        }
    }
    printer.finish().await.map_err(Failure::Output)
}
