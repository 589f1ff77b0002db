//! The wire of a room in memory: a queue one way, a call the other way.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use chatroom_session::LinkError;
use futures_util::{Sink, Stream};
use tokio::sync::mpsc;

use super::{MemoryRoom, hall::LinkId};

/// The client's end of a link.
pub(super) struct MemoryConnection {
    room: MemoryRoom,
    id: LinkId,
    from_room: mpsc::UnboundedReceiver<Bytes>,
}

impl MemoryConnection {
    pub(super) fn open(room: MemoryRoom) -> Self {
        let (to_client, from_room) = mpsc::unbounded_channel();
        let id = room.hall().open(to_client);
        Self { room, id, from_room }
    }
}

impl Stream for MemoryConnection {
    type Item = Result<Bytes, LinkError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.from_room.poll_recv(cx).map(|bytes| bytes.map(Ok))
    }
}

impl Sink<Bytes> for MemoryConnection {
    type Error = LinkError;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, bytes: Bytes) -> Result<(), LinkError> {
        self.room.hall().receive(self.id, &bytes);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for MemoryConnection {
    fn drop(&mut self) {
        self.room.hall().closed(self.id);
    }
}
