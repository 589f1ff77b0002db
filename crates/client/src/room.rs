//! The handle to a room, and what becomes of a message that is sent through it.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use chatroom_session::{ApiRequest, CallError, Delivery, Draft, PressError, RoomState, SendError};
use chatroom_wire::{
    Message, MessageId, OptionId, PollId, SafeText, StickerId, StickerPackId, Time, rest::ActionTaker,
};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::name::OwnName;

/// A handle to a room that is being kept; cheap to clone. When the last one is dropped, the room is left.
///
/// It does not wait for the room to be joined: what is sent before waits in the outbox, for as long as its time to
/// live allows.
#[derive(Clone)]
pub struct Room {
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) state: watch::Receiver<Arc<RoomState>>,
    pub(crate) retry: Arc<Notify>,
    pub(crate) name: Arc<OwnName>,
}

/// What a handle asks of the driver.
pub(crate) enum Request {
    Send {
        draft: Draft,
        /// Where to answer whether it was taken.
        taken: oneshot::Sender<Result<MessageId, SendError>>,
        /// Where to answer how it ended.
        delivery: Option<oneshot::Sender<Delivery>>,
    },
    Call {
        call: ApiRequest,
        answer: oneshot::Sender<Result<Bytes, CallError>>,
    },
    Press {
        key: String,
        value: Option<String>,
        /// Where to answer whether it was taken.
        taken: oneshot::Sender<Result<(), PressError>>,
    },
    /// Write under this name from now on.
    Rename(String),
    Messages(oneshot::Sender<Vec<Message>>),
    Leave,
}

/// A message that was taken and is on its way: a future of its last [`Delivery`].
///
/// Dropping it does not take the message back.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited; use Room::send where the outcome does not matter"]
pub struct Pending {
    /// The message.
    pub id: MessageId,
    delivery: oneshot::Receiver<Delivery>,
}

/// The proof that others see a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The message.
    pub id: MessageId,
    /// The server's stamp.
    pub received_at: Option<Time>,
    /// From `deliver` or `submit` to here.
    pub took: Duration,
}

/// Why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeliverError {
    /// It was not even taken.
    #[error(transparent)]
    Send(#[from] SendError),
    /// It was taken, and did not make it; or nothing says whether it did ([`Delivery::Unconfirmed`]).
    #[error("{}", outcome(delivery))]
    Failed {
        /// The message.
        id: MessageId,
        /// How it ended.
        delivery: Delivery,
    },
}

impl Room {
    /// Hands a message over. Taken is not delivered: [`Event::DeliveryChanged`](crate::Event::DeliveryChanged) tells
    /// how it goes on.
    ///
    /// # Errors
    /// When it can't be taken: it is empty or too large, too many wait already, or the session is over.
    ///
    /// # Cancel safety
    /// The message may or may not have been taken.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use chatroom_client::{SendError, memory::MemoryRoom};
    ///
    /// let (room, _events) = MemoryRoom::new().join("ada").build()?;
    /// let id = room.send("hello").await?;
    /// assert_eq!(room.messages().await[0].id, Some(id));
    /// assert_eq!(room.send("").await, Err(SendError::Empty));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send(&self, draft: impl Into<Draft>) -> Result<MessageId, SendError> {
        self.hand_over(draft.into(), None).await
    }

    /// Hands a message over without waiting for its end, so that many can be on their way at once.
    ///
    /// # Errors
    /// As [`Room::send`].
    ///
    /// # Cancel safety
    /// The message may or may not have been taken.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use chatroom_client::memory::MemoryRoom;
    ///
    /// let (room, _events) = MemoryRoom::new().join("ada").build()?;
    /// let (one, two) = (room.submit("one").await?, room.submit("two").await?);
    /// assert!(one.await.is_final());
    /// assert_eq!(two.delivered().await?.id, room.messages().await[1].id.clone().unwrap());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn submit(&self, draft: impl Into<Draft>) -> Result<Pending, SendError> {
        let (answer, delivery) = oneshot::channel();
        let id = self.hand_over(draft.into(), Some(answer)).await?;
        Ok(Pending { id, delivery })
    }

    /// Hands a message over and waits until others see it: until it came back from the room, or stands in its history.
    ///
    /// # Errors
    /// When it is not taken, refused, or not confirmed in time.
    ///
    /// # Cancel safety
    /// The message may or may not have been taken, and goes its way if it was.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use chatroom_client::memory::MemoryRoom;
    ///
    /// let memory = MemoryRoom::new();
    /// let (room, _events) = memory.join("ada").build()?;
    /// let receipt = room.deliver("hello").await?;
    /// assert_eq!(memory.messages()[0].received_at, receipt.received_at);
    ///
    /// memory.mute();
    /// let error = room.deliver("anybody?").await.unwrap_err();
    /// assert_eq!(error.to_string(), "the server refused it: the room is muted");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn deliver(&self, draft: impl Into<Draft>) -> Result<Receipt, DeliverError> {
        self.submit(draft).await?.delivered().await
    }

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

    /// What is known of the room now. Never waits.
    pub fn state(&self) -> Arc<RoomState> {
        Arc::clone(&self.state.borrow())
    }

    /// The messages that are kept, in order, own ones on their way last. None after the end.
    ///
    /// # Cancel safety
    /// Safe: it changes nothing.
    pub async fn messages(&self) -> Vec<Message> {
        let (answer, messages) = oneshot::channel();
        // An error means that the driver is gone; then the answer is, too.
        drop(self.requests.send(Request::Messages(answer)).await);
        messages.await.unwrap_or_default()
    }

    /// Does not wait any longer for the next attempt: the network is back, or somebody pressed a key.
    pub fn retry(&self) {
        self.retry.notify_one();
    }

    /// Leaves the room with a DISCONNECT, and returns when that is said (or could not be said within 2 s) and the
    /// session has ended. Messages that wait are not sent any more; presses of counters that wait are, if the room can
    /// be reached, and the goodbye waits up to 2 s for their acknowledgement.
    ///
    /// # Cancel safety
    /// The room may or may not be left.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use chatroom_client::{SendError, memory::MemoryRoom};
    ///
    /// let memory = MemoryRoom::new();
    /// let (room, _events) = memory.join("ada").build()?;
    /// room.deliver("good bye").await?;
    /// room.leave().await;
    /// assert_eq!(memory.connections(), 0);
    /// assert_eq!(room.send("one more thing").await, Err(SendError::Ended));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn leave(&self) {
        // An error means that the session has ended already.
        drop(self.requests.send(Request::Leave).await);
        self.requests.closed().await;
    }

    /// Makes a call with the session's token.
    pub(crate) async fn make(&self, call: ApiRequest) -> Result<Bytes, CallError> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request::Call { call, answer }).await.map_err(|_| CallError::Ended)?;
        answered.await.unwrap_or(Err(CallError::Ended))
    }

    /// Who acts, for calls that say it.
    pub(crate) fn actor(&self) -> ActionTaker {
        ActionTaker::named(self.name.get())
    }

    /// The service knows us by this name now.
    pub(crate) async fn renamed(&self, name: &str) {
        self.name.set(name);
        // An error means that the session has ended.
        drop(self.requests.send(Request::Rename(name.to_owned())).await);
    }

    async fn hand_over(
        &self,
        draft: Draft,
        delivery: Option<oneshot::Sender<Delivery>>,
    ) -> Result<MessageId, SendError> {
        let (taken, answer) = oneshot::channel();
        let request = Request::Send { draft, taken, delivery };
        self.requests.send(request).await.map_err(|_| SendError::Ended)?;
        answer.await.unwrap_or(Err(SendError::Ended))
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("ended", &self.requests.is_closed()).finish_non_exhaustive()
    }
}

impl Pending {
    /// Waits until others see the message.
    ///
    /// # Errors
    /// When it did not make it.
    ///
    /// # Cancel safety
    /// The message goes its way.
    pub async fn delivered(self) -> Result<Receipt, DeliverError> {
        let id = self.id.clone();
        match self.await {
            Delivery::Delivered { received_at, took } => Ok(Receipt { id, received_at, took }),
            delivery => Err(DeliverError::Failed { id, delivery }),
        }
    }
}

impl Future for Pending {
    type Output = Delivery;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Delivery> {
        // Without a driver there is no answer: the runtime was shut down.
        Pin::new(&mut self.delivery).poll(cx).map(|delivery| delivery.unwrap_or(Delivery::Unconfirmed))
    }
}

fn outcome(delivery: &Delivery) -> String {
    match delivery {
        // The server's own words may be part of it.
        Delivery::Rejected(rejection) => SafeText::log(&rejection.to_string()).into_string(),
        Delivery::Expired => "the room could not be reached in time to send it".to_owned(),
        Delivery::Unconfirmed => "it was sent, and nothing says whether it arrived".to_owned(),
        other => format!("{other:?}"),
    }
}
