//! Polls, their votes and their counts.

use std::collections::BTreeMap;

use chatroom_wire::{
    OptionId, PollId, RoomId, UserId,
    poll::{Poll, PollStatus},
};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::{
    append, fault,
    state::{json, run},
};
use crate::store::StoreError;

const WRITE: &str = "INSERT INTO poll (room, id, status, json) VALUES (:room, :id, :status, :json)
    ON CONFLICT (room, id) DO UPDATE SET status = excluded.status, json = excluded.json";
const DELETE: &str = "DELETE FROM poll WHERE room = :room AND id = :id";
const KEY: &str = "SELECT key FROM poll WHERE room = :room AND id = :id";
const READ: &str = "SELECT key, votes, json FROM poll WHERE room = :room AND id = :id";
const ACTIVE: &str = "SELECT key, votes, json FROM poll WHERE room = :room AND status = 'POLL_STATUS_ACTIVE' LIMIT 1";
const PAGE: &str =
    "SELECT key, votes, json FROM poll WHERE room = :room AND key < :before ORDER BY key DESC LIMIT :limit";
const COUNTS: &str = "SELECT option, votes FROM poll_count WHERE poll = :poll";
const TAKE_BACK_COUNT: &str = "UPDATE poll_count SET votes = votes - 1 WHERE poll = :poll
    AND option IN (SELECT option FROM poll_vote WHERE poll = :poll AND user = :user)";
const TAKE_BACK: &str = "DELETE FROM poll_vote WHERE poll = :poll AND user = :user";
const VOTE: &str = "INSERT INTO poll_vote (poll, user, option) VALUES (:poll, :user, :option) ON CONFLICT DO NOTHING";
const COUNT: &str = "INSERT INTO poll_count (poll, option, votes) VALUES (:poll, :option, 1)
    ON CONFLICT (poll, option) DO UPDATE SET votes = votes + 1";
const VOTERS: &str = "UPDATE poll SET votes = votes + :by WHERE key = :poll";

pub(super) fn write(connection: &Connection, room: i64, poll: &Poll) -> Result<bool, StoreError> {
    let mut plain = poll.clone();
    counts(&mut plain, 0, &BTreeMap::new());
    let id = poll.id.as_ref().map(PollId::as_str).unwrap_or_default();
    let of = named_params! { ":room": room, ":id": id, ":status": status(poll.status), ":json": json(&plain)? };
    run(connection, WRITE, of)
}

pub(super) fn delete(connection: &Connection, room: i64, poll: &PollId) -> Result<bool, StoreError> {
    run(connection, DELETE, named_params! { ":room": room, ":id": poll.as_str() })
}

/// Counts a vote; one of the same person before it counts no more.
pub(super) fn vote(
    connection: &Connection,
    room: i64,
    user: &UserId,
    poll: &PollId,
    options: &[OptionId],
) -> Result<(), StoreError> {
    let of = named_params! { ":room": room, ":id": poll.as_str() };
    let key: Option<i64> = connection.prepare_cached(KEY)?.query_row(of, |row| row.get(0)).optional()?;
    let Some(poll) = key else { return Ok(()) };
    let of = named_params! { ":poll": poll, ":user": user.as_str() };
    run(connection, TAKE_BACK_COUNT, of)?;
    let again = run(connection, TAKE_BACK, of)?;
    for option in options {
        let of = named_params! { ":poll": poll, ":user": user.as_str(), ":option": option.as_str() };
        if run(connection, VOTE, of)? {
            run(connection, COUNT, named_params! { ":poll": poll, ":option": option.as_str() })?;
        }
    }
    let by = i64::from(!options.is_empty()) - i64::from(again);
    run(connection, VOTERS, named_params! { ":poll": poll, ":by": by })?;
    Ok(())
}

pub(super) fn read(connection: &Connection, room: &RoomId, id: &PollId) -> Result<Option<Poll>, StoreError> {
    let of = named_params! { ":room": append::end(connection, room)?.room, ":id": id.as_str() };
    let row = connection.prepare_cached(READ)?.query_row(of, stored).optional()?;
    row.map(|row| whole(connection, row)).transpose()
}

pub(super) fn active(connection: &Connection, room: i64) -> Result<Option<Poll>, StoreError> {
    let row = connection.prepare_cached(ACTIVE)?.query_row(named_params! { ":room": room }, stored).optional()?;
    row.map(|row| whole(connection, row)).transpose()
}

pub(super) fn page(
    connection: &Connection,
    room: &RoomId,
    before: Option<&PollId>,
    limit: u16,
) -> Result<Vec<Poll>, StoreError> {
    let room = append::end(connection, room)?.room;
    let before: Option<i64> = match before {
        Some(id) => {
            let of = named_params! { ":room": room, ":id": id.as_str() };
            connection.prepare_cached(KEY)?.query_row(of, |row| row.get(0)).optional()?
        }
        None => None,
    };
    let mut statement = connection.prepare_cached(PAGE)?;
    let of = named_params! { ":room": room, ":before": before.unwrap_or(i64::MAX), ":limit": limit };
    let rows = statement.query_map(of, stored)?.collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(|row| whole(connection, row)).collect()
}

type Stored = (i64, i64, String);

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok((row.get("key")?, row.get("votes")?, row.get("json")?))
}

fn whole(connection: &Connection, (key, voters, json): Stored) -> Result<Poll, StoreError> {
    let mut poll: Poll = serde_json::from_str(&json).map_err(fault::corrupt)?;
    let mut statement = connection.prepare_cached(COUNTS)?;
    let votes = statement
        .query_map(named_params! { ":poll": key }, |row| Ok((row.get("option")?, row.get("votes")?)))?
        .collect::<Result<BTreeMap<String, i64>, _>>()?;
    counts(&mut poll, voters, &votes);
    Ok(poll)
}

fn counts(poll: &mut Poll, voters: i64, votes: &BTreeMap<String, i64>) {
    poll.votes_count = voters;
    for option in &mut poll.multi_choice.options {
        option.votes_count = option.id.as_ref().and_then(|id| votes.get(id.as_str())).copied().unwrap_or(0);
    }
}

fn status(status: PollStatus) -> &'static str {
    match status {
        PollStatus::Queued => "POLL_STATUS_QUEUED",
        PollStatus::Active => "POLL_STATUS_ACTIVE",
        PollStatus::Closed => "POLL_STATUS_CLOSED",
        PollStatus::Archived => "POLL_STATUS_ARCHIVED",
    }
}
