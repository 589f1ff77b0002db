//! One MQTT connection, from CONNECT to its end.

use std::time::Duration;

use chatroom_mqtt::{ClientRole, ConnAck, ConnectOptions, PacketId, QoS, RequestError, UserName};
use chatroom_wire::{Config, user_name};

use crate::{LinkId, resume::Terms};

/// The present connection. A new one begins with a new role: nothing of the old one is left.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) mqtt: ClientRole,
    pub(crate) stage: Stage,
    /// When the CONNACK came.
    pub(crate) connected_at: Option<Duration>,
    /// When the room was joined and backfilled.
    pub(crate) live_since: Option<Duration>,
    /// Whether it has lived long enough to count as good.
    pub(crate) stable: bool,
    /// At what quality the server takes messages.
    pub(crate) qos: QoS,
    /// Whether the server keeps the session when the link ends.
    pub(crate) keeps: bool,
    /// At what quality messages are asked for.
    wanted: QoS,
    /// The `seq` of the last delivery, against a server that numbers them.
    pub(crate) sequence: Option<u64>,
}

/// How far the connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// CONNECT is out.
    Connecting,
    /// SUBSCRIBE is out.
    Subscribing(PacketId),
    /// The room talks to us; what was said before is being read.
    Backfilling,
    /// Nothing is missing.
    Live,
}

impl Link {
    /// Begins with CONNECT, with the credentials of `config` (docs/protocol.md, section A.2).
    pub(crate) fn connect(id: LinkId, now: Duration, config: &Config, terms: Terms) -> Self {
        let mut mqtt = ClientRole::new();
        let user_name = UserName::new(user_name::encode(&config.connection).as_str());
        let mut options = ConnectOptions::new(config.connection.client_id.as_str(), Some(user_name));
        (options.clean_start, options.session_expiry) = (terms.clean_start, terms.expiry);
        mqtt.connect(now, options);
        Self {
            id,
            mqtt,
            stage: Stage::Connecting,
            connected_at: None,
            live_since: None,
            stable: false,
            qos: QoS::AtLeastOnce,
            keeps: false,
            // What a broker keeps for us, it keeps at QoS 1 only.
            wanted: if terms.expiry == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce },
            sequence: None,
        }
    }

    /// The server accepted the connection.
    pub(crate) fn connected(&mut self, now: Duration, connack: &ConnAck) {
        self.connected_at = Some(now);
        self.qos = connack.maximum_qos.min(QoS::AtLeastOnce);
        self.keeps = connack.session_expiry > 0;
    }

    /// Sends the SUBSCRIBE.
    pub(crate) fn subscribe(&mut self, now: Duration, config: &Config) -> Result<(), RequestError> {
        let id = self.mqtt.subscribe(now, config.topic.subscribe.as_str(), self.wanted)?;
        self.stage = Stage::Subscribing(id);
        Ok(())
    }

    /// Whether messages may be published.
    pub(crate) fn is_subscribed(&self) -> bool {
        matches!(self.stage, Stage::Backfilling | Stage::Live)
    }
}
