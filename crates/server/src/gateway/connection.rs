//! One client from its first byte to its last: the only loop of the gateway.
//!
//! It holds no rule of the room. It moves bytes between the link and MQTT, takes what MQTT says to whoever decides,
//! and takes back what they answer. Nothing in it waits for one thing alone: a client that does not read can't keep
//! its own messages from being read, and a busy room can't keep a client from being served.

use std::{future, net::IpAddr, pin::Pin, sync::Arc, time::Duration};

use chatroom_mqtt::{
    Accept, Connect, InboundPublish, PacketId, QoS, ReasonCode, ServerEvent, ServerOptions, ServerOutput, ServerRole,
};
use rand::RngExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    pin,
    sync::{
        broadcast::{self, error::RecvError},
        mpsc,
    },
    time::{sleep_until, timeout},
};
use tracing::{debug, info};

use super::{
    connections,
    credentials::{self, Guest},
    fanout::Delivery,
    frames,
    link::{Link, LinkError, Progress},
};
use crate::{
    bars::BARRED,
    listen,
    room::{AnswerTo, Attendance, Notice, Publish, RoomHandle, Said},
    rules::Refusal,
    service::Service,
    stop::Phase,
};

/// How long a client may take to read the goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// The largest CONNECT: a token of 8 KiB with its signature, and some. It is held before anybody is known.
const CONNECT_MAX: u32 = 10 * 1024;

/// Serves one client until it goes.
///
/// Thousands of these wait idle: what it holds counts.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    service: Arc<Service>,
    io: S,
    address: IpAddr,
    incoming: Arc<listen::Place>,
) {
    let _busy = service.stop.busy();
    let mut stop = service.stop.watch();
    let mut connection = Connection::new(service, io, address, Arc::clone(&incoming));
    let end = tokio::select! {
        end = connection.run() => end,
        () = incoming.evicted() => End::AtOnce,
        () = stop.reached(Phase::Over) => End::AtOnce,
    };
    if let Some(session) = connection.session.take() {
        info!(room = %session.guest.grant.room, user = %session.guest.grant.user, "a client left");
    }
    if let End::Gently(code) = end {
        connection.link.say_close(code);
        // A client that does not take its goodbye is left.
        let _ = timeout(GOODBYE, connection.link.finish()).await;
    }
}

/// How a connection ends.
enum End {
    /// What was said before is still delivered, then this close code.
    Gently(u16),
    /// The client is gone, or takes nothing.
    AtOnce,
}

struct Connection<S> {
    service: Arc<Service>,
    address: IpAddr,
    /// Its place among the connections of any kind.
    incoming: Arc<listen::Place>,
    link: Link<S>,
    role: ServerRole,
    /// Where answers to this client are sent to; cloned for each message that wants one.
    answers: mpsc::UnboundedSender<Notice>,
    inbox: mpsc::UnboundedReceiver<Notice>,
    session: Option<Session>,
    /// A message for which the room has no place yet. Meanwhile nothing is read.
    waiting: Option<Waiting>,
    /// How many of its messages the room has not answered yet.
    unanswered: usize,
    leave: Leave,
    end: Option<End>,
}

/// How far a client is with leaving, as the server stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leave {
    /// The server works.
    No,
    /// It is asked to at this time.
    At(Duration),
    /// Nothing more is read; what was read is answered first.
    Answering,
    /// It was asked.
    Asked,
}

/// What a client has once its CONNECT is accepted.
struct Session {
    guest: Guest,
    room: RoomHandle,
    listening: Option<Listening>,
    /// When its token ends.
    ends_at: Duration,
    _place: connections::Place,
}

struct Listening {
    ring: broadcast::Receiver<Delivery>,
    _attendance: Attendance,
}

struct Waiting {
    publish: Publish,
    /// Kept from turn to turn of the loop: who asks anew goes to the end of the queue.
    place: Pin<Box<dyn Future<Output = Option<Place>> + Send>>,
}

/// A place for one message in the room's queue.
type Place = mpsc::OwnedPermit<Publish>;

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    fn new(service: Arc<Service>, io: S, address: IpAddr, incoming: Arc<listen::Place>) -> Self {
        let (answers, inbox) = mpsc::unbounded_channel();
        let settings = &service.settings;
        let options = ServerOptions {
            connect_timeout: settings.connect_timeout,
            maximum_connect_size: CONNECT_MAX,
            maximum_packet_size: u32::try_from(settings.packet_max.0).unwrap_or(u32::MAX),
            receive_maximum: settings.receive_max,
            // One topic is published to, so one alias is enough.
            topic_alias_maximum: 1,
        };
        let role = ServerRole::new(service.clock.monotonic(), options);
        Self {
            service,
            address,
            incoming,
            link: Link::new(io),
            role,
            answers,
            inbox,
            session: None,
            waiting: None,
            unanswered: 0,
            leave: Leave::No,
            end: None,
        }
    }

    async fn run(&mut self) -> End {
        let clock = self.service.clock;
        let mut stop = self.service.stop.watch();
        let mut armed = Duration::ZERO;
        let timer = sleep_until(clock.instant(armed));
        pin!(timer);
        loop {
            self.drain().await;
            if self.leave == Leave::Answering && self.unanswered == 0 && self.waiting.is_none() {
                self.ask_to_leave();
                self.drain().await;
            }
            if let Some(end) = self.end.take() {
                return end;
            }
            // The timer is only set forward: one that fires too early costs less than moving it at every packet.
            let due = self.poll_timeout();
            if due < armed || timer.is_elapsed() {
                armed = due;
                timer.as_mut().reset(clock.instant(due));
            }
            let may_read = self.waiting.is_none() && self.leave != Leave::Answering;
            let role = &mut self.role;
            tokio::select! {
                moved = self.link.go_on(clock.monotonic(), may_read, |bytes| role.receive(clock.monotonic(), bytes)) => {
                    self.moved(moved);
                }
                Some(notice) = self.inbox.recv() => self.notice(notice),
                delivery = next(&mut self.session), if self.link.is_idle() => self.deliver(delivery).await,
                permit = place(self.waiting.as_mut()) => self.take_place(permit),
                () = stop.reached(Phase::Draining), if self.leave == Leave::No => self.leave_soon(),
                () = &mut timer => self.handle_timeout(),
            }
        }
    }

    /// Does what MQTT says, until it has nothing more to say or a message must wait.
    async fn drain(&mut self) {
        while self.waiting.is_none() && self.end.is_none() {
            match self.role.poll_output() {
                Some(ServerOutput::Send(packet)) => self.link.answer(&packet),
                Some(ServerOutput::Event(event)) => self.event(event).await,
                Some(ServerOutput::Close(cause)) => {
                    debug!(%cause, address = %self.address, "a connection ends");
                    self.end = Some(End::Gently(frames::NORMAL));
                }
                None => return,
            }
        }
    }

    async fn event(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::Connect(connect) => self.connect(&connect),
            ServerEvent::Subscribe { id, filters } => self.subscribe(id, &filters).await,
            ServerEvent::Unsubscribe { id, filters } => self.unsubscribe(id, &filters),
            ServerEvent::Publish(publish) => self.publish(publish),
            // A close follows the goodbye; what else may come is of a later version of MQTT's door.
            _ => {}
        }
    }

    fn connect(&mut self, connect: &Connect) {
        let now = self.service.clock.now();
        if self.service.stop.phase() != Phase::Running {
            return self.refuse(now.monotonic, ReasonCode::SERVER_UNAVAILABLE, Some("the server is shutting down"));
        }
        let guest = match credentials::check(connect, &self.service.keys, &self.service.settings, now.wall) {
            Ok(guest) => guest,
            Err(unwelcome) => return self.refuse(now.monotonic, unwelcome.reason, Some(unwelcome.text)),
        };
        let place = self.service.connections.admit(
            guest.client_id.clone(),
            guest.grant.room.clone(),
            guest.grant.user.clone(),
            self.answers.clone(),
        );
        let place = match place {
            Ok(place) => place,
            Err(full) => {
                return self.refuse(now.monotonic, ReasonCode::QUOTA_EXCEEDED, Some(&full.to_string()));
            }
        };
        // Asked only now: a bar that comes later finds the connection in its place.
        if self.service.bars.contains(&guest.grant.room, &guest.grant.user) {
            return self.refuse(now.monotonic, ReasonCode::NOT_AUTHORIZED, Some(BARRED));
        }
        info!(room = %guest.grant.room, user = %guest.grant.user, from = %self.address, "a client joined");
        self.role.accept(now.monotonic, Accept::new(guest.keep_alive));
        self.incoming.is_known();
        let left = guest.grant.expires_at.duration_since(now.wall);
        self.session = Some(Session {
            room: self.service.room(&guest.grant.room),
            ends_at: now.monotonic + Duration::try_from(left).unwrap_or_default(),
            listening: None,
            guest,
            _place: place,
        });
    }

    fn refuse(&mut self, now: Duration, reason: ReasonCode, text: Option<&str>) {
        info!(from = %self.address, %reason, text, "a client is refused");
        self.role.refuse(now, reason, text);
    }

    async fn subscribe(&mut self, id: PacketId, filters: &[(String, QoS)]) {
        let Some(session) = &mut self.session else { return };
        let mut codes = Vec::with_capacity(filters.len());
        for (filter, _) in filters {
            let code = match session.guest.topics.may_subscribe(filter) {
                // Whatever quality is asked for: every packet is the same for all, and history closes the holes.
                Ok(()) => ReasonCode::SUCCESS,
                Err(reason) => reason,
            };
            if code == ReasonCode::SUCCESS && session.listening.is_none() {
                session.listening = Some(Listening {
                    ring: self.service.listen(&session.guest.grant.room, &session.guest.topics.subscribe).await,
                    _attendance: session.room.enter(&session.guest.author),
                });
            }
            codes.push(code);
        }
        let refused =
            codes.iter().any(|code| code.is_error()).then_some("a client may listen to its room's topic.sub only");
        self.role.suback(self.service.clock.monotonic(), id, &codes, refused);
        if codes.contains(&ReasonCode::SUCCESS) {
            self.say_position().await;
        }
    }

    /// Says where the room stands, in an empty packet: a client that misses the first packet of its life learns it by
    /// the second one (docs/protocol.md, section I). Without it, it is only slower to learn.
    async fn say_position(&mut self) {
        let Some(session) = &self.session else { return };
        let position = timeout(POSITION, self.service.store.position(&session.guest.grant.room)).await;
        let Ok(Ok(position)) = position else { return };
        let seq = position.seq.to_string();
        let properties = [("seq", seq.as_str()), ("prev", seq.as_str())];
        let said =
            self.role.publish(self.service.clock.monotonic(), &session.guest.topics.subscribe, b"[]", &properties);
        if let Err(error) = said {
            debug!(%error, address = %self.address, "a client can't be told where the room stands");
        }
    }

    fn unsubscribe(&mut self, id: PacketId, filters: &[String]) {
        let Some(session) = &mut self.session else { return };
        let codes: Vec<ReasonCode> = filters
            .iter()
            .map(|filter| {
                let ours = *filter == session.guest.topics.subscribe && session.listening.take().is_some();
                if ours { ReasonCode::SUCCESS } else { ReasonCode::NO_SUBSCRIPTION_EXISTED }
            })
            .collect();
        self.role.unsuback(self.service.clock.monotonic(), id, &codes, None);
    }

    fn publish(&mut self, publish: InboundPublish) {
        let Some(session) = &self.session else { return };
        let said = match session.guest.topics.may_publish(&publish.topic) {
            Ok(()) => Said::Payload(publish.payload),
            Err(reason) if publish.id.is_none() => {
                let text = Some("a client may publish to its room's topic.pub only");
                return self.role.disconnect(self.service.clock.monotonic(), reason, text);
            }
            Err(reason) => {
                Said::Refused(Refusal::for_good(reason, "a client may publish to its room's topic.pub only"))
            }
        };
        let answer = publish.id.map(|id| AnswerTo { id, inbox: self.answers.clone() });
        self.unanswered += usize::from(answer.is_some());
        let publish = Publish { author: Arc::clone(&session.guest.author), said, answer };
        match session.room.publishes().try_send(publish) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(publish)) => {
                let room = session.room.publishes().clone();
                self.waiting = Some(Waiting { publish, place: Box::pin(async { room.reserve_owned().await.ok() }) });
            }
            Err(mpsc::error::TrySendError::Closed(_)) => self.room_is_gone(),
        }
    }

    fn take_place(&mut self, permit: Option<Place>) {
        match (permit, self.waiting.take()) {
            (Some(permit), Some(waiting)) => drop(permit.send(waiting.publish)),
            _ => self.room_is_gone(),
        }
    }

    fn room_is_gone(&mut self) {
        let text = Some("the room can't be used now");
        self.role.disconnect(self.service.clock.monotonic(), ReasonCode::UNSPECIFIED, text);
    }

    fn moved(&mut self, moved: Result<Progress, LinkError>) {
        match moved {
            Ok(Progress::Moved) => {}
            // What came before the end is served first: the role puts its goodbye behind it.
            Ok(Progress::Ended) => self.role.link_closed(self.service.clock.monotonic()),
            Err(LinkError::Frame(error)) => {
                debug!(%error, address = %self.address, "a client's frames are broken");
                self.end = Some(End::Gently(error.code()));
            }
            Err(LinkError::Io(error)) => {
                debug!(%error, address = %self.address, "a connection broke");
                self.end = Some(End::AtOnce);
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        let now = self.service.clock.monotonic();
        self.unanswered -= usize::from(matches!(notice, Notice::Answer(..)));
        match notice {
            Notice::Answer(id, Ok(())) => self.role.puback(now, id, ReasonCode::SUCCESS, None, &[]),
            Notice::Answer(id, Err(refusal)) => {
                let wait = refusal.retry_after.map(|wait| wait.as_millis().to_string());
                let properties = wait.as_deref().map(|wait| ("retry-after-ms", wait));
                self.role.puback(now, id, refusal.reason, Some(&refusal.text), properties.as_slice());
            }
            Notice::TakenOver => {
                let text = Some("another connection uses this client id now");
                self.role.disconnect(now, ReasonCode::TAKEN_OVER, text);
            }
            Notice::Barred => self.role.disconnect(now, ReasonCode::NOT_AUTHORIZED, Some(BARRED)),
        }
    }

    async fn deliver(&mut self, delivery: Result<Delivery, RecvError>) {
        match delivery {
            Ok(delivery) => {
                let Some(session) = &self.session else { return };
                let user = &session.guest.author.id;
                let max = usize::try_from(self.role.maximum_outbound()).unwrap_or(usize::MAX);
                let packet = delivery.for_user(user);
                let fits = packet.as_ref().is_none_or(|packet| packet.size <= max);
                if let Some(packet) = packet.filter(|_| fits) {
                    self.link.deliver(packet.frame);
                }
                for packet in delivery.again_for(user).filter(|packet| packet.len() <= max) {
                    self.link.answer(&packet);
                }
                if !fits {
                    // It is left out for this client; that the room went on tells it so.
                    self.say_position().await;
                }
            }
            Err(RecvError::Lagged(missed)) => {
                let dropped = self.service.count_dropped_slow();
                debug!(missed, dropped, address = %self.address, "a listener fell behind");
                let text = Some("too slow: packets were missed; read the history");
                self.role.disconnect(self.service.clock.monotonic(), ReasonCode::QUOTA_EXCEEDED, text);
            }
            Err(RecvError::Closed) => self.room_is_gone(),
        }
    }

    /// Spreads the goodbyes, so that not all clients come back at the same instant.
    fn leave_soon(&mut self) {
        let clients = u32::try_from(self.service.connections.len()).unwrap_or(u32::MAX);
        let settings = &self.service.settings;
        let spread = (Duration::from_millis(1) * clients).min(settings.drain_window).min(settings.drain_timeout);
        self.leave = Leave::At(self.service.clock.monotonic() + spread.mul_f64(rand::rng().random()));
    }

    fn ask_to_leave(&mut self) {
        self.leave = Leave::Asked;
        let text = Some("the server is shutting down");
        self.role.disconnect(self.service.clock.monotonic(), ReasonCode::SHUTTING_DOWN, text);
    }

    /// When it begins to leave, if that is still to come.
    fn leave_at(&self) -> Option<Duration> {
        match self.leave {
            Leave::At(at) => Some(at),
            Leave::No | Leave::Answering | Leave::Asked => None,
        }
    }

    /// When [`Connection::handle_timeout`] has something to do.
    fn poll_timeout(&self) -> Duration {
        [
            self.role.poll_timeout().map(|(due, _)| due),
            self.session.as_ref().map(|session| session.ends_at),
            self.link.stuck_since().map(|since| since + self.service.settings.write_timeout),
            self.leave_at(),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(FAR)
        .min(self.service.clock.monotonic() + FAR)
    }

    fn handle_timeout(&mut self) {
        let now = self.service.clock.monotonic();
        self.role.handle_timeout(now);
        if self.link.stuck_since().is_some_and(|since| now >= since + self.service.settings.write_timeout) {
            debug!(address = %self.address, "a client takes nothing");
            self.end = Some(End::AtOnce);
        } else if self.session.as_ref().is_some_and(|session| now >= session.ends_at) {
            // Without a DISCONNECT: every known client takes that for a dead token and gets a new one
            // (docs/protocol.md, section A.7).
            debug!(address = %self.address, "a token has ended");
            self.end = Some(End::Gently(frames::NORMAL));
        } else if self.leave_at().is_some_and(|at| now >= at) {
            self.leave = Leave::Answering;
        }
    }
}

/// How long a client waits to be told where the room stands; a slow disk must not hold up its connection.
const POSITION: Duration = Duration::from_millis(500);

/// The longest time a timer is set for.
const FAR: Duration = Duration::from_secs(24 * 60 * 60);

/// The next packet of the room, once the client listens.
async fn next(session: &mut Option<Session>) -> Result<Delivery, RecvError> {
    match session.as_mut().and_then(|session| session.listening.as_mut()) {
        Some(listening) => listening.ring.recv().await,
        None => future::pending().await,
    }
}

/// A place in the room for the message that waits; none if the room is gone.
async fn place(waiting: Option<&mut Waiting>) -> Option<Place> {
    match waiting {
        Some(waiting) => waiting.place.as_mut().await,
        None => future::pending().await,
    }
}
