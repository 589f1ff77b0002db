//! From one link to the next: a fresh token needs a fresh connection, and nobody should notice.
//!
//! ```text
//! None ──renewed──▶ Configuring ──another client id──▶ Opening ──▶ Joining ──SUBACK──▶ Leaving ──▶ None
//!                        └──the same client id──▶ Draining ──▶ disconnect, attempt
//! ```
//!
//! Where the service gives the new connection a client id of its own, the room is joined over the new link before the
//! old one is left: what is said meanwhile comes over both, and is told once. Where the id is the same, a broker would
//! cut the old link itself: it is left as soon as nothing waits for its PUBACK.

use std::time::Duration;

use chatroom_mqtt::{ClientEvent, ClientOutput, ReasonCode};
use chatroom_wire::Config;

use crate::{
    Call, Cause, Deadline, LinkId, Output, Session,
    link::{Link, Stage},
    phase::Phase,
    session::Purpose,
};

/// How long the old link is listened to at least, for what was on its way …
const LINGER: Duration = Duration::from_secs(1);
/// … and at most, for a PUBACK.
const DRAIN: Duration = Duration::from_secs(5);
/// How long after a failure it is tried again; the old link goes on meanwhile.
const AGAIN: Duration = Duration::from_secs(30);

/// How far the move has come.
#[derive(Debug, Default)]
pub(crate) enum Handover {
    #[default]
    None,
    /// The next try.
    Waiting { until: Duration },
    /// A fresh config is being read.
    Configuring,
    /// The new link is being opened.
    Opening { link: LinkId, until: Duration, config: Box<Config> },
    /// CONNECT and SUBSCRIBE are out on the new link.
    Joining { link: Box<Link>, config: Box<Config> },
    /// The room is joined over the new link; the old one still owes PUBACKs.
    Leaving { link: Box<Link>, from: Duration, until: Duration },
    /// There can be one link only; the old one still owes PUBACKs.
    Draining { until: Duration },
}

impl Handover {
    /// Bytes came over a link that is not the session's present one.
    pub(crate) fn received(&mut self, id: LinkId, now: Duration, bytes: &[u8]) {
        if let Self::Joining { link, .. } | Self::Leaving { link, .. } = self
            && link.id == id
        {
            link.mqtt.receive(now, bytes);
        }
    }

    pub(crate) fn deadline(&self) -> Option<(Duration, Deadline)> {
        match self {
            Self::None | Self::Configuring => None,
            Self::Waiting { until } | Self::Opening { until, .. } | Self::Draining { until } => {
                Some((*until, Deadline::Handover))
            }
            Self::Joining { link, .. } => link.mqtt.poll_timeout().map(|(at, why)| (at, Deadline::Mqtt(why))),
            Self::Leaving { link, from, until } => {
                let quiet = link.mqtt.in_flight() == 0;
                Some((if quiet { *from } else { *until }, Deadline::Handover))
            }
        }
    }

    fn link(&self) -> Option<LinkId> {
        match self {
            Self::Opening { link, .. } => Some(*link),
            Self::Joining { link, .. } | Self::Leaving { link, .. } => Some(link.id),
            Self::None | Self::Waiting { .. } | Self::Configuring | Self::Draining { .. } => None,
        }
    }
}

impl Session {
    /// The present link must be replaced, and is still good.
    pub(crate) fn hand_over(&mut self) {
        self.drop_handover();
        self.handover = Handover::Configuring;
        self.call_anew(Purpose::Handover, Call::Config);
    }

    pub(crate) fn handover_configured(&mut self, config: Box<Config>) {
        if !matches!(self.handover, Handover::Configuring) {
            return;
        }
        let same = self.config.as_ref().is_some_and(|old| old.connection.client_id == config.connection.client_id);
        if same {
            self.handover = Handover::Draining { until: self.now.mono + DRAIN };
        } else {
            let link = self.name_link();
            self.outputs.push_back(Output::Connect { link, url: config.link_url() });
            self.handover = Handover::Opening { link, until: self.now.mono + self.options.limits.link, config };
        }
    }

    /// The move did not succeed. The old link goes on, and it is tried again.
    pub(crate) fn handover_failed(&mut self) {
        self.drop_handover();
        self.handover = Handover::Waiting { until: self.now.mono + AGAIN };
    }

    /// Goes on with the present link alone.
    pub(crate) fn drop_handover(&mut self) {
        let mut dropped = std::mem::take(&mut self.handover);
        if let Handover::Leaving { link, .. } = &mut dropped {
            link.mqtt.disconnect(self.now.mono, ReasonCode::SUCCESS);
            while let Some(output) = link.mqtt.poll_output() {
                if let ClientOutput::Send(bytes) = output {
                    self.outputs.push_back(Output::Send { link: link.id, bytes });
                }
            }
        }
        if let Some(link) = dropped.link() {
            self.outputs.push_back(Output::Disconnect(link));
            self.left(link);
        }
    }

    /// Whether own messages must wait until those before them are acknowledged over the old link: else they may overtake.
    pub(crate) fn is_handing_over(&self) -> bool {
        match &self.handover {
            Handover::Leaving { link, .. } => link.mqtt.in_flight() > 0,
            Handover::Draining { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn other_link_opened(&mut self, opened: LinkId) {
        self.handover = match std::mem::take(&mut self.handover) {
            Handover::Opening { link, config, .. } if link == opened => {
                self.backoff.connecting(self.now.mono);
                let link = Link::connect(link, self.now.mono, &config, self.terms(&config));
                Handover::Joining { link: Box::new(link), config }
            }
            other => other,
        };
    }

    pub(crate) fn other_link_closed(&mut self, closed: LinkId) {
        if self.handover.link() == Some(closed) {
            match std::mem::take(&mut self.handover) {
                Handover::Leaving { link, .. } => self.left(link.id),
                _ => self.handover_failed(),
            }
        }
    }

    /// Carries out what the link beside the present one says. Answers whether it said anything.
    pub(crate) fn pump_handover(&mut self) -> bool {
        let mut said = false;
        while let Handover::Joining { link, .. } | Handover::Leaving { link, .. } = &mut self.handover {
            let Some(output) = link.mqtt.poll_output() else { break };
            said = true;
            match output {
                ClientOutput::Send(bytes) => self.outputs.push_back(Output::Send { link: link.id, bytes }),
                ClientOutput::Event(event) => self.other_link_said(event),
                ClientOutput::Close(_) => match &self.handover {
                    Handover::Leaving { .. } => self.drop_handover(),
                    _ => self.handover_failed(),
                },
            }
        }
        said | self.drained()
    }

    fn other_link_said(&mut self, event: ClientEvent) {
        match (&mut self.handover, event) {
            (Handover::Joining { link, config }, ClientEvent::Connected(connack)) => {
                link.connected(self.now.mono, &connack);
                if link.subscribe(self.now.mono, config).is_err() {
                    self.handover_failed();
                }
            }
            (Handover::Joining { link, .. }, ClientEvent::Subscribed { id, .. })
                if link.stage == Stage::Subscribing(id) =>
            {
                self.swap();
            }
            (
                Handover::Joining { .. },
                ClientEvent::Refused { .. }
                | ClientEvent::SubscribeRefused { .. }
                | ClientEvent::ServerDisconnected { .. },
            ) => self.handover_failed(),
            (Handover::Leaving { link, .. }, ClientEvent::Acknowledged { id }) => {
                let link = link.id;
                self.acknowledged(link, id);
            }
            (Handover::Leaving { link, .. }, ClientEvent::PublishRefused { id, reason, text, user_properties }) => {
                let link = link.id;
                self.publish_refused((link, id), reason, text, &user_properties);
            }
            (Handover::Leaving { .. }, ClientEvent::Delivery(delivery)) => self.delivered(&delivery),
            _ => {}
        }
    }

    /// The room talks to the new link: it is the present one from here on.
    fn swap(&mut self) {
        let (Handover::Joining { mut link, config }, Phase::Linked(present)) =
            (std::mem::take(&mut self.handover), &mut self.phase)
        else {
            return;
        };
        (link.stage, link.live_since) = (present.stage, present.live_since);
        // Where the old one stood: what the new one says first shows whether something is missing. If that is not known,
        // all may be.
        link.sequence = present.sequence.or(Some(0));
        std::mem::swap(present, &mut link);
        let keeps = present.keeps;
        self.config = Some(config);
        self.stands(keeps);
        let now = self.now.mono;
        self.handover = Handover::Leaving { link, from: now + LINGER, until: now + DRAIN };
    }

    /// A link beside the present one is gone. What it did not acknowledge goes out again over the present one, after a look
    /// into the history.
    fn left(&mut self, link: LinkId) {
        let waits = self.outbox.is_in_flight_over(link);
        self.outbox.link_lost(self.now.mono, link);
        if waits && self.is_live() {
            self.catch_up();
        }
    }

    /// Leaves an old link that can be left. Answers whether one was.
    fn drained(&mut self) -> bool {
        let quiet = matches!(&self.phase, Phase::Linked(link) if link.mqtt.in_flight() == 0);
        if !matches!(self.handover, Handover::Draining { until } if quiet || until <= self.now.mono) {
            return false;
        }
        self.handover = Handover::None;
        self.say_goodbye();
        self.drop_link(&Cause::Renewal);
        self.attempt();
        true
    }

    pub(crate) fn handle_handover_deadlines(&mut self) {
        let now = self.now.mono;
        match &mut self.handover {
            Handover::Waiting { until } if *until <= now => {
                self.handover = Handover::None;
                if self.is_live() {
                    self.hand_over();
                }
            }
            Handover::Opening { until, .. } if *until <= now => self.handover_failed(),
            Handover::Joining { link, .. } => link.mqtt.handle_timeout(now),
            Handover::Leaving { link, from, until }
                if *until <= now || (*from <= now && link.mqtt.in_flight() == 0) =>
            {
                self.drop_handover();
            }
            _ => {}
        }
    }
}
