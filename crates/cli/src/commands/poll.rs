//! `chatroom poll`: ask everybody, and answer.
//!
//! - [`which`]: which poll and which option is meant; [`chart`]: a poll as bars
//! - [`write`](mod@write): makes, changes and deletes polls; [`vote`]: answers; [`watch`]: looks on

pub(super) mod chart;
mod vote;
mod watch;
mod which;
mod write;

use std::io::{self, IsTerminal as _};

use chatroom_client::{CallError, Visitor};
use chatroom_wire::{
    PollId,
    poll::{Poll, PollStatus},
    rest::{PAGE_MAX, PollAction, PollsPage},
};

use self::chart::Look;
use super::{print_lines, visitor};
use crate::{
    args::{
        GlobalArgs,
        poll::{PollArgs, PollCommand},
    },
    cells, diagnostics,
    environment::Environment,
    failure::Failure,
    output::json_line,
};

/// So many pages of polls are read at most: a service that always has another one must come to an end.
const PAGES: usize = 1_000;

pub(super) async fn run(args: PollArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let output = Output { json: args.json, plain: args.plain };
    match args.command {
        PollCommand::Vote(vote) => return vote::run(vote, args.visitor, output, global).await,
        PollCommand::Watch(watch) => return watch::run(watch, args.visitor, output, global).await,
        _ => {}
    }
    let desk = Desk { visitor: visitor(&args.visitor, global)?, output, global };
    match args.command {
        PollCommand::Create(create) => write::create(&desk, create).await,
        PollCommand::Edit(edit) => write::edit(&desk, edit).await,
        PollCommand::Delete(delete) => write::delete(&desk, delete).await,
        PollCommand::List => list(&desk).await,
        PollCommand::Show(which) => show(&desk, which.poll).await,
        PollCommand::Start(which) => step(&desk, which.poll, PollAction::Start).await,
        PollCommand::Close(which) => step(&desk, which.poll, PollAction::Close).await,
        PollCommand::Archive(which) => step(&desk, which.poll, PollAction::Archive).await,
        PollCommand::Vote(_) | PollCommand::Watch(_) => Ok(()),
    }
}

/// How polls are printed.
#[derive(Debug, Clone, Copy)]
struct Output {
    json: bool,
    plain: bool,
}

/// Who calls the service, and how it is told.
struct Desk<'a> {
    visitor: Visitor,
    output: Output,
    global: &'a GlobalArgs,
}

impl Output {
    /// A poll for stdout.
    fn lines(self, poll: &Poll, global: &GlobalArgs) -> Vec<String> {
        if self.json { vec![json_line(poll)] } else { chart::chart(poll, self.look(global)) }
    }

    fn look(self, global: &GlobalArgs) -> Look {
        let terminal = io::stdout().is_terminal();
        Look {
            width: cells::width_of_stdout(),
            unicode: terminal && !self.plain && cells::is_utf8(&Environment::of_process()),
            palette: global.color.palette(&io::stdout()),
        }
    }
}

impl Desk<'_> {
    fn note(&self, text: &str) {
        diagnostics::note(text, self.global.color);
    }

    async fn print(&self, poll: &Poll) -> Result<(), Failure> {
        print_lines(self.output.lines(poll, self.global)).await
    }

    /// Every poll of the room, the newest first.
    async fn polls(&self) -> Result<Vec<Poll>, Failure> {
        all(async |page| self.visitor.polls(page.as_deref(), Some(PAGE_MAX)).await).await.map_err(unread)
    }

    /// The poll of this id or its beginning, or the one that alone is meant.
    async fn find(&self, id: Option<String>, states: &[&[PollStatus]]) -> Result<Poll, Failure> {
        let Some(id) = id else {
            let polls = match all(async |page| self.visitor.polls(page.as_deref(), Some(PAGE_MAX)).await).await {
                // Who may not ask for all polls may look at the room.
                Err(CallError::Status { status: 403, .. }) => {
                    self.visitor.chatroom().await.map_err(unread)?.active_poll.into_iter().collect()
                }
                polls => polls.map_err(unread)?,
            };
            return which::only(&polls, states).cloned().map_err(|unclear| told(unclear, self.global));
        };
        match self.visitor.poll(&PollId::from(id.clone())).await {
            // Viewers may not ask for one poll, but for all; and an id may be shortened.
            Err(error @ CallError::Status { status: 403 | 404, .. }) => {
                which::by_id(&self.polls().await?, &id, self.global)?.cloned().ok_or_else(|| unread(error))
            }
            found => found.map_err(unread),
        }
    }
}

async fn list(desk: &Desk<'_>) -> Result<(), Failure> {
    let polls = desk.polls().await?;
    if desk.output.json {
        return print_lines(polls.iter().map(json_line)).await;
    }
    if polls.is_empty() {
        desk.note("the room has no polls");
    }
    print_lines(which::table(&polls)).await
}

async fn show(desk: &Desk<'_>, id: Option<String>) -> Result<(), Failure> {
    let states: [&[PollStatus]; 2] = [&[PollStatus::Active], &[PollStatus::Queued, PollStatus::Closed]];
    let poll = desk.find(id, &states).await?;
    desk.print(&poll).await
}

/// Starts, closes or archives, and shows the poll as it is then.
async fn step(desk: &Desk<'_>, id: Option<String>, action: PollAction) -> Result<(), Failure> {
    let (from, to) = match action {
        PollAction::Start => (PollStatus::Queued, PollStatus::Active),
        PollAction::Close => (PollStatus::Active, PollStatus::Closed),
        PollAction::Archive => (PollStatus::Closed, PollStatus::Archived),
    };
    let (what, done, already) = match action {
        PollAction::Start => ("the poll can't be started", "the poll takes votes now", "the poll takes votes already"),
        PollAction::Close => ("the poll can't be closed", "the poll takes no more votes", "the poll is already closed"),
        PollAction::Archive => ("the poll can't be archived", "the poll is put away", "the poll is already archived"),
    };
    let before = desk.find(id, &[&[from]]).await?;
    let id = known(&before)?;
    desk.visitor.change_poll(&id, action).await.map_err(|source| Failure::Call { what, source })?;
    let poll = desk.visitor.poll(&id).await.map_err(unread)?;
    desk.note(if before.status == to { already } else { done });
    desk.print(&poll).await
}

/// Turns the pages.
async fn all(page: impl AsyncFn(Option<String>) -> Result<PollsPage, CallError>) -> Result<Vec<Poll>, CallError> {
    let mut polls = Vec::new();
    let mut next = None;
    for _ in 0..PAGES {
        let page = page(next).await?;
        polls.extend(page.polls);
        if page.next_page_token.is_empty() {
            break;
        }
        next = Some(page.next_page_token);
    }
    Ok(polls)
}

/// The failure, after the candidates have been told.
fn told(unclear: which::Unclear, global: &GlobalArgs) -> Failure {
    for candidate in &unclear.candidates {
        diagnostics::detail(candidate, global.color);
    }
    unclear.into()
}

fn known(poll: &Poll) -> Result<PollId, Failure> {
    poll.id.clone().ok_or_else(|| Failure::Refused {
        problem: "the service gave the poll no id".to_owned(),
        hint: "whoever runs the service can tell more by its log",
    })
}

fn unread(source: CallError) -> Failure {
    Failure::Call { what: "the poll can't be read", source }
}
