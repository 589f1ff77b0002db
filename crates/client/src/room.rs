//! The handle to a room, and what becomes of a message that is sent through it.

mod pending;
mod taking_part;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use chatroom_session::{ApiRequest, CallError, Delivery, Draft, PressError, RoomState, SendError};
use chatroom_wire::{Message, MessageId, rest::ActionTaker};
use tokio::sync::{Notify, mpsc, oneshot, watch};

pub use self::pending::{DeliverError, Offer, Pending, Receipt};
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

impl Room {
    /// Hands a message over. Taken is not delivered: [`Event::DeliveryChanged`](crate::Event::DeliveryChanged) tells
    /// how it goes on. With an [`Outbox`](crate::Outbox), taken means that it is on disk: it ends as delivered, rejected
    /// or expired, over as many sessions as that takes.
    ///
    /// # Errors
    /// When it can't be taken: it is empty or too large, too many wait already, it can't be kept on disk, or the session
    /// is over.
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
        let taken = self.request(draft.into(), None).await?;
        taken.await.unwrap_or(Err(SendError::Ended))
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
        self.offer(draft).await?.taken().await
    }

    /// Hands a message over without waiting even until it is taken, so that many share one sync of an
    /// [`Outbox`](crate::Outbox). They are taken in the order in which they were offered.
    ///
    /// # Errors
    /// When the session is over.
    ///
    /// # Cancel safety
    /// The message may or may not have been offered.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use chatroom_client::memory::MemoryRoom;
    ///
    /// let (room, _events) = MemoryRoom::new().join("ada").build()?;
    /// let (one, two) = (room.offer("one").await?, room.offer("two").await?);
    /// let (one, two) = (one.taken().await?, two.taken().await?);
    /// assert!(one.await.is_final() && two.await.is_final());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn offer(&self, draft: impl Into<Draft>) -> Result<Offer, SendError> {
        let (answer, delivery) = oneshot::channel();
        let taken = self.request(draft.into(), Some(answer)).await?;
        Ok(Offer { taken, delivery })
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
    /// session has ended. Messages that wait may not be sent any more, unless they stay in an
    /// [`Outbox`](crate::Outbox), which is free for the next session then; presses of counters that wait are, if the room
    /// can be reached, and the goodbye waits up to 2 s for their acknowledgement.
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
    pub(crate) fn actor(&self) -> impl Future<Output = Result<ActionTaker, CallError>> {
        // A session is told its name as it joins.
        std::future::ready(Ok(ActionTaker::named(self.name.get())))
    }

    /// The service knows us by this name now.
    pub(crate) async fn renamed(&self, name: &str) {
        self.name.set(name);
        // An error means that the session has ended.
        drop(self.requests.send(Request::Rename(name.to_owned())).await);
    }

    /// Asks the driver to take a message; where it answers.
    async fn request(
        &self,
        draft: Draft,
        delivery: Option<oneshot::Sender<Delivery>>,
    ) -> Result<oneshot::Receiver<Result<MessageId, SendError>>, SendError> {
        let (taken, answer) = oneshot::channel();
        let request = Request::Send { draft, taken, delivery };
        self.requests.send(request).await.map_err(|_| SendError::Ended)?;
        Ok(answer)
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("ended", &self.requests.is_closed()).finish_non_exhaustive()
    }
}
