//! From nothing to a subscribed link, and what is done when something stands in the way.

use std::time::Duration;

use chatroom_mqtt::{ClientEvent, ClientOutput, CloseCause, ReasonCode};
use chatroom_wire::{Claims, Config, Time, rest::RefreshAnswer};

use crate::{
    Access, Call, CallError, CallId, Cause, Deadline, End, Event, LinkError, LinkId, Output, Session,
    error::Remedy,
    link::{Link, Stage},
    phase::Phase,
    session::Purpose,
};

/// How long a connection must live until the next refusal may cost a renewal again.
const STABLE: Duration = Duration::from_secs(30);

impl Session {
    /// Tries for the room: with fresh credentials where they can be had.
    pub(crate) fn attempt(&mut self) {
        let earliest = self.backoff.earliest(self.now.mono);
        if earliest > self.now.mono {
            self.phase = Phase::Backoff { until: earliest };
        } else if let Some(refresh) = self.refresh_token().cloned().filter(|_| self.renewal.is_suspect(self.now)) {
            let id = self.call(Purpose::Renewal, Call::Refresh(refresh));
            self.renewal.suspects();
            self.phase = Phase::Renewing(id);
        } else {
            // A token that is over by this machine's clock is tried as well: the service decides.
            match &self.options.access {
                Access::Api { .. } => {
                    let id = self.call(Purpose::Config, Call::Config);
                    self.phase = Phase::Configuring(id);
                }
                Access::Config(_) => self.open(),
            }
        }
    }

    pub(crate) fn configured(&mut self, id: CallId, config: Box<Config>) {
        if !matches!(self.phase, Phase::Configuring(expected) if expected == id) {
            return;
        }
        let says_its_end =
            self.token().and_then(|token| Claims::of(token).ok()).is_some_and(|claims| claims.exp.is_some());
        if !says_its_end {
            self.renewal.token(
                self.now,
                config.token.as_ref().map(|token| token.expired_at).filter(|end| end.is_known()).map(Time::instant),
            );
        }
        self.config = Some(config);
        self.open();
    }

    fn open(&mut self) {
        let Some(config) = &self.config else { return };
        let url = config.link_url();
        let link = self.name_link();
        self.outputs.push_back(Output::Connect { link, url });
        self.phase = Phase::Opening { link, until: self.now.mono + self.options.limits.link };
    }

    pub(crate) fn link_opened(&mut self, opened: LinkId) {
        match (&self.phase, &self.config) {
            (Phase::Opening { link, .. }, Some(config)) if *link == opened => {
                self.backoff.connecting(self.now.mono);
                let link = Link::connect(opened, self.now.mono, config, self.terms(config));
                // Until the CONNACK says so, nothing is known to have been kept: the broker may begin a session anew.
                self.resumes = None;
                self.phase = Phase::Linked(Box::new(link));
            }
            _ => self.other_link_opened(opened),
        }
    }

    /// Carries out what the MQTT connection says. Answers whether it said anything.
    pub(crate) fn pump(&mut self) -> bool {
        let mut said = false;
        while let Phase::Linked(link) = &mut self.phase {
            let Some(output) = link.mqtt.poll_output() else { break };
            said = true;
            match output {
                ClientOutput::Send(bytes) => self.outputs.push_back(Output::Send { link: link.id, bytes }),
                ClientOutput::Event(event) => self.mqtt_said(event),
                ClientOutput::Close(cause) => self.mqtt_closed(cause),
            }
        }
        said
    }

    fn mqtt_said(&mut self, event: ClientEvent) {
        let Phase::Linked(link) = &mut self.phase else { return };
        match event {
            ClientEvent::Connected(connack) => {
                link.connected(self.now.mono, &connack);
                let Some(config) = &self.config else { return };
                if connack.session_present {
                    // Only a session whose subscription stood is ever asked for.
                    let keeps = link.keeps;
                    self.stands(keeps);
                    self.subscribed();
                } else if let Err(error) = link.subscribe(self.now.mono, config) {
                    self.end(End::Fatal(Cause::Mqtt(CloseCause::ProtocolError(error.to_string()))));
                }
            }
            ClientEvent::Refused { reason, text, .. } => self.interrupted(Cause::Refused { reason, text }),
            ClientEvent::ServerDisconnected { reason, text, .. } => {
                self.interrupted(Cause::Disconnected { reason, text });
            }
            ClientEvent::Subscribed { id, .. } if link.stage == Stage::Subscribing(id) => {
                let keeps = link.keeps;
                self.stands(keeps);
                self.subscribed();
            }
            ClientEvent::SubscribeRefused { reason, text, .. } => {
                self.interrupted(Cause::Subscription { reason, text });
            }
            ClientEvent::Acknowledged { id } => {
                let link = link.id;
                self.acknowledged(link, id);
            }
            ClientEvent::PublishRefused { id, reason, text, user_properties } => {
                let link = link.id;
                self.publish_refused((link, id), reason, text, &user_properties);
            }
            ClientEvent::Delivery(delivery) => self.delivered(&delivery),
            // A ping is answered for the role's own sake; what a later version tells can wait.
            _ => {}
        }
    }

    fn mqtt_closed(&mut self, cause: CloseCause) {
        self.interrupted(match cause {
            CloseCause::Refused(reason) => Cause::Refused { reason, text: None },
            CloseCause::ServerDisconnected(reason) => Cause::Disconnected { reason, text: None },
            CloseCause::LinkClosed => Cause::Link(LinkError::Closed),
            other => Cause::Mqtt(other),
        });
    }

    /// The attempt has failed, or the link is lost: decides what is done about it.
    pub(crate) fn interrupted(&mut self, cause: Cause) {
        let bare = matches!(cause, Cause::Link(LinkError::Closed | LinkError::Broken(_)));
        let (lived, on_connect) = match &self.phase {
            Phase::Linked(link) => {
                let lived = link.connected_at.map(|at| self.now.mono.saturating_sub(at));
                // Who was never in the room has no place to lose, and a server that numbers says who took it.
                let fights = bare && link.stage == Stage::Live && !self.numbered;
                (lived.map(|lived| (lived, fights)), bare && lived.is_none())
            }
            _ => (None, false),
        };
        self.drop_link(&cause);
        self.last_cause = Some(cause.clone());
        if self.closing.is_some() {
            return self.end(End::Left);
        }
        if self.joined.is_some() && self.give_up_at.is_none() {
            self.give_up_at = self.options.patience.map(|patience| self.now.mono + patience);
        }
        if let Some(count) = lived.and_then(|(lived, fights)| self.lives.ended(lived, fights)) {
            return self.end(End::ShortLives(count));
        }
        if on_connect {
            // Brokers that refuse credentials without a word do it so (docs/protocol.md, section A.7).
            if self.refresh_token().is_some() && self.renewal.spend(self.now) {
                return self.renew(cause);
            }
            if self.lives.closed_on_connect() && self.joined.is_none() {
                return self.end(End::ClosedOnConnect);
            }
        }
        match cause.remedy() {
            Remedy::Retry => self.back_off(cause),
            Remedy::EndUnlessJoined if self.joined.is_some() => self.back_off(cause),
            Remedy::Renew if self.await_renewal(&cause) => {}
            Remedy::Renew if self.refresh_token().is_some() && self.renewal.spend(self.now) => self.renew(cause),
            Remedy::Renew => self.end_unauthorized(cause),
            Remedy::End | Remedy::EndUnlessJoined => self.end(match cause {
                Cause::Disconnected { reason: ReasonCode::TAKEN_OVER, .. } => End::TakenOver,
                cause => End::Fatal(cause),
            }),
        }
    }

    pub(crate) fn drop_link(&mut self, cause: &Cause) {
        if let Some(link) = self.open_link().filter(|_| !matches!(cause, Cause::Link(_))) {
            self.outputs.push_back(Output::Disconnect(link));
        }
        self.leave_link();
    }

    /// The link that is open, or being opened.
    fn open_link(&self) -> Option<LinkId> {
        match &self.phase {
            Phase::Opening { link, .. } => Some(*link),
            Phase::Linked(link) => Some(link.id),
            _ => None,
        }
    }

    /// Forgets everything that belongs to the present link.
    fn leave_link(&mut self) {
        let link = self.open_link();
        if let Phase::Linked(link) = &self.phase
            && let Some(since) = link.live_since
        {
            self.backoff.was_live(self.now.mono, self.now.mono.saturating_sub(since));
        }
        self.phase = Phase::Idle;
        self.drop_handover();
        self.forget_session_in_flight();
        if let Some(link) = link {
            self.outbox.link_lost(self.now.mono, link);
        }
        self.outbox.forget_pause();
        self.delayed_by = None;
        self.history.cancel();
        self.held.clear();
        self.room_news.clear();
        self.next_recheck = None;
        self.forget_calls();
    }

    fn back_off(&mut self, cause: Cause) {
        let until = self.backoff.next(self.now.mono, &mut self.random, cause.retry_after());
        self.phase = Phase::Backoff { until };
        self.tell(Event::Interrupted { cause, retry_in: until.saturating_sub(self.now.mono) });
    }

    fn renew(&mut self, cause: Cause) {
        self.tell(Event::Interrupted { cause, retry_in: Duration::ZERO });
        if let Some(refresh) = self.refresh_token().cloned() {
            let id = self.call(Purpose::Renewal, Call::Refresh(refresh));
            self.phase = Phase::Renewing(id);
        }
    }

    /// The service does not accept the token, also not a fresh one.
    fn end_unauthorized(&mut self, cause: Cause) {
        self.end(match self.renewal.expired(self.now) {
            Some(at) => End::TokenExpired { at, cause },
            None => End::NotAuthorized(cause),
        });
    }

    /// Waits for a renewal that is under way for another reason, if one is.
    fn await_renewal(&mut self, cause: &Cause) -> bool {
        let Some(id) = self.calling(Purpose::Renewal) else { return false };
        self.tell(Event::Interrupted { cause: cause.clone(), retry_in: Duration::ZERO });
        self.phase = Phase::Renewing(id);
        true
    }

    /// A fresh token came: asked for because it had to be, or ahead of time.
    pub(crate) fn renewed(&mut self, id: CallId, answer: RefreshAnswer) {
        let RefreshAnswer { token: fresh, expires_in } = answer;
        // What the token says of itself is advice: one that can't be read may be good all the same.
        let claims = Claims::of(&fresh).unwrap_or_default();
        let life = Duration::from_secs(expires_in.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0));
        self.renewal.fresh(self.now, life, claims.expires_at());
        if let Access::Api { token, .. } = &mut self.options.access {
            *token = fresh.clone();
        }
        self.tell(Event::TokenRenewed(fresh));
        self.requests_go_on();
        match &mut self.phase {
            Phase::Renewing(expected) if *expected == id => self.attempt(),
            // The connection still rests on the old token: it is made anew before that ends.
            Phase::Linked(link) if link.is_subscribed() => self.hand_over(),
            Phase::Linked(_) => {
                self.say_goodbye();
                self.drop_link(&Cause::Renewal);
                self.attempt();
            }
            // Asked for with the old token.
            Phase::Configuring(_) => {
                self.forget_calls();
                self.attempt();
            }
            _ => {}
        }
    }

    pub(crate) fn not_renewed(&mut self, id: CallId, error: CallError) {
        self.renewal.failed(self.now);
        self.requests_stop(&error);
        if error.is_refusal() {
            self.renewal.refused();
        }
        if !matches!(self.phase, Phase::Renewing(expected) if expected == id) {
            return;
        }
        if error.is_refusal() && self.renewal.take_suspicion() {
            // Nobody but this machine's clock says that the present token is over.
            self.renewal.spend(self.now);
            return self.attempt();
        }
        let (refused, cause) = (error.is_refusal(), Cause::Call(error));
        self.last_cause = Some(cause.clone());
        if refused {
            self.end_unauthorized(cause);
        } else if cause.remedy() == Remedy::Retry || self.joined.is_some() {
            self.renewal.restore();
            self.back_off(cause);
        } else {
            self.end(End::Fatal(cause));
        }
    }

    /// Ends the session: every own message gets its last word, then comes the last event.
    pub(crate) fn end(&mut self, end: End) {
        self.closing = None;
        self.say_goodbye();
        if let Some(link) = self.open_link() {
            self.outputs.push_back(Output::Disconnect(link));
        }
        self.phase = Phase::Ended;
        self.drop_handover();
        self.end_presses();
        self.end_outbox();
        self.requests_end();
        self.tell(Event::Ended(end));
    }

    /// Says DISCONNECT over the present link.
    pub(crate) fn say_goodbye(&mut self) {
        if let Phase::Linked(link) = &mut self.phase {
            link.mqtt.disconnect(self.now.mono, ReasonCode::SUCCESS);
            while let Some(output) = link.mqtt.poll_output() {
                if let ClientOutput::Send(bytes) = output {
                    self.outputs.push_back(Output::Send { link: link.id, bytes });
                }
            }
        }
    }

    pub(crate) fn handle_phase_deadlines(&mut self) {
        let now = self.now.mono;
        match &mut self.phase {
            Phase::Backoff { until } if *until <= now => self.attempt(),
            Phase::Opening { link, until } if *until <= now => {
                self.outputs.push_back(Output::Disconnect(*link));
                self.interrupted(Cause::Link(LinkError::TimedOut));
            }
            Phase::Linked(link) => {
                link.mqtt.handle_timeout(now);
                if !link.stable && link.connected_at.is_some_and(|at| at + STABLE <= now) {
                    link.stable = true;
                    self.renewal.restore();
                    self.requests.restore();
                }
            }
            _ => {}
        }
        let renews = self.is_live() && self.refresh_token().is_some() && !self.is_calling(Purpose::Renewal);
        if renews
            && self.renewal.is_due(self.now)
            && let Some(refresh) = self.refresh_token().cloned()
        {
            self.call(Purpose::Renewal, Call::Refresh(refresh));
        }
    }

    /// What has not come yet, told as what would be said of it had its own time been over.
    pub(crate) fn awaited(&self) -> Option<Cause> {
        match &self.phase {
            Phase::Renewing(_) | Phase::Configuring(_) => Some(Cause::Call(CallError::TimedOut)),
            Phase::Opening { .. } => Some(Cause::Link(LinkError::TimedOut)),
            Phase::Linked(link) => match link.stage {
                Stage::Connecting => Some(Cause::Mqtt(CloseCause::ConnackTimeout)),
                Stage::Subscribing(_) => Some(Cause::Mqtt(CloseCause::AckTimeout(chatroom_mqtt::Deadline::Suback))),
                Stage::Backfilling => Some(Cause::Call(CallError::TimedOut)),
                Stage::Live => None,
            },
            Phase::Idle | Phase::Backoff { .. } | Phase::Ended => None,
        }
    }

    pub(crate) fn phase_deadline(&self) -> Option<(Duration, Deadline)> {
        match &self.phase {
            Phase::Backoff { until } => Some((*until, Deadline::Backoff)),
            Phase::Opening { until, .. } => Some((*until, Deadline::Link)),
            Phase::Linked(link) => {
                let mqtt = link.mqtt.poll_timeout().map(|(at, why)| (at, Deadline::Mqtt(why)));
                let stable = link.connected_at.filter(|_| !link.stable).map(|at| (at + STABLE, Deadline::Stable));
                mqtt.into_iter().chain(stable).min_by_key(|(at, _)| *at)
            }
            Phase::Idle | Phase::Renewing(_) | Phase::Configuring(_) | Phase::Ended => None,
        }
    }

    pub(crate) fn renewal_deadline(&self) -> Option<Duration> {
        let renews = self.is_live() && self.refresh_token().is_some() && !self.is_calling(Purpose::Renewal);
        renews.then(|| self.renewal.deadline(self.now)).flatten()
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(&self.phase, Phase::Linked(link) if link.stage == Stage::Live)
    }
}
