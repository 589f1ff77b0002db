//! What was said, page by page, as a stream.

mod pages;

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use chatroom_session::CallError;
use chatroom_wire::{
    Kind, Message, Time,
    envelope::BadElement,
    rest::{MessagesPage, MessagesQuery},
};
use futures_util::{FutureExt, Stream, StreamExt, future::BoxFuture};

use self::pages::Pages;
use crate::{Room, Visitor};

/// Where to begin, and so in which direction to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// With the newest message, backwards.
    Newest,
    /// With the oldest message, forwards.
    Oldest,
}

/// The messages of a room, each once, in order: a stream that asks for a page (`GET /chatrooms/messages`) when the one
/// before is used up. It holds two pages at most.
///
/// Backwards it ends where a page is empty: one that is not full may have been cut by its size. Forwards it ends where it
/// catches up: when a page is not full, it asks what the newest message is, goes on to that one, and leaves what is said
/// later to the session's events.
///
/// Pages meet at a message's `received_at`. So that a seam between messages of the same time loses none, the next page
/// begins with that time once more, and what was told is left out by its id; whether the service's bounds are
/// inclusive does not matter. Where more messages bear one time than a page holds, the service gives no way to all of
/// them: the stream tells as many as it gets, says [`HistoryError::Crowded`], and goes on behind that time.
///
/// After an error it goes on: a page that could not be read is asked for again, at once, unless the session has ended.
/// Heed [`HistoryError::retry_after`], and give up some time.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use chatroom_client::{history::From, memory::MemoryRoom, wire::Kind};
///
/// let memory = MemoryRoom::new();
/// # let ada = memory.visitor(memory.token("ada"));
/// memory.say("ben", "one");
/// memory.say("ben", "two");
/// let mut history = ada.history(From::Newest).types([Kind::Text]);
/// let mut texts = Vec::new();
/// while let Some(message) = history.next().await {
///     texts.extend(message?.text().map(str::to_owned));
/// }
/// assert_eq!(texts, ["two", "one"]);
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct History {
    source: Source,
    pages: Pages,
    ready: VecDeque<Result<Message, HistoryError>>,
    asking: Option<BoxFuture<'static, Result<MessagesPage, CallError>>>,
}

/// Why the history has a hole here, or could not be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The page could not be read. The next poll asks for it again, unless the session has ended or has no chat token:
    /// then this is the end.
    #[error(transparent)]
    Page(CallError),
    /// The service has something here that is no message.
    #[error(transparent)]
    Unreadable(BadElement),
    /// More messages bear this time than a page holds; some of them may be missing.
    #[error("more messages were received at {0} than a page holds; some may be missing")]
    Crowded(Time),
    /// The service answers the same page over and over. The end.
    #[error("the history does not lead on")]
    NoProgress,
}

impl HistoryError {
    /// How long the service asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Page(CallError::Status { retry_after, .. }) => *retry_after,
            _ => None,
        }
    }
}

impl Room {
    /// All that was said in this room, beyond what the session keeps. It reads with the session's token, and keeps the
    /// session alive as any handle does.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use chatroom_client::{history::From, memory::MemoryRoom};
    ///
    /// let memory = MemoryRoom::new();
    /// memory.say("ben", "before anybody came");
    /// let (room, _events) = memory.join("ada").build()?;
    /// let first = room.history(From::Oldest).next().await.expect("somebody said something")?;
    /// assert_eq!(first.text(), Some("before anybody came"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn history(&self, from: From) -> History {
        History::new(Source::Room(self.clone()), from)
    }
}

impl Visitor {
    /// All that was said in the token's room.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use chatroom_client::{history::From, memory::MemoryRoom};
    ///
    /// let memory = MemoryRoom::new();
    /// # let ada = memory.visitor(memory.token("ada"));
    /// memory.say("ben", "hello");
    /// let newest = ada.history(From::Newest).next().await.expect("somebody said something")?;
    /// assert_eq!(newest.text(), Some("hello"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn history(&self, from: From) -> History {
        History::new(Source::Visitor(self.clone()), from)
    }
}

impl History {
    fn new(source: Source, from: From) -> Self {
        Self { source, pages: Pages::new(from), ready: VecDeque::new(), asking: None }
    }

    /// Only messages of these types.
    pub fn types(mut self, types: impl IntoIterator<Item = Kind>) -> Self {
        self.pages.types = types.into_iter().collect();
        self
    }

    /// Only messages received after this time.
    pub fn after(mut self, time: Time) -> Self {
        self.pages.after = Some(time);
        self
    }

    /// Only messages received before this time.
    pub fn before(mut self, time: Time) -> Self {
        self.pages.before = Some(time);
        self
    }

    /// Asks for so many messages at a time, 1 to 100; without it for 100.
    pub fn page_size(mut self, messages: u16) -> Self {
        self.pages.set_size(messages);
        self
    }

    /// The next message; none after the end.
    ///
    /// # Errors
    /// Where messages may be missing, or a page could not be read. The next call goes on.
    ///
    /// # Cancel safety
    /// Safe: a message is taken only by a future that is done, and a call that is under way goes on with the next one.
    pub async fn next(&mut self) -> Option<Result<Message, HistoryError>> {
        StreamExt::next(self).await
    }
}

impl Stream for History {
    type Item = Result<Message, HistoryError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(item) = this.ready.pop_front() {
                return Poll::Ready(Some(item));
            }
            let asking = if let Some(asking) = &mut this.asking {
                asking
            } else {
                let Some(query) = this.pages.query() else { return Poll::Ready(None) };
                this.asking.insert(this.source.ask(query))
            };
            let result = ready!(asking.poll_unpin(cx));
            this.asking = None;
            match result {
                Ok(page) => this.ready.extend(this.pages.take(page.messages.0)),
                Err(error) => {
                    if matches!(error, CallError::Ended | CallError::NoToken) {
                        this.pages.end();
                    }
                    return Poll::Ready(Some(Err(HistoryError::Page(error))));
                }
            }
        }
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("pages", &self.pages).field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}

/// Who asks.
enum Source {
    Room(Room),
    Visitor(Visitor),
}

impl Source {
    fn ask(&self, query: MessagesQuery) -> BoxFuture<'static, Result<MessagesPage, CallError>> {
        match self {
            Self::Room(room) => {
                let room = room.clone();
                async move { room.messages_page(&query).await }.boxed()
            }
            Self::Visitor(visitor) => {
                let visitor = visitor.clone();
                async move { visitor.messages_page(&query).await }.boxed()
            }
        }
    }
}
