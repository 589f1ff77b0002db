//! Rules that a storm can be told to break, to see that it notices.

use std::{fmt, str::FromStr};

/// A rule of the model that is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// The server acknowledges before it has committed.
    AckBeforeCommit,
    /// The server stores an id again, and tells it to the room again.
    NoDeduplication,
    /// The server refuses what it has stored, when it is sent again; clients see through nearly all of it.
    RefusesStored,
    /// A client's disk says "synced" before it is.
    DiskLies,
    /// A page of the history leaves out a message.
    HistoryOmits,
    /// The gateway's numbers hide what it lost.
    NumbersHide,
    /// The network keeps bytes of a link that ended for longer than a client waits for them, and the server waits with it:
    /// one that ends silent connections, as MQTT demands, never hears them.
    LateBytes,
    /// The server prunes by a clock that has leapt.
    TrustsClock,
}

impl Breach {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::AckBeforeCommit,
        Self::NoDeduplication,
        Self::RefusesStored,
        Self::DiskLies,
        Self::HistoryOmits,
        Self::NumbersHide,
        Self::LateBytes,
        Self::TrustsClock,
    ];

    /// Whether the vendor's service never promised it.
    pub(crate) fn is_of_our_service(self) -> bool {
        matches!(
            self,
            Self::AckBeforeCommit | Self::NoDeduplication | Self::RefusesStored | Self::NumbersHide | Self::TrustsClock
        )
    }

    /// Its name in commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::AckBeforeCommit => "ack-before-commit",
            Self::NoDeduplication => "no-deduplication",
            Self::RefusesStored => "refuses-stored",
            Self::DiskLies => "disk-lies",
            Self::HistoryOmits => "history-omits",
            Self::NumbersHide => "numbers-hide",
            Self::LateBytes => "late-bytes",
            Self::TrustsClock => "trusts-clock",
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Breach {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|rule| rule.name() == name).ok_or_else(|| {
            format!("there is no rule {name:?} to break; there are {}", Self::ALL.map(Self::name).join(", "))
        })
    }
}
