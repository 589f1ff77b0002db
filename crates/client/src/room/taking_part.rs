//! Taking part without a text: presses of counters, votes, stickers.

use chatroom_session::{Draft, PressError};
use chatroom_wire::{OptionId, PollId, StickerId, StickerPackId};
use tokio::sync::oneshot;

use super::{DeliverError, Receipt, Request, Room};

impl Room {
    /// Presses a counter of the room once, with a text of up to 1,024 bytes or without.
    ///
    /// Presses are gathered: they leave as one message after [`Limits::press_wait`](crate::Limits::press_wait) (5 s), or
    /// when they fill one, or when the room is left. [`Event::Counted`](crate::Event::Counted) tells soon what the
    /// counter has come to.
    ///
    /// # Errors
    /// When it can't be taken; then it does not count.
    ///
    /// # Cancel safety
    /// The press may or may not have been taken.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use chatroom_client::{Event, PressError, memory::MemoryRoom};
    ///
    /// let memory = MemoryRoom::new().with_counters(["like"]);
    /// let (room, mut events) = memory.join("ada").build()?;
    /// # while !matches!(events.next().await, Some(Ok(Event::Joined { .. }))) {}
    /// room.press("like", None).await?;
    /// room.press("like", None).await?;
    /// assert_eq!(room.press("love", None).await, Err(PressError::NoSuchCounter("love".into())));
    ///
    /// room.leave().await;
    /// assert_eq!(memory.counter("like"), Some(2));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn press(&self, key: &str, value: Option<&str>) -> Result<(), PressError> {
        let (taken, answer) = oneshot::channel();
        let request = Request::Press { key: key.to_owned(), value: value.map(ToOwned::to_owned), taken };
        self.requests.send(request).await.map_err(|_| PressError::Ended)?;
        answer.await.unwrap_or(Err(PressError::Ended))
    }

    /// Votes in the poll that runs; a later vote replaces it. Short for [`deliver`](Self::deliver) with a
    /// [`Draft::Vote`].
    ///
    /// # Errors
    /// As [`Room::deliver`]: the service refuses what is no vote in this poll.
    ///
    /// # Cancel safety
    /// The vote may or may not have been taken, and goes its way if it was.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use chatroom_client::wire::{poll::Poll, rest::PollAction};
    /// use chatroom_client::memory::MemoryRoom;
    ///
    /// let memory = MemoryRoom::new();
    /// # let tea: Poll = serde_json::from_str(r#"{"multi_choice":{"options":[{"text":"yes"},{"text":"no"}]}}"#)?;
    /// # let host = memory.visitor(memory.admin_token("host"));
    /// # let poll = host.create_poll(&tea).await?;
    /// # host.change_poll(poll.id.as_ref().unwrap(), PollAction::Start).await?;
    /// let (room, _events) = memory.join("ada").build()?;
    /// if let Some(poll) = room.chatroom().await?.active_poll
    ///     && let (Some(id), Some(yes)) = (&poll.id, &poll.multi_choice.options[0].id)
    /// {
    ///     room.vote(id, &[yes.clone()]).await?;
    /// }
    /// # assert_eq!(host.chatroom().await?.active_poll.unwrap().votes_count, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn vote(&self, poll: &PollId, options: &[OptionId]) -> Result<Receipt, DeliverError> {
        self.deliver(Draft::Vote { poll: poll.clone(), options: options.to_vec() }).await
    }

    /// Sends a sticker of a pack that the room uses. Short for [`deliver`](Self::deliver) with a [`Draft::Sticker`].
    ///
    /// # Errors
    /// As [`Room::deliver`]: the service refuses a sticker that the room does not use.
    ///
    /// # Cancel safety
    /// The sticker may or may not have been taken, and goes its way if it was.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use chatroom_client::memory::MemoryRoom;
    ///
    /// let (room, _events) = MemoryRoom::new().join("ada").build()?;
    /// room.stick(&"basic".into(), &"wave".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stick(&self, pack: &StickerPackId, id: &StickerId) -> Result<Receipt, DeliverError> {
        self.deliver(Draft::Sticker { pack: pack.clone(), id: id.clone() }).await
    }
}
