//! What is done in a room other than saying something: the moderators' calls, and the way they take to the room's task.

use chatroom_wire::{DictionaryId, MessageId, PollId, StickerPackId, User, UserId, poll::Poll, rest::PollAction};
use std::borrow::Cow;
use tokio::sync::{mpsc, oneshot};

use super::{RoomHandle, shown::RoomJson};
use crate::{rules::Author, store::StoreError};

/// What is done. All of it may be asked for again: what is so already is done, and not announced again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Viewers may not, or may again, write.
    Mute(bool),
    /// A person's messages are hidden from now on; the id says whose.
    Block(User),
    /// A person's messages are shown again.
    Unblock(UserId),
    /// A message goes to the top of the room.
    Pin(MessageId),
    /// It goes from there.
    Unpin(MessageId),
    /// A message goes out of the room.
    Delete(MessageId),
    /// Who acts goes by this name from now on.
    Rename(String),
    /// Who acts moderates the room, under the name that is to be shown.
    Moderates,
    /// The number of viewers is shown, or hidden.
    ShowViewers(bool),
    /// A poll is made; ids and counts of its own are given by the room.
    CreatePoll(Poll),
    /// A queued poll is written anew; its id says which.
    UpdatePoll(Poll),
    /// A poll that is not active goes.
    DeletePoll(PollId),
    /// A poll takes a step in its life.
    ChangePoll(PollId, PollAction),
    /// The word filter uses these dictionaries, or does not. They exist.
    UseDictionaries(Vec<DictionaryId>, bool),
    /// The room uses this pack of stickers, or does not. It exists.
    UseStickerPack(StickerPackId, bool),
}

impl Deed {
    /// What it is called, and whom or what it is about, for the log: an id, never a text.
    pub(super) fn describe(&self) -> (&'static str, Option<String>) {
        match self {
            Self::Mute(true) => ("mute", None),
            Self::Mute(false) => ("unmute", None),
            Self::Block(user) => ("block", user.id.as_ref().map(ToString::to_string)),
            Self::Unblock(user) => ("unblock", Some(user.to_string())),
            Self::Pin(id) => ("pin", Some(id.to_string())),
            Self::Unpin(id) => ("unpin", Some(id.to_string())),
            Self::Delete(id) => ("delete", Some(id.to_string())),
            Self::Rename(_) => ("rename", None),
            Self::Moderates => ("moderate", None),
            Self::ShowViewers(true) => ("show viewers", None),
            Self::ShowViewers(false) => ("hide viewers", None),
            Self::CreatePoll(_) => ("create poll", None),
            Self::UpdatePoll(poll) => ("update poll", poll.id.as_ref().map(ToString::to_string)),
            Self::DeletePoll(id) => ("delete poll", Some(id.to_string())),
            Self::ChangePoll(id, _) => ("change poll", Some(id.to_string())),
            Self::UseDictionaries(_, true) => ("enable dictionaries", None),
            Self::UseDictionaries(_, false) => ("disable dictionaries", None),
            Self::UseStickerPack(id, true) => ("enable stickers", Some(id.to_string())),
            Self::UseStickerPack(id, false) => ("disable stickers", Some(id.to_string())),
        }
    }
}

/// That it is done: committed, and in force for all that is said from here on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Done {
    /// Nothing more to say.
    #[default]
    Nothing,
    /// The poll as it is now, with all that only admins may know.
    Poll(Box<Poll>),
}

/// Why it was not done. Nothing has changed.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ActError {
    /// What it is about is not there.
    #[error("{0}")]
    NotFound(&'static str),
    /// What is asked for makes no sense.
    #[error("{0}")]
    Invalid(Cow<'static, str>),
    /// It can't be done as the room is now.
    #[error("{0}")]
    Precondition(Cow<'static, str>),
    /// There are as many as there may be.
    #[error("{0}")]
    Exhausted(Cow<'static, str>),
    /// The store can't take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server stops.
    #[error("the room can't be used now")]
    Stopped,
}

/// A question to the room's task, and where its answer goes.
#[derive(Debug)]
pub(super) enum Ask {
    Act { by: Box<Author>, deed: Box<Deed>, answer: oneshot::Sender<Result<Done, ActError>> },
    State(oneshot::Sender<Result<RoomJson, ActError>>),
}

/// How many questions may wait; more wait for a place.
pub(super) const ASKS: usize = 256;

impl RoomHandle {
    /// Does something in the name of `by`, whose name is the one to be shown. Returns once it is committed and in force.
    ///
    /// # Errors
    /// When it was not done.
    ///
    /// # Cancel safety
    /// It may or may not be done.
    pub(crate) async fn act(&self, by: Author, deed: Deed) -> Result<Done, ActError> {
        let (by, deed) = (Box::new(by), Box::new(deed));
        self.ask(|answer| Ask::Act { by, deed, answer }).await
    }

    /// The room as it is now: what its listeners were told last.
    ///
    /// # Errors
    /// When the store can't say.
    ///
    /// # Cancel safety
    /// Safe: it changes nothing.
    pub(crate) async fn state(&self) -> Result<RoomJson, ActError> {
        self.ask(Ask::State).await
    }

    #[cfg(test)]
    pub(super) async fn chatroom(&self) -> Result<chatroom_wire::Chatroom, ActError> {
        let json = self.state().await?.pieces().concat();
        Ok(serde_json::from_slice::<chatroom_wire::rest::ChatroomAnswer>(&json).expect("it is an answer").chatroom)
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<Result<T, ActError>>) -> Ask) -> Result<T, ActError> {
        let (answer, answered) = oneshot::channel();
        let asks: &mpsc::Sender<Ask> = &self.asks;
        asks.send(ask(answer)).await.map_err(|_| ActError::Stopped)?;
        answered.await.map_err(|_| ActError::Stopped)?
    }
}
