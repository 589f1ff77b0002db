//! Looks through the history, from the newest message back, so far and no further.

use chatroom_client::{
    HistoryError, Visitor,
    history::{From, History},
};
use chatroom_wire::{Kind, Message, MessageId, Time, UserId};

use super::failed;
use crate::{failure::Failure, words::thousands};

/// What people write, and what can be deleted.
const WRITTEN: [Kind; 3] = [Kind::Text, Kind::Sticker, Kind::Custom];

/// The message of this id, if it is among the newest so many.
pub(super) async fn message(visitor: &Visitor, id: &MessageId, search: u32) -> Result<Option<Message>, Failure> {
    let mut history = Bounded::new(visitor.history(From::Newest).types(WRITTEN), search);
    while let Some(message) = history.next().await? {
        if message.id.as_ref() == Some(id) {
            return Ok(Some(message));
        }
    }
    Ok(None)
}

/// What this person wrote, the newest first: at most `last` of it, since `since`, among the newest so many messages.
pub(super) async fn messages_of(
    visitor: &Visitor,
    user: &UserId,
    last: Option<u32>,
    since: Option<Time>,
    search: u32,
) -> Result<Vec<Message>, Failure> {
    let mut history = visitor.history(From::Newest).types(WRITTEN);
    if let Some(since) = since {
        history = history.after(since);
    }
    let mut history = Bounded::new(history, search);
    let last = last.map_or(usize::MAX, |last| usize::try_from(last).unwrap_or(usize::MAX));
    let mut found = Vec::new();
    while found.len() < last
        && let Some(message) = history.next().await?
    {
        if message.user.id.as_ref() == Some(user) && message.id.is_some() && !is_press(&message) {
            found.push(message);
        }
    }
    Ok(found)
}

/// That a message was not found, and how to find it.
pub(super) fn not_found(id: &str, search: u32) -> Failure {
    let id = chatroom_wire::SafeText::name(id, "");
    Failure::Refused {
        problem: format!("the message {id} is not among the newest {}", thousands(search)),
        hint: "is the id right? --search N looks further back; `chatroom tail --json` tells ids",
    }
}

/// A press counts, and says nothing.
fn is_press(message: &Message) -> bool {
    matches!(&message.payload, chatroom_wire::Payload::Custom(custom) if custom.incr.is_some())
}

struct Bounded {
    history: History,
    left: u32,
}

impl Bounded {
    fn new(history: History, most: u32) -> Self {
        Self { history, left: most }
    }

    async fn next(&mut self) -> Result<Option<Message>, Failure> {
        while self.left > 0 {
            self.left -= 1;
            match self.history.next().await {
                None | Some(Err(HistoryError::NoProgress)) => return Ok(None),
                Some(Ok(message)) => return Ok(Some(message)),
                Some(Err(HistoryError::Page(source))) => return Err(failed("the history can't be read")(source)),
                // What is no message is not the one.
                Some(Err(_)) => {}
            }
        }
        Ok(None)
    }
}
