//! What becomes of a message that was handed over.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use chatroom_session::{Delivery, SendError};
use chatroom_wire::{MessageId, SafeText, Time};
use tokio::sync::oneshot;

/// A message that was handed over, and is not taken yet.
///
/// Dropping it may or may not take the message back.
#[derive(Debug)]
#[must_use = "a message that is dropped may not be taken; use Room::send"]
pub struct Offer {
    pub(super) taken: oneshot::Receiver<Result<MessageId, SendError>>,
    pub(super) delivery: oneshot::Receiver<Delivery>,
}

/// A message that was taken and is on its way: a future of its last [`Delivery`].
///
/// Dropping it does not take the message back.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited; use Room::send where the outcome does not matter"]
pub struct Pending {
    /// The message.
    pub id: MessageId,
    pub(super) delivery: oneshot::Receiver<Delivery>,
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

impl Offer {
    /// Waits until the message is taken.
    ///
    /// # Errors
    /// As [`Room::send`](crate::Room::send).
    ///
    /// # Cancel safety
    /// The message may or may not have been taken.
    pub async fn taken(self) -> Result<Pending, SendError> {
        let id = self.taken.await.unwrap_or(Err(SendError::Ended))?;
        Ok(Pending { id, delivery: self.delivery })
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
        Delivery::Expired => "it could not be sent in time".to_owned(),
        Delivery::Kept => "the session ended first; it stays in the outbox on disk".to_owned(),
        Delivery::Unconfirmed => "it was sent, and nothing says whether it arrived".to_owned(),
        other => format!("{other:?}"),
    }
}
