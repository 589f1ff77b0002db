//! The only loop: carries out what the core decides, and hands in what happens. It holds no rule of its own.
//!
//! ```text
//! drain ─▶ flush ─▶ wait ─▶ feed ─┐
//!   ▲                             │
//!   └─────────────────────────────┘
//! ```

use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc, time::Duration};

use bytes::Bytes;
use chatroom_session::{
    CallAnswer, CallError, CallId, Cause, Deadline, Delivery, End, Event, Input, LinkId, Now, Output, RequestId,
    RoomState, SendError, Session, WriteId,
};
use chatroom_wire::{MessageId, SafeText};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use jiff::Timestamp;
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::{
    calls::ask,
    events::EventSink,
    link::LinkNews,
    links::Links,
    name::OwnName,
    network::Watch,
    outbox::Writer,
    room::Request,
    transport::{Transport, address},
};

/// So many requests are taken at once: what they send leaves together.
const REQUESTS_AT_ONCE: usize = 32;

type Answered = (CallId, Result<CallAnswer, CallError>);

/// One session and all that it needs of the world.
#[must_use = "a driver does nothing unless `run` is spawned"]
pub(crate) struct Driver {
    session: Session,
    origin: Instant,
    transport: Transport,
    links: Links,
    /// Links that were hung up and still say goodbye.
    goodbyes: JoinSet<()>,
    calls: FuturesUnordered<BoxFuture<'static, Answered>>,
    requests: mpsc::Receiver<Request>,
    retry: Arc<Notify>,
    /// Looks for a network while the next attempt is waited for.
    network: Watch,
    outbox: Writer,
    events: EventSink,
    /// What happened since the core was drained last.
    untold: Vec<Event>,
    state: watch::Sender<Arc<RoomState>>,
    /// Who waits to hear whether which message is taken.
    handing_over: BTreeMap<MessageId, Taker>,
    /// Who waits for the end of which message.
    waiting: BTreeMap<MessageId, oneshot::Sender<Delivery>>,
    /// Who waits for the answer to which call.
    asked: BTreeMap<RequestId, oneshot::Sender<Result<Bytes, CallError>>>,
    /// With whom a link was opened last.
    address: Option<String>,
    name: Arc<OwnName>,
    /// The last handle is gone.
    alone: bool,
    ended: bool,
}

/// The driver's ends of what handles and readers hold.
pub(crate) struct Ends {
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) retry: Arc<Notify>,
    pub(crate) events: EventSink,
    pub(crate) state: watch::Sender<Arc<RoomState>>,
    pub(crate) name: Arc<OwnName>,
}

/// Somebody who hands a message over.
struct Taker {
    taken: oneshot::Sender<Result<MessageId, SendError>>,
    delivery: Option<oneshot::Sender<Delivery>>,
}

/// What was waited for.
enum News {
    Link(LinkId, LinkNews),
    Answered(Answered),
    Written(Vec<(WriteId, Result<(), String>)>),
    /// None: the last handle is gone.
    Requests(Vec<Request>),
    Retry,
    LookForNetwork,
    Deadline,
}

impl Driver {
    pub(crate) fn new(session: Session, outbox: Writer, transport: Transport, ends: Ends) -> Self {
        let Ends { requests, retry, events, state, name } = ends;
        Self {
            session,
            origin: Instant::now(),
            transport,
            links: Links::default(),
            goodbyes: JoinSet::new(),
            calls: FuturesUnordered::new(),
            requests,
            retry,
            network: Watch::default(),
            outbox,
            events,
            untold: Vec::new(),
            state,
            handing_over: BTreeMap::new(),
            waiting: BTreeMap::new(),
            asked: BTreeMap::new(),
            address: None,
            name,
            alone: false,
            ended: false,
        }
    }

    /// Runs the session to its end.
    pub(crate) async fn run(mut self) {
        self.hand_in(Input::Start);
        while let ControlFlow::Continue(deadline) = self.drain() {
            self.links.flush().await;
            self.outbox.start();
            let news = self.wait(deadline).await;
            self.feed(news);
        }
        // Last words are told once the disk has them: what is said to be not taken must not be sent by the next program.
        self.outbox.close().await;
        self.tell_all();
        while self.goodbyes.join_next().await.is_some() {}
    }

    /// Carries out what the core wants, until it wants to wait, or is done.
    fn drain(&mut self) -> ControlFlow<(), Option<(Duration, Deadline)>> {
        loop {
            match self.session.poll_output() {
                Output::Connect { link, url } => {
                    self.address = Some(address(url.endpoint.host(), url.port()));
                    tracing::debug!(host = url.endpoint.host(), secure = url.secure, "opening a link");
                    self.network.end();
                    self.links.open(link, self.transport.open(url));
                }
                Output::Send { link, bytes } => {
                    tracing::trace!(bytes = bytes.len(), "sending");
                    self.links.send(link, bytes);
                }
                Output::Disconnect(link) => {
                    if let Some(goodbye) = self.links.hang_up(link) {
                        self.goodbyes.spawn(goodbye);
                    }
                }
                Output::Call { id, call, token } => {
                    let answer = self.transport.call(call, token);
                    self.calls.push(answer.map(move |result| (id, result)).boxed());
                }
                Output::Write { ticket, entry } => self.outbox.write(ticket, entry),
                Output::Answered { id, result } => {
                    if let Some(waiting) = self.asked.remove(&id) {
                        // Who dropped the future since does not want to know.
                        drop(waiting.send(result));
                    }
                }
                Output::Event(event) => {
                    self.ended |= matches!(event, Event::Ended(_));
                    self.untold.push(event);
                }
                Output::Timeout(_) if self.ended => return ControlFlow::Break(()),
                Output::Timeout(deadline) => {
                    self.tell_all();
                    return ControlFlow::Continue(deadline);
                }
            }
        }
    }

    /// Waits for whatever comes first. Dropping the others loses nothing.
    async fn wait(&mut self, deadline: Option<(Duration, Deadline)>) -> News {
        let due = deadline.and_then(|(at, _)| self.origin.checked_add(at));
        let look = self.network.due();
        let mut batch = Vec::new();
        tokio::select! {
            biased;
            // First what is rare: a flood of anything else must not keep a ping from going out.
            () = sleep_until(due.unwrap_or(self.origin)), if due.is_some() => {
                tracing::trace!(reason = ?deadline.map(|(_, reason)| reason), "a deadline has come");
                News::Deadline
            }
            Some(answered) = self.calls.next() => News::Answered(answered),
            written = self.outbox.written() => News::Written(written),
            () = self.retry.notified() => News::Retry,
            () = sleep_until(look.unwrap_or(self.origin)), if look.is_some() => News::LookForNetwork,
            // Either may have no end, and neither may starve the other: chance decides.
            news = async {
                tokio::select! {
                    // A reader who keeps up is waited for; the server is what waits then.
                    (link, news) = async { self.events.has_room().await; self.links.news().await } => {
                        News::Link(link, news)
                    }
                    _ = self.requests.recv_many(&mut batch, REQUESTS_AT_ONCE), if !self.alone => {
                        News::Requests(batch)
                    }
                }
            } => news,
        }
    }

    /// Hands in what happened.
    fn feed(&mut self, news: News) {
        match news {
            News::Link(link, LinkNews::Opened) => self.hand_in(Input::LinkOpened(link)),
            News::Link(link, LinkNews::Received(bytes)) => {
                tracing::trace!(bytes = bytes.len(), "received");
                self.hand_in(Input::LinkReceived(link, bytes));
            }
            News::Link(link, LinkNews::Closed(error)) => {
                tracing::debug!(%error, "the link is down");
                self.hand_in(Input::LinkClosed(link, error));
            }
            News::Answered((id, result)) => self.hand_in(Input::CallDone { id, result }),
            News::Written(written) => {
                for (ticket, result) in written {
                    self.hand_in(Input::Written { ticket, result });
                    // As below.
                    let _deadline = self.drain();
                }
            }
            News::Requests(requests) if requests.is_empty() => {
                self.alone = true;
                self.hand_in(Input::Close);
            }
            News::Requests(requests) => {
                for request in requests {
                    self.serve(request);
                    // The core wants to be drained after each change; the loop asks once more for the deadline.
                    let _deadline = self.drain();
                }
            }
            News::Retry => self.hand_in(Input::Retry),
            News::LookForNetwork => {
                if self.network.look() {
                    tracing::debug!("a network has come");
                    self.hand_in(Input::Retry);
                }
            }
            News::Deadline => self.hand_in(Input::Timeout),
        }
    }

    fn hand_in(&mut self, input: Input) {
        let now = self.now();
        ask::reporting(|| self.session.handle_input(now, input));
    }

    fn serve(&mut self, request: Request) {
        match request {
            // Who no longer waits for the answer is taken to have changed his mind.
            Request::Send { taken, .. } if taken.is_closed() => {}
            Request::Send { draft, taken, delivery } => {
                let now = self.now();
                match self.session.send(now, draft) {
                    // The answer comes once it is kept.
                    Ok(id) => drop(self.handing_over.insert(id, Taker { taken, delivery })),
                    Err(error) => drop(taken.send(Err(error))),
                }
            }
            Request::Call { answer, .. } if answer.is_closed() => {}
            Request::Call { call, answer } => {
                let now = self.now();
                let id = self.session.request(now, call);
                self.asked.insert(id, answer);
            }
            Request::Press { key, value, taken } => {
                let now = self.now();
                drop(taken.send(self.session.press(now, &key, value.as_deref())));
            }
            Request::Rename(name) => self.session.rename(name),
            Request::Messages(answer) => drop(answer.send(self.session.messages().cloned().collect())),
            Request::Leave => self.hand_in(Input::Close),
        }
    }

    /// Has errors of links say with whom they were.
    fn addressed(&self, event: Event) -> Event {
        let Some(address) = &self.address else { return event };
        let at = |cause| match cause {
            Cause::Link(error) => Cause::Link(error.at(address)),
            other => other,
        };
        match event {
            Event::Interrupted { cause, retry_in } => Event::Interrupted { cause: at(cause), retry_in },
            Event::Ended(End::Fatal(cause)) => Event::Ended(End::Fatal(at(cause))),
            Event::Ended(End::NotAuthorized(cause)) => Event::Ended(End::NotAuthorized(at(cause))),
            Event::Ended(End::GaveUp { patience, last }) => Event::Ended(End::GaveUp { patience, last: last.map(at) }),
            other => other,
        }
    }

    fn tell_all(&mut self) {
        for event in std::mem::take(&mut self.untold) {
            self.tell(event);
        }
    }

    fn tell(&mut self, event: Event) {
        let event = self.addressed(event);
        match &event {
            Event::Joined { user, first } => {
                tracing::debug!(first, "joined");
                self.name.heard(&user.custom_name);
                self.state.send_replace(Arc::new(self.session.room().clone()));
            }
            Event::Interrupted { cause, retry_in } => {
                tracing::debug!(cause = %safe(cause), ?retry_in, "interrupted");
                self.network.begin();
            }
            Event::Delayed { cause, retry_in } => tracing::debug!(cause = %safe(cause), ?retry_in, "delayed"),
            Event::MessageAdded { message, delivery: Some(_), .. } => {
                if let Some(id) = &message.id
                    && let Some(Taker { taken, delivery }) = self.handing_over.remove(id)
                {
                    // Who dropped the future since does not want to know.
                    drop(taken.send(Ok(id.clone())));
                    self.waiting.extend(delivery.map(|delivery| (id.clone(), delivery)));
                }
            }
            Event::NotKept { id, reason } => {
                tracing::debug!(reason = %safe(reason), "a message could not be kept");
                if let Some(Taker { taken, .. }) = self.handing_over.remove(id) {
                    drop(taken.send(Err(SendError::NotKept(reason.clone()))));
                }
            }
            Event::RoomChanged(state) => drop(self.state.send_replace(Arc::new((**state).clone()))),
            Event::DeliveryChanged { id, delivery, .. } if delivery.is_final() => {
                if let Some(waiting) = self.waiting.remove(id) {
                    drop(waiting.send(delivery.clone()));
                }
            }
            Event::Gap(gap) => tracing::debug!(reason = %safe(&gap.reason), "messages may be missing"),
            Event::Ended(end) => tracing::debug!(end = %safe(end), "ended"),
            _ => {}
        }
        self.events.tell(event);
    }

    fn now(&self) -> Now {
        Now { mono: self.origin.elapsed(), wall: Timestamp::now() }
    }
}

/// For a log: the server's own words may be part of it.
fn safe(reason: &impl ToString) -> SafeText {
    SafeText::log(&reason.to_string())
}
