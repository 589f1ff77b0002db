//! Polls, and the votes in them. Counts are rows that every vote moves, so that reading them costs nothing.

use std::collections::BTreeSet;

use chatroom_wire::{
    OptionId, PollId, RoomId, UserId,
    poll::{Poll, PollStatus},
};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::{append, json};
use crate::store::StoreError;

const WRITE: &str = "INSERT INTO poll (room, id, active, json) VALUES (:room, :id, :active, :json)
    ON CONFLICT (room, id) DO UPDATE SET active = excluded.active, json = excluded.json";
const DELETE: &str = "DELETE FROM poll WHERE room = :room AND id = :id";
const ONE: &str = "SELECT key, voters, json FROM poll WHERE room = :room AND id = :id";
const ACTIVE: &str = "SELECT key, voters, json FROM poll INDEXED BY poll_active WHERE room = :room AND active = 1 ORDER BY key DESC LIMIT 1";
const PAGE: &str = "SELECT key, voters, json FROM poll INDEXED BY poll_order
    WHERE room = :room AND key < :before ORDER BY key DESC LIMIT :limit";
const COUNTS: &str = "SELECT id, votes FROM poll_option WHERE poll = :poll";
const EARLIER: &str = "SELECT options FROM poll_vote WHERE poll = :poll AND user = :user";
const VOTE: &str = "INSERT INTO poll_vote (poll, user, options) VALUES (:poll, :user, :options)
    ON CONFLICT (poll, user) DO UPDATE SET options = excluded.options";
const COUNT: &str = "INSERT INTO poll_option (poll, id, votes) VALUES (:poll, :id, :by)
    ON CONFLICT (poll, id) DO UPDATE SET votes = votes + excluded.votes";
const VOTER: &str = "UPDATE poll SET voters = voters + 1 WHERE key = :poll";

/// A poll's row.
struct Kept {
    key: i64,
    voters: i64,
    json: Vec<u8>,
}

/// Says whether its status is another one than before.
pub(super) fn write(connection: &Connection, room: i64, poll: &Poll) -> Result<bool, StoreError> {
    let Some(id) = &poll.id else { return Ok(false) };
    let before = status(connection, room, id)?;
    let json = json::stored(&without_counts(poll))?;
    connection.prepare_cached(WRITE)?.execute(named_params! {
        ":room": room, ":id": id.as_str(), ":active": poll.status == PollStatus::Active, ":json": json,
    })?;
    Ok(before != Some(poll.status))
}

/// Says whether it was there.
pub(super) fn delete(connection: &Connection, room: i64, id: &PollId) -> Result<bool, StoreError> {
    let gone = connection.prepare_cached(DELETE)?.execute(named_params! { ":room": room, ":id": id.as_str() })?;
    Ok(gone > 0)
}

/// Says whether it counts: a vote for something that can't be chosen counts nothing.
pub(super) fn vote(
    connection: &Connection,
    room: i64,
    user: &UserId,
    poll: &PollId,
    options: &[OptionId],
) -> Result<bool, StoreError> {
    let Some(kept) = kept(connection, room, poll)? else { return Ok(false) };
    let poll: Poll = json::read(&kept.json)?;
    let chosen: BTreeSet<&OptionId> = options.iter().collect();
    let can_be = |id: &OptionId| poll.multi_choice.options.iter().any(|option| option.id.as_ref() == Some(id));
    if chosen.is_empty() || !chosen.iter().all(|id| can_be(id)) {
        return Ok(false);
    }
    let earlier: Option<Vec<u8>> = connection
        .prepare_cached(EARLIER)?
        .query_row(named_params! { ":poll": kept.key, ":user": user.as_str() }, |row| row.get(0))
        .optional()?;
    match earlier {
        Some(earlier) => {
            let earlier: Vec<OptionId> = json::read(&earlier)?;
            count(connection, kept.key, &earlier, -1)?;
        }
        None => {
            connection.prepare_cached(VOTER)?.execute(named_params! { ":poll": kept.key })?;
        }
    }
    count(connection, kept.key, chosen.iter().copied(), 1)?;
    let options = json::stored(&chosen)?;
    connection
        .prepare_cached(VOTE)?
        .execute(named_params! { ":poll": kept.key, ":user": user.as_str(), ":options": options })?;
    Ok(true)
}

pub(super) fn read(connection: &Connection, room: &RoomId, id: &PollId) -> Result<Option<Poll>, StoreError> {
    let room = append::end(connection, room)?.room;
    kept(connection, room, id)?.map(|kept| with_counts(connection, &kept)).transpose()
}

/// The newest that takes votes.
pub(super) fn active(connection: &Connection, room: i64) -> Result<Option<Poll>, StoreError> {
    let found = connection.prepare_cached(ACTIVE)?.query_row(named_params! { ":room": room }, row).optional()?;
    found.map(|kept| with_counts(connection, &kept)).transpose()
}

pub(super) fn page(
    connection: &Connection,
    room: &RoomId,
    before: Option<&PollId>,
    limit: u16,
) -> Result<Vec<Poll>, StoreError> {
    let room = append::end(connection, room)?.room;
    let before = match before {
        Some(id) => kept(connection, room, id)?.map_or(i64::MAX, |kept| kept.key),
        None => i64::MAX,
    };
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map(named_params! { ":room": room, ":before": before, ":limit": limit }, row)?;
    rows.map(|kept| with_counts(connection, &kept?)).collect()
}

fn status(connection: &Connection, room: i64, id: &PollId) -> Result<Option<PollStatus>, StoreError> {
    let Some(kept) = kept(connection, room, id)? else { return Ok(None) };
    Ok(Some(json::read::<Poll>(&kept.json)?.status))
}

fn kept(connection: &Connection, room: i64, id: &PollId) -> Result<Option<Kept>, StoreError> {
    let mut statement = connection.prepare_cached(ONE)?;
    Ok(statement.query_row(named_params! { ":room": room, ":id": id.as_str() }, row).optional()?)
}

fn row(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept { key: row.get("key")?, voters: row.get("voters")?, json: row.get("json")? })
}

fn with_counts(connection: &Connection, kept: &Kept) -> Result<Poll, StoreError> {
    let mut poll: Poll = json::read(&kept.json)?;
    poll.votes_count = kept.voters;
    let mut statement = connection.prepare_cached(COUNTS)?;
    let mut rows = statement.query(named_params! { ":poll": kept.key })?;
    while let Some(row) = rows.next()? {
        let (id, votes): (String, i64) = (row.get("id")?, row.get("votes")?);
        for option in &mut poll.multi_choice.options {
            if option.id.as_ref().is_some_and(|own| own.as_str() == id) {
                option.votes_count = votes;
            }
        }
    }
    Ok(poll)
}

fn without_counts(poll: &Poll) -> Poll {
    let mut poll = poll.clone();
    poll.votes_count = 0;
    for option in &mut poll.multi_choice.options {
        option.votes_count = 0;
    }
    poll
}

fn count<'a>(
    connection: &Connection,
    poll: i64,
    options: impl IntoIterator<Item = &'a OptionId>,
    by: i64,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(COUNT)?;
    for id in options {
        statement.execute(named_params! { ":poll": poll, ":id": id.as_str(), ":by": by })?;
    }
    Ok(())
}
