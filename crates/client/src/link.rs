//! One link of a session: being opened, open, or down. Never makes the loop wait for a write.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use chatroom_session::LinkError;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::time::timeout;

/// How long a goodbye may take to be written.
const GOODBYE: Duration = Duration::from_secs(2);

/// So many messages may wait to be written while more is read: each delivery may want an answer, and who takes none of
/// them is not listened to. More than an outbox of own messages, of which each is sent once.
pub(crate) const QUEUE: usize = 8_192;

/// An open link: whole MQTT packets in both directions, in any slices.
pub(crate) trait Connection:
    Stream<Item = Result<Bytes, LinkError>> + Sink<Bytes, Error = LinkError> + Send
{
}
impl<T: Stream<Item = Result<Bytes, LinkError>> + Sink<Bytes, Error = LinkError> + Send> Connection for T {}

/// A link that is being opened.
pub(crate) type Opening = Pin<Box<dyn Future<Output = Result<Pin<Box<dyn Connection>>, LinkError>> + Send>>;

/// One link of a session.
#[derive(Default)]
pub(crate) struct Link {
    state: State,
    /// What is to be written, in order.
    queue: VecDeque<Bytes>,
    /// A write failed; told once nothing more can be read.
    failed: Option<LinkError>,
}

#[derive(Default)]
enum State {
    #[default]
    Down,
    Opening(Opening),
    Open(Pin<Box<dyn Connection>>),
}

/// What a link has to say.
#[derive(Debug)]
pub(crate) enum LinkNews {
    Opened,
    Received(Bytes),
    Closed(LinkError),
}

impl Link {
    /// Begins to open.
    pub(crate) fn open(opening: Opening) -> Self {
        Self { state: State::Opening(opening), ..Self::default() }
    }

    /// Queues one message.
    pub(crate) fn send(&mut self, bytes: Bytes) {
        if matches!(self.state, State::Open(_)) {
            self.queue.push_back(bytes);
        }
    }

    /// Takes the link down: a future that writes what is queued and says goodbye, in 2 s at most.
    pub(crate) fn hang_up(&mut self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let Self { state, queue, .. } = std::mem::take(self);
        match state {
            State::Down | State::Opening(_) => None,
            State::Open(mut connection) => Some(async move {
                let goodbye = async {
                    for bytes in queue {
                        connection.feed(bytes).await?;
                    }
                    connection.close().await
                };
                // Who hung up does not mind how.
                drop(timeout(GOODBYE, goodbye).await);
            }),
        }
    }

    /// What comes next; never, while the link is down. Goes on writing meanwhile; all progress is kept in the link.
    pub(crate) fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<LinkNews> {
        let news = match &mut self.state {
            State::Down => return Poll::Pending,
            State::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                Ok(connection) => {
                    self.state = State::Open(connection);
                    return Poll::Ready(LinkNews::Opened);
                }
                Err(error) => LinkNews::Closed(error),
            },
            State::Open(_) => {
                self.write(cx);
                if self.queue.len() > QUEUE {
                    // The link calls back as soon as it takes more.
                    return Poll::Pending;
                }
                let State::Open(connection) = &mut self.state else { return Poll::Pending };
                // What the peer said before it went counts for more than a write that failed.
                match (connection.poll_next_unpin(cx), self.failed.take()) {
                    (Poll::Ready(Some(Ok(bytes))), failed) => {
                        self.failed = failed;
                        return Poll::Ready(LinkNews::Received(bytes));
                    }
                    (Poll::Ready(Some(Err(error))), _) => LinkNews::Closed(error),
                    (Poll::Ready(None), _) => LinkNews::Closed(LinkError::Closed),
                    (Poll::Pending, Some(error)) => LinkNews::Closed(error),
                    (Poll::Pending, None) => return Poll::Pending,
                }
            }
        };
        *self = Self::default();
        Poll::Ready(news)
    }

    /// Writes as much as the link takes at once, and has it call back when it takes more. What goes wrong is for
    /// [`Link::poll_news`].
    pub(crate) fn write(&mut self, cx: &mut Context<'_>) {
        if self.failed.is_none()
            && let Poll::Ready(Err(error)) = self.poll_write(cx)
        {
            self.queue.clear();
            self.failed = Some(error);
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        let State::Open(connection) = &mut self.state else { return Poll::Ready(Ok(())) };
        while !self.queue.is_empty() {
            ready!(connection.poll_ready_unpin(cx))?;
            if let Some(bytes) = self.queue.pop_front() {
                connection.start_send_unpin(bytes)?;
            }
        }
        connection.poll_flush_unpin(cx)
    }
}
