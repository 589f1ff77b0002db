//! The end of a log: where it is, and how it grows.

use chatroom_wire::{MessageId, RoomId, UserId};
use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::{audience, stamp, state};
use crate::store::{Appended, NewMessage, Position, StoreError};

const END: &str = "SELECT key, last_seq, last_received_at FROM room WHERE id = :id";
const MOVE_END: &str = "UPDATE room SET last_seq = :seq, last_received_at = :received_at WHERE key = :room";
const SENDER: &str = "SELECT user FROM message WHERE room = :room AND id = :id";
const INSERT: &str = "INSERT INTO message (room, seq, id, user, kind, received_at, json, audience)
    VALUES (:room, :seq, :id, :user, :kind, :received_at, :json, :audience) ON CONFLICT (room, id) DO NOTHING";

/// Where the log of a room ends, in the store's own numbers.
pub(super) struct End {
    pub(super) room: i64,
    pub(super) seq: i64,
    pub(super) received_at: Option<i64>,
}

pub(super) fn end(connection: &Connection, room: &RoomId) -> Result<End, StoreError> {
    connection
        .prepare_cached(END)?
        .query_row(named_params! { ":id": room.as_str() }, |row| {
            Ok(End { room: row.get("key")?, seq: row.get("last_seq")?, received_at: row.get("last_received_at")? })
        })
        .optional()?
        .ok_or_else(|| StoreError::NoSuchRoom(room.clone()))
}

pub(super) fn position(connection: &Connection, room: &RoomId) -> Result<Position, StoreError> {
    let end = end(connection, room)?;
    Ok(Position { seq: end.seq.unsigned_abs(), received_at: end.received_at.map(stamp::read) })
}

pub(super) fn append(
    connection: &Connection,
    room: &RoomId,
    messages: &[NewMessage],
) -> Result<Vec<Appended>, StoreError> {
    let mut end = end(connection, room)?;
    let mut answers = Vec::with_capacity(messages.len());
    for message in messages {
        answers.push(append_one(connection, room, &mut end, message)?);
    }
    connection.prepare_cached(MOVE_END)?.execute(named_params! {
        ":room": end.room, ":seq": end.seq, ":received_at": end.received_at,
    })?;
    Ok(answers)
}

fn append_one(
    connection: &Connection,
    room: &RoomId,
    end: &mut End,
    message: &NewMessage,
) -> Result<Appended, StoreError> {
    let received_at = stamp::stored(message.received_at)?;
    let in_order = end.received_at.is_none_or(|last| last < received_at);
    let seq = end.seq + 1;
    if in_order {
        let stored = connection.prepare_cached(INSERT)?.execute(named_params! {
            ":room": end.room,
            ":seq": seq,
            ":id": message.id.as_str(),
            ":user": message.user.as_str(),
            ":kind": message.kind.name(),
            ":received_at": received_at,
            ":json": &message.json[..],
            ":audience": audience::stored(message.audience),
        })?;
        if stored == 1 {
            end.seq = seq;
            end.received_at = Some(received_at);
            state::apply(connection, end.room, &message.changes, received_at)?;
            return Ok(Appended::Stored { seq: seq.unsigned_abs() });
        }
    }
    // Sent again, it has an old stamp or a new one; either way it is known by its id.
    match sender(connection, end.room, &message.id)? {
        Some(sender) if sender == message.user.as_str() => Ok(Appended::Duplicate),
        Some(_) => Ok(Appended::IdTaken),
        None => Err(StoreError::OutOfOrder(room.clone())),
    }
}

/// Who sent a message.
pub(super) fn author(connection: &Connection, room: &RoomId, id: &MessageId) -> Result<Option<UserId>, StoreError> {
    let sender = sender(connection, end(connection, room)?.room, id)?;
    Ok(sender.map(UserId::from))
}

fn sender(connection: &Connection, room: i64, id: &MessageId) -> Result<Option<String>, StoreError> {
    let of = named_params! { ":room": room, ":id": id.as_str() };
    Ok(connection.prepare_cached(SENDER)?.query_row(of, |row| row.get(0)).optional()?)
}
