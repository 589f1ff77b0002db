//! Votes, and knows that the vote arrived.

use chatroom_client::{DeliverError, Room};
use chatroom_wire::{
    poll::{Poll, PollStatus},
    rest::PAGE_MAX,
};
use serde_json::json;

use super::{Output, all, known, told, unread, which};
use crate::{
    args::{GlobalArgs, access::VisitorArgs, poll::VoteArgs},
    commands::{
        print_lines,
        visit::{Stay, Visit},
    },
    diagnostics,
    failure::Failure,
    output::json_line,
};

pub(super) async fn run(
    args: VoteArgs,
    visitor: VisitorArgs,
    output: Output,
    global: &GlobalArgs,
) -> Result<(), Failure> {
    let mut visit = Visit::begin(visitor, global, Stay { timeout: Some(args.timeout), once: true, ..Stay::default() })?;
    let room = visit.room.clone();
    let voted = match visit.during(vote(&room, &args, global)).await {
        Ok(voted) => voted,
        Err(failure) => Err(failure),
    };
    let is_blocked = match &voted {
        // A vote of somebody blocked is acknowledged like any other.
        Ok(_) => visit.during(room.chatroom()).await?.is_ok_and(|room| visit.is_blocked(&room)),
        Err(_) => false,
    };
    visit.end().await?;
    let (poll, chosen) = voted?;
    if is_blocked {
        return Err(Failure::Refused {
            problem: "the vote does not count: you are blocked in this room".to_owned(),
            hint: "only the room's moderators can change that",
        });
    }
    if output.json {
        return print_lines([chosen]).await;
    }
    diagnostics::note("the vote is in", global.color);
    print_lines(output.lines(&poll, global)).await
}

/// Finds the poll, votes, and reads how it stands then; the vote goes along as JSON.
async fn vote(room: &Room, args: &VoteArgs, global: &GlobalArgs) -> Result<(Poll, String), Failure> {
    let poll = find(room, args.poll.as_deref(), global).await?;
    let id = known(&poll)?;
    let options = which::options(&poll, &args.options)?;
    room.vote(&id, &options).await.map_err(|error| not_counted(&error))?;
    let vote = json_line(&json!({"poll_id": id, "option_ids": options}));
    // Who may not be told how it stands has voted all the same.
    let after = find(room, Some(id.as_str()), global).await.unwrap_or(poll);
    Ok((after, vote))
}

async fn find(room: &Room, id: Option<&str>, global: &GlobalArgs) -> Result<Poll, Failure> {
    let active = room.chatroom().await.map_err(unread)?.active_poll;
    match (id, active) {
        (None, Some(active)) => return Ok(active),
        (Some(id), Some(active)) if active.id.as_ref().is_some_and(|other| other.as_str() == id) => return Ok(active),
        _ => {}
    }
    let polls = all(async |page| room.polls(page.as_deref(), Some(PAGE_MAX)).await).await.map_err(unread)?;
    match id {
        None => which::only(&polls, &[&[PollStatus::Active]]).cloned().map_err(|unclear| told(unclear, global)),
        Some(id) => which::by_id(&polls, id, global)?.cloned().ok_or_else(|| Failure::Refused {
            problem: "the room has no poll of this id".to_owned(),
            hint: "`chatroom poll list` shows all polls",
        }),
    }
}

fn not_counted(error: &DeliverError) -> Failure {
    Failure::Refused {
        problem: format!("the vote does not count: {error}"),
        hint: "`chatroom poll show` shows the poll that takes votes, and how many options a voter may choose",
    }
}
