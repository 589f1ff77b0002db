//! Where a token belongs, as it says itself: the claim `chatroom_api` of `chatroom serve`.

use chatroom_server::PublicUrl;
use chatroom_wire::{Claims, SafeText, Token};
use serde_json::Value;

/// The service that a token says it is for. Nobody has verified that: it is followed only where nobody said where to send
/// the token, and only over TLS or on this machine.
#[derive(Debug)]
pub(super) struct Belonging {
    /// As the token says it, made safe.
    pub(super) shown: String,
    main: Option<PublicUrl>,
    others: Vec<PublicUrl>,
}

impl Belonging {
    /// What the token says; none where it says nothing, as the vendor's do.
    pub(super) fn of(token: &Token) -> Option<Self> {
        let claims = Claims::of(token).ok()?;
        let said = claims.extra.get("chatroom_api").filter(|said| !said.is_null())?;
        let text = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
        let others = claims.extra.get("chatroom_apis").and_then(Value::as_array);
        Some(Self {
            shown: SafeText::log(&text).into_string(),
            main: said.as_str().and_then(|url| url.parse().ok()),
            others: others.into_iter().flatten().filter_map(|url| url.as_str()?.parse().ok()).collect(),
        })
    }

    /// Where to send the token, if that may be followed.
    pub(super) fn usable(&self) -> Option<String> {
        self.main.as_ref().filter(|url| url.is_secure() || url.is_loopback()).map(ToString::to_string)
    }

    /// Whether this leads to the same service.
    pub(super) fn includes(&self, url: &PublicUrl) -> bool {
        self.main.iter().chain(&self.others).any(|ours| ours == url)
    }
}
