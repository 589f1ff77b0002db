//! What happens in the room, on its way to the application: a bounded queue whose writer loses the oldest rather than
//! wait for a reader who does not keep up. One who does is given the time to read a burst.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::Duration,
};

use chatroom_session::Event;
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

/// How long a reader may take for half of the queue, when a burst fills it, before the oldest are left out.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most memory that events may take which are not read yet, in bytes.
const MEMORY: usize = 16 * 1024 * 1024;

/// So many events were left out, because they were not read in time. They were the oldest; what follows is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} events were left out, because they were not read in time")]
pub struct Lagged(pub u64);

/// What happens in the room, in order. Ends after [`Event::Ended`]. Dropping it does no harm to the session.
///
/// It is a [`Stream`] too, so that the combinators of `futures` work on it.
#[derive(Debug)]
pub struct EventStream(Arc<Mutex<Queue>>);

/// The writer's end.
#[derive(Debug)]
pub(crate) struct EventSink {
    queue: Arc<Mutex<Queue>>,
    patience: Patience,
}

/// How the writer stands to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// There is room.
    NotNeeded,
    /// The reader has until then to read a burst.
    Until(Instant),
    /// The reader did not keep up; whether the reader is back shows only once much is read.
    Spent,
}

#[derive(Debug)]
struct Queue {
    events: VecDeque<Event>,
    capacity: usize,
    /// How much memory they take.
    bytes: usize,
    lagged: u64,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// Either end is gone.
    closed: bool,
}

/// A queue that holds this many events, at least one.
pub(crate) fn channel(capacity: usize) -> (EventSink, EventStream) {
    let queue = Queue {
        events: VecDeque::new(),
        capacity: capacity.max(1),
        bytes: 0,
        lagged: 0,
        reader: None,
        writer: None,
        closed: false,
    };
    let queue = Arc::new(Mutex::new(queue));
    (EventSink { queue: Arc::clone(&queue), patience: Patience::NotNeeded }, EventStream(queue))
}

impl Queue {
    /// A burst is to be waited for.
    fn is_filling(&self) -> bool {
        self.events.len() > self.capacity / 2 || self.bytes > MEMORY / 2
    }

    /// A burst has been read.
    fn is_read(&self) -> bool {
        self.events.len() <= self.capacity / 4 && self.bytes <= MEMORY / 4
    }

    fn push(&mut self, event: Event) {
        self.bytes += event.weight();
        self.events.push_back(event);
        // The newest stays, however large it is.
        while self.events.len() > self.capacity || (self.bytes > MEMORY && self.events.len() > 1) {
            self.pop();
            self.lagged += 1;
        }
    }

    fn pop(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        self.bytes -= event.weight();
        Some(event)
    }
}

impl EventStream {
    /// The next event; none after the end.
    ///
    /// # Errors
    /// [`Lagged`] where events were left out. The next call goes on behind them.
    ///
    /// # Cancel safety
    /// Safe: an event is taken only by a future that is done.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use chatroom_client::{Event, memory::MemoryRoom};
    ///
    /// let memory = MemoryRoom::new();
    /// let (room, mut events) = memory.join("ada").build()?;
    /// while let Some(event) = events.next().await {
    ///     if let Event::Joined { user, .. } = event? {
    ///         assert_eq!(user.custom_name, "ada");
    ///         break;
    ///     }
    /// }
    /// # drop(room);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Result<Event, Lagged>> {
        StreamExt::next(self).await
    }
}

impl Stream for EventStream {
    type Item = Result<Event, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut queue = lock(&self.0);
        if queue.lagged > 0 {
            return Poll::Ready(Some(Err(Lagged(std::mem::take(&mut queue.lagged)))));
        }
        match queue.pop() {
            Some(event) => {
                if queue.events.is_empty() {
                    // A burst's memory is not kept for a quiet room.
                    queue.events = VecDeque::new();
                }
                if queue.is_read()
                    && let Some(writer) = queue.writer.take()
                {
                    drop(queue);
                    writer.wake();
                }
                Poll::Ready(Some(Ok(event)))
            }
            None if queue.closed => Poll::Ready(None),
            None => {
                queue.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.closed = true;
        queue.events = VecDeque::new();
        let writer = queue.writer.take();
        drop(queue);
        if let Some(writer) = writer {
            writer.wake();
        }
    }
}

impl EventSink {
    /// Tells the reader, who may have lost the oldest event for it.
    pub(crate) fn tell(&self, event: Event) {
        let mut queue = lock(&self.queue);
        if queue.closed {
            return;
        }
        queue.push(event);
        wake(queue);
    }

    /// Waits while a burst fills the queue and the reader keeps up: until three quarters of it are free, for 1 s at most.
    /// A reader who needs longer is not waited for again before that.
    ///
    /// Cancel safe: the time goes on from the first call.
    pub(crate) async fn has_room(&mut self) {
        let until = match self.patience {
            Patience::Until(until) => until,
            Patience::NotNeeded if lock(&self.queue).is_filling() => Instant::now() + PATIENCE,
            Patience::NotNeeded => return,
            Patience::Spent => {
                if lock(&self.queue).is_read() {
                    self.patience = Patience::NotNeeded;
                }
                return;
            }
        };
        self.patience = Patience::Until(until);
        let is_read = poll_fn(|cx| {
            let mut queue = lock(&self.queue);
            if queue.is_read() {
                return Poll::Ready(());
            }
            queue.writer = Some(cx.waker().clone());
            Poll::Pending
        });
        let in_time = timeout_at(until, is_read).await.is_ok();
        self.patience = if in_time { Patience::NotNeeded } else { Patience::Spent };
    }
}

impl Drop for EventSink {
    fn drop(&mut self) {
        let mut queue = lock(&self.queue);
        queue.closed = true;
        wake(queue);
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().expect("nothing panics while it holds the queue")
}

/// Wakes the reader, without the lock that it will want.
fn wake(mut queue: MutexGuard<'_, Queue>) {
    let reader = queue.reader.take();
    drop(queue);
    if let Some(reader) = reader {
        reader.wake();
    }
}

#[cfg(test)]
mod tests {
    use chatroom_wire::{Message, User};

    use super::*;

    fn deleted(id: &str) -> Event {
        Event::MessageDeleted { id: id.into() }
    }

    async fn next(stream: &mut EventStream) -> String {
        match stream.next().await {
            Some(Ok(Event::MessageDeleted { id })) => id.to_string(),
            Some(Err(Lagged(count))) => format!("lagged {count}"),
            Some(Ok(other)) => format!("{other:?}"),
            None => "end".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_slow_reader_loses_the_oldest_and_is_told_how_many() {
        let (sink, mut stream) = channel(2);
        for id in ["a", "b", "c", "d", "e"] {
            sink.tell(deleted(id));
        }
        assert_eq!(next(&mut stream).await, "lagged 3");
        assert_eq!(next(&mut stream).await, "d");
        sink.tell(deleted("f"));
        assert_eq!(next(&mut stream).await, "e");
        assert_eq!(next(&mut stream).await, "f");
        drop(sink);
        assert_eq!(next(&mut stream).await, "end");
    }

    #[tokio::test]
    async fn what_is_large_is_bounded_by_its_size() {
        let (sink, mut stream) = channel(1_000);
        let text = "x".repeat(1024 * 1024);
        let message = Arc::new(Message::text_by(User::named("ada"), text));
        for _ in 0..100 {
            sink.tell(Event::MessageAdded { message: Arc::clone(&message), delivery: None, late: false });
        }
        assert!(matches!(stream.next().await, Some(Err(Lagged(85)))));
        drop(sink);
        assert_eq!(stream.count().await, 15);
    }

    #[tokio::test]
    async fn a_reader_that_waits_is_woken_by_an_event_and_by_the_end() {
        let (sink, mut stream) = channel(2);
        let (told, ()) = tokio::join!(next(&mut stream), async { sink.tell(deleted("a")) });
        assert_eq!(told, "a");
        let (told, ()) = tokio::join!(next(&mut stream), async { drop(sink) });
        assert_eq!(told, "end");
    }

    #[test]
    fn without_a_reader_nothing_is_kept() {
        let (sink, stream) = channel(2);
        sink.tell(deleted("a"));
        drop(stream);
        sink.tell(deleted("b"));
        assert!(lock(&sink.queue).events.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_keeps_up_is_waited_for_and_loses_nothing() {
        let (mut sink, mut stream) = channel(8);
        let writer = async {
            for _ in 0..1_000 {
                sink.has_room().await;
                sink.tell(deleted("a"));
            }
            drop(sink);
        };
        let reader = async {
            let mut read = 0;
            while let Some(event) = stream.next().await {
                event.expect("nothing is left out");
                read += 1;
                tokio::task::yield_now().await;
            }
            read
        };
        assert_eq!(tokio::join!(writer, reader).1, 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_stands_still_is_waited_for_once() {
        let (mut sink, mut stream) = channel(8);
        let begun = Instant::now();
        for _ in 0..1_000 {
            sink.has_room().await;
            sink.tell(deleted("a"));
        }
        assert_eq!(begun.elapsed().as_secs(), PATIENCE.as_secs());
        assert_eq!(next(&mut stream).await, "lagged 992");
        for _ in 0..8 {
            assert_eq!(next(&mut stream).await, "a");
        }
        sink.has_room().await;
        assert_eq!(sink.patience, Patience::NotNeeded, "the reader is back");
    }
}
