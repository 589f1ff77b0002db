//! Where a session stands.

use std::time::Duration;

use crate::{CallId, LinkId, link::Link};

/// ```text
/// Idle ──Start──▶ Configuring ──config──▶ Opening ──link──▶ Linked (CONNECT, SUBSCRIBE, history, live)
///   │                 ▲  │                   │                 │
///   │   Renewing ─────┘  └───────┬───────────┴─────────────────┘
///   │      ▲ └─refused─▶ Ended   ▼ what can pass
///   └──────┴─────────────────  Backoff ──deadline──▶ Configuring (with a config alone: Opening)
/// ```
/// Everything can lead to `Ended`.
#[derive(Debug)]
pub(crate) enum Phase {
    /// Not started.
    Idle,
    /// A fresh token is being bought, because the present one is refused or over.
    Renewing(CallId),
    /// The config is being read.
    Configuring(CallId),
    /// A link is being opened.
    Opening {
        /// Its name.
        link: LinkId,
        /// When it has taken too long.
        until: Duration,
    },
    /// A link is open.
    Linked(Box<Link>),
    /// Waiting for the next attempt.
    Backoff {
        /// When it comes.
        until: Duration,
    },
    /// Over.
    Ended,
}
