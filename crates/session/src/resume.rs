//! A broker may keep a session over the end of a link: its subscription, and what it was to deliver at QoS 1. Only where
//! [`Limits::session_expiry`](crate::Limits::session_expiry) asks for it.

use chatroom_wire::{ClientId, Config, TopicName};

use crate::Session;

/// What the CONNECT of a link says of earlier ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// Whether what the broker kept is to be forgotten.
    pub(crate) clean_start: bool,
    /// For how long it is to be kept, in seconds.
    pub(crate) expiry: u32,
}

/// A subscription that the broker may have kept.
#[derive(Debug, PartialEq)]
pub(crate) struct Subscription {
    client_id: ClientId,
    topic: TopicName,
}

impl Session {
    /// How a link with this config begins.
    pub(crate) fn terms(&self, config: &Config) -> Terms {
        let expiry = u32::try_from(self.options.limits.session_expiry.as_secs()).unwrap_or(u32::MAX);
        Terms { clean_start: self.resumes != Some(Subscription::of(config)), expiry }
    }

    /// The subscription stands over a link on which the broker keeps it, or not.
    pub(crate) fn stands(&mut self, keeps: bool) {
        self.resumes = self.config.as_deref().filter(|_| keeps).map(Subscription::of);
    }

    /// A link is lost. With a message in flight the session of the broker can't go on: MQTT 5 would have it sent again at
    /// once, before the history says whether it arrived, and even if its time is over.
    pub(crate) fn forget_session_in_flight(&mut self) {
        if self.outbox.is_in_flight() {
            self.resumes = None;
        }
    }
}

impl Subscription {
    fn of(config: &Config) -> Self {
        Self { client_id: config.connection.client_id.clone(), topic: config.topic.subscribe.clone() }
    }
}
