//! Routes inputs to the machines that own a rule, and merges their deadlines. The rules of connecting, of sending and
//! of receiving are in the modules of these names.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use chatroom_wire::{Claims, Config, Message, MessageId, RefreshToken, Time, Token};

use crate::{
    Access, Call, CallAnswer, CallError, CallId, Cause, Deadline, Draft, End, Event, Input, LinkId, Now, Options,
    Output, RoomState, SendError, backoff::Backoff, handover::Handover, held::Held, history::History, ids::Ids,
    keeping::Writes, lives::Lives, outbox::Outbox, phase::Phase, presses::Presses, random::Random, renewal::Renewal,
    request::Requests, resume::Subscription, room::Changes, timeline::Timeline, wake::Wake,
};

/// One user in one room. See the crate's [drain contract](crate#the-drain-contract).
#[derive(Debug)]
pub struct Session {
    pub(crate) options: Options,
    pub(crate) now: Now,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) random: Random,
    pub(crate) ids: Ids,
    pub(crate) phase: Phase,
    /// The answer of the last config call, or the config that was given.
    pub(crate) config: Option<Box<Config>>,
    calls: BTreeMap<CallId, Pending>,
    next_call: u64,
    pub(crate) backoff: Backoff,
    pub(crate) lives: Lives,
    pub(crate) renewal: Renewal,
    pub(crate) requests: Requests,
    pub(crate) presses: Presses,
    /// The session leaves; when it waits no longer for what it has sent.
    pub(crate) closing: Option<Duration>,
    pub(crate) outbox: Outbox,
    pub(crate) writes: Writes,
    next_link: u64,
    pub(crate) handover: Handover,
    pub(crate) wake: Wake,
    /// What the broker may have kept of the last link.
    pub(crate) resumes: Option<Subscription>,
    pub(crate) timeline: Timeline,
    pub(crate) history: History,
    /// What is older was not asked for.
    pub(crate) floor: Option<Time>,
    /// What was said while the history is read; told when that is done.
    pub(crate) held: Held,
    pub(crate) room: RoomState,
    /// The last answer of the service holds all changes of the room up to here.
    pub(crate) room_as_of: Option<Time>,
    pub(crate) room_changes: Changes,
    /// The service could not answer how the room is, and is to be asked again.
    pub(crate) room_missed: bool,
    /// As the application knows it.
    pub(crate) room_told: RoomState,
    /// What was said of the room while its state is being read.
    pub(crate) room_news: Vec<Message>,
    /// Whether the room was joined once; and when, by the wall clock.
    pub(crate) joined: Option<jiff::Timestamp>,
    /// Whether a first read told where the room stood.
    pub(crate) baseline_known: bool,
    /// Up to where nothing is missing.
    pub(crate) checked: Option<Time>,
    /// Whether the service numbers its deliveries, so that a hole is seen at once.
    pub(crate) numbered: bool,
    pub(crate) next_recheck: Option<Duration>,
    pub(crate) give_up_at: Option<Duration>,
    pub(crate) last_cause: Option<Cause>,
    /// Why the server refuses for now, as it was told.
    pub(crate) delayed_by: Option<Cause>,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    purpose: Purpose,
    until: Duration,
}

/// What a pending call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Config,
    Handover,
    Room,
    Renewal,
    History,
    Request,
}

impl Session {
    /// A session that does nothing yet; [`Input::Start`] begins it.
    pub fn new(mut options: Options) -> Self {
        options.bound();
        let limits = &options.limits;
        // It stays here no longer than it is needed: a session is printed with its options.
        let mut ids = Ids::new(std::mem::take(&mut options.seed));
        Self {
            outbox: Outbox::new(limits.echo, limits.settle),
            timeline: Timeline::new(limits.timeline, limits.timeline_bytes),
            random: ids.jitter(),
            ids,
            now: Now { mono: Duration::ZERO, wall: jiff::Timestamp::UNIX_EPOCH },
            outputs: VecDeque::new(),
            phase: Phase::Idle,
            config: None,
            calls: BTreeMap::new(),
            next_call: 0,
            backoff: Backoff::default(),
            lives: Lives::default(),
            renewal: Renewal::default(),
            requests: Requests::default(),
            presses: Presses::default(),
            closing: None,
            writes: Writes::default(),
            next_link: 0,
            handover: Handover::default(),
            wake: Wake::default(),
            resumes: None,
            history: History::default(),
            floor: None,
            held: Held::default(),
            room: RoomState::default(),
            room_as_of: None,
            room_changes: Changes::default(),
            room_missed: false,
            room_told: RoomState::default(),
            room_news: Vec::new(),
            joined: None,
            baseline_known: false,
            checked: None,
            numbered: false,
            next_recheck: None,
            give_up_at: None,
            last_cause: None,
            delayed_by: None,
            options,
        }
    }

    /// Takes one thing in. Then drain [`Session::poll_output`].
    pub fn handle_input(&mut self, now: Now, input: Input) {
        self.look_at_clocks(now);
        match input {
            _ if matches!(self.phase, Phase::Ended) => {}
            Input::Start => self.start(),
            Input::LinkOpened(link) => self.link_opened(link),
            Input::LinkReceived(link, bytes) => match &mut self.phase {
                Phase::Linked(present) if present.id == link => present.mqtt.receive(now.mono, &bytes),
                _ => self.handover.received(link, now.mono, &bytes),
            },
            Input::LinkClosed(link, error) => match &mut self.phase {
                Phase::Linked(present) if present.id == link => {
                    present.mqtt.link_closed(now.mono);
                    self.interrupted(Cause::Link(error));
                }
                Phase::Opening { link: opening, .. } if *opening == link => self.interrupted(Cause::Link(error)),
                _ => self.other_link_closed(link),
            },
            Input::Written { ticket, result } => self.written(ticket, result),
            Input::CallDone { id, result } => self.call_done(id, result),
            Input::Timeout => self.handle_deadlines(),
            Input::Retry => {
                if matches!(self.phase, Phase::Backoff { .. }) {
                    self.attempt();
                }
            }
            Input::Close => self.close(),
        }
        self.advance();
    }

    /// Takes a message to be sent. Then drain [`Session::poll_output`].
    ///
    /// It is told at once as [`Event::MessageAdded`] with [`Delivery::Queued`](crate::Delivery::Queued), and every
    /// later step as [`Event::DeliveryChanged`].
    ///
    /// # Errors
    /// When the message can't be taken; it is then not told.
    pub fn send(&mut self, now: Now, draft: Draft) -> Result<MessageId, SendError> {
        self.look_at_clocks(now);
        let id = self.queue(draft)?;
        self.advance();
        Ok(id)
    }

    /// The next thing to do, until it is [`Output::Timeout`].
    pub fn poll_output(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or_else(|| Output::Timeout(self.deadline()))
    }

    /// The messages that are kept, in order; own ones that are not confirmed come last.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.timeline.messages().chain(self.outbox.messages())
    }

    /// Writes under this name from now on.
    pub fn rename(&mut self, name: impl Into<String>) {
        self.options.name = Some(name.into());
    }

    /// The room as it is now.
    pub fn room(&self) -> &RoomState {
        &self.room
    }

    fn start(&mut self) {
        if !matches!(self.phase, Phase::Idle) {
            return;
        }
        self.give_up_at = self.options.patience.map(|patience| self.now.mono + patience);
        let token = match &self.options.access {
            Access::Api { token, .. } => token,
            Access::Config(config) => {
                self.config = Some(config.clone());
                &config.connection.token
            }
        };
        // A token that says nothing of itself may be good all the same: the service decides.
        let claims = Claims::of(token).unwrap_or_default();
        self.renewal.token(self.now, claims.expires_at());
        self.restore();
        self.attempt();
    }

    /// Carries out what the last input made possible.
    pub(crate) fn advance(&mut self) {
        loop {
            let said = self.pump() | self.pump_handover();
            self.ask_history();
            self.publish();
            if !said && !self.pump() && !self.pump_handover() {
                break;
            }
        }
        self.close_if_done();
    }

    fn call_done(&mut self, id: CallId, result: Result<CallAnswer, CallError>) {
        // An answer that nobody waits for any more is dropped.
        let Some(pending) = self.calls.remove(&id) else { return };
        match (pending.purpose, result) {
            (Purpose::Config, Ok(CallAnswer::Config(config))) => self.configured(id, config),
            (Purpose::Config, Err(error)) => self.interrupted(Cause::Call(error)),
            (Purpose::Handover, Ok(CallAnswer::Config(config))) => self.handover_configured(config),
            (Purpose::Handover, Err(_)) => self.handover_failed(),
            (Purpose::Room, Ok(CallAnswer::Room(room))) => self.room_read(Some(*room)),
            (Purpose::Room, Err(error)) => self.room_not_read(error),
            (Purpose::Renewal, Ok(CallAnswer::Refreshed(answer))) => self.renewed(id, answer),
            (Purpose::Renewal, Err(error)) => self.not_renewed(id, error),
            (Purpose::History, Ok(CallAnswer::History(page))) => self.page_read(id, page),
            (Purpose::History, Err(error)) => self.page_not_read(id, error),
            (Purpose::Request, Ok(CallAnswer::Api(body))) => self.request_answered(id, Ok(body)),
            (Purpose::Request, Err(error)) => self.request_answered(id, Err(error)),
            (purpose, Ok(_)) => {
                let error = CallError::Answer("it answers another call".to_owned());
                self.calls.insert(id, Pending { purpose, ..pending });
                self.call_done(id, Err(error));
            }
        }
    }

    /// The name of the next link.
    pub(crate) fn name_link(&mut self) -> LinkId {
        self.next_link += 1;
        LinkId(self.next_link)
    }

    /// Asks the driver for a call.
    pub(crate) fn call(&mut self, purpose: Purpose, call: Call) -> CallId {
        let id = CallId(self.next_call);
        self.next_call += 1;
        self.calls.insert(id, Pending { purpose, until: self.now.mono + self.options.limits.call });
        let token = match call {
            Call::Refresh(_) => None,
            Call::Config | Call::Room | Call::History(_) | Call::Api(_) => self.token().cloned(),
        };
        self.outputs.push_back(Output::Call { id, call, token });
        id
    }

    pub(crate) fn is_calling(&self, purpose: Purpose) -> bool {
        self.calls.values().any(|pending| pending.purpose == purpose)
    }

    pub(crate) fn calling(&self, purpose: Purpose) -> Option<CallId> {
        self.calls.iter().find(|(_, pending)| pending.purpose == purpose).map(|(id, _)| *id)
    }

    /// Asks how the room is; an answer that is on its way may be older than what is to be known.
    pub(crate) fn ask_room(&mut self) {
        self.room_missed = false;
        self.call_anew(Purpose::Room, Call::Room);
    }

    /// Asks for a call, and waits no longer for the answer of an earlier one.
    pub(crate) fn call_anew(&mut self, purpose: Purpose, call: Call) -> CallId {
        self.calls.retain(|_, pending| pending.purpose != purpose);
        self.call(purpose, call)
    }

    /// Waits for no answer any more that belongs to the link.
    pub(crate) fn forget_calls(&mut self) {
        self.calls.retain(|_, pending| matches!(pending.purpose, Purpose::Renewal | Purpose::Request));
    }

    pub(crate) fn token(&self) -> Option<&Token> {
        match &self.options.access {
            Access::Api { token, .. } => Some(token),
            Access::Config(_) => None,
        }
    }

    pub(crate) fn refresh_token(&self) -> Option<&RefreshToken> {
        match &self.options.access {
            Access::Api { refresh_token, .. } => refresh_token.as_ref(),
            Access::Config(_) => None,
        }
    }

    pub(crate) fn tell(&mut self, event: Event) {
        match &event {
            Event::DeliveryChanged { id, delivery, .. } if delivery.is_final() => self.presses.left(id),
            Event::NotKept { id, .. } => self.presses.left(id),
            _ => {}
        }
        self.outputs.push_back(Output::Event(event));
    }

    /// Tells that the server refuses for now, unless that is known.
    pub(crate) fn tell_delay(&mut self, cause: Cause, until: Duration) {
        if self.delayed_by.as_ref() != Some(&cause) {
            self.delayed_by = Some(cause.clone());
            self.tell(Event::Delayed { cause, retry_in: until.saturating_sub(self.now.mono) });
        }
    }

    fn handle_deadlines(&mut self) {
        let now = self.now.mono;
        if self.give_up_at.is_some_and(|at| at <= now) {
            let patience = self.options.patience.unwrap_or_default();
            let last = self.last_cause.take().or_else(|| self.awaited());
            return self.end(End::GaveUp { patience, last });
        }
        let late: Vec<CallId> =
            self.calls.iter().filter(|(_, pending)| pending.until <= now).map(|(id, _)| *id).collect();
        for id in late {
            self.call_done(id, Err(CallError::TimedOut));
        }
        self.handle_phase_deadlines();
        self.handle_handover_deadlines();
        self.history.handle_timeout(now);
        self.handle_recheck();
        self.handle_press_deadlines();
        self.handle_outbox_deadlines();
        self.handle_write_deadline();
    }

    fn deadline(&self) -> Option<(Duration, Deadline)> {
        if matches!(self.phase, Phase::Ended) {
            return None;
        }
        let now = self.now.mono;
        let call = self.calls.values().map(|pending| pending.until).min();
        let joined = self.is_live();
        let history = matches!(self.options.access, Access::Api { .. });
        [
            self.phase_deadline(),
            self.handover.deadline(),
            self.wake_deadline().map(|at| (at, Deadline::Wake)),
            call.map(|at| (at, Deadline::Call)),
            self.history.deadline().map(|at| (at, Deadline::History)),
            self.next_recheck.filter(|_| joined).map(|at| (at, Deadline::History)),
            self.outbox.deadline(now, joined, history).map(|at| (at, Deadline::Outbox)),
            self.write_deadline().map(|at| (at, Deadline::Outbox)),
            self.renewal_deadline().map(|at| (at, Deadline::Renewal)),
            self.presses.deadline(self.options.limits.press_wait, joined).map(|at| (at, Deadline::Presses)),
            self.closing.map(|at| (at, Deadline::Closing)),
            self.give_up_at.map(|at| (at, Deadline::GiveUp)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }
}
