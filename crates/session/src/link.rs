//! One MQTT connection, from CONNECT to its end.

use std::time::Duration;

use chatroom_mqtt::{ClientRole, ConnectOptions, PacketId, QoS, UserName};
use chatroom_wire::{Config, user_name};

use crate::LinkId;

/// The present connection. A new one begins with a new role: nothing of the old one is left.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) mqtt: ClientRole,
    pub(crate) stage: Stage,
    /// When the CONNACK came.
    pub(crate) connected_at: Option<Duration>,
    /// Whether it has lived long enough to count as good.
    pub(crate) stable: bool,
    /// At what quality the server takes messages.
    pub(crate) qos: QoS,
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
    pub(crate) fn connect(id: LinkId, now: Duration, config: &Config) -> Self {
        let mut mqtt = ClientRole::new();
        let user_name = UserName::new(user_name::encode(&config.connection).as_str());
        mqtt.connect(now, ConnectOptions::new(config.connection.client_id.as_str(), Some(user_name)));
        Self {
            id,
            mqtt,
            stage: Stage::Connecting,
            connected_at: None,
            stable: false,
            qos: QoS::AtLeastOnce,
            sequence: None,
        }
    }

    /// Whether messages may be published.
    pub(crate) fn is_subscribed(&self) -> bool {
        matches!(self.stage, Stage::Backfilling | Stage::Live)
    }
}
