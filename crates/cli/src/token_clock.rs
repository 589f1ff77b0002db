//! What a token's times have to do with a failure: this machine's clock may be wrong, and only the service decides.

use std::sync::OnceLock;

use chatroom_client::Rest;
use chatroom_wire::Claims;
use jiff::{SignedDuration, Timestamp};

use crate::{
    failure::{Exit, Failure},
    words::{distance, span},
};

/// A smaller difference explains nothing.
const NOTABLE: SignedDuration = SignedDuration::from_secs(60);

/// The times of a token, as it says them, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct TokenTimes {
    origin: String,
    begins: Option<Timestamp>,
    ends: Option<Timestamp>,
}

impl TokenTimes {
    pub(crate) fn of(claims: &Claims, origin: String) -> Self {
        let not_before = claims.extra.get("nbf").and_then(serde_json::Value::as_i64);
        let begins = not_before.max(claims.iat).and_then(|at| Timestamp::from_second(at).ok());
        Self { origin, begins, ends: claims.expires_at() }
    }

    /// Why the token looks bad by this machine's clock, if it does.
    pub(crate) fn doubt(&self, now: Timestamp) -> Option<String> {
        let origin = &self.origin;
        if let Some(at) = self.ends.filter(|at| *at <= now) {
            return Some(format!("by this machine's clock, {origin} expired {}", distance(at, now)));
        }
        let at = self.begins.filter(|at| at.duration_since(now) >= NOTABLE)?;
        Some(format!("by this machine's clock, {origin} is not valid yet: it begins {}", distance(at, now)))
    }
}

/// Which token a command uses, and whose clock it is compared with.
#[derive(Debug, Clone, Default)]
pub(crate) struct TokenClock {
    times: OnceLock<TokenTimes>,
    service: OnceLock<Rest>,
}

impl TokenClock {
    /// This is the token.
    pub(crate) fn token(&self, times: &TokenTimes) {
        // A command uses one.
        let _ = self.times.set(times.clone());
    }

    /// This is the service, whose answers tell its time.
    pub(crate) fn service(&self, rest: &Rest) {
        let _ = self.service.set(rest.clone());
    }

    /// What to say of the clocks about a failure that they may explain.
    pub(crate) fn note(&self, failure: &Failure, now: Timestamp) -> Option<String> {
        let ahead = self.service.get().and_then(Rest::clock_ahead);
        let doubt = self.times.get().and_then(|times| times.doubt(now));
        note(failure, doubt, ahead, now)
    }
}

fn note(failure: &Failure, doubt: Option<String>, ahead: Option<SignedDuration>, now: Timestamp) -> Option<String> {
    let of_credentials = failure.exit() == Exit::Credentials;
    let may_matter =
        of_credentials || failure.exit() == Exit::Network || matches!(failure, Failure::Undelivered { .. });
    let clocks = match ahead {
        Some(ahead) if ahead.abs() >= NOTABLE => {
            let way = if ahead.is_negative() { "behind" } else { "ahead of" };
            format!("this machine's clock is {} {way} the service's", span(ahead))
        }
        Some(_) => "the service's clock agrees with it".to_owned(),
        None => format!("the service did not tell its time; here it is {now:.0}"),
    };
    match doubt.filter(|_| may_matter) {
        Some(doubt) => Some(format!("{doubt}; {clocks}")),
        None => Some(clocks).filter(|_| of_credentials && ahead.is_some_and(|ahead| ahead.abs() >= NOTABLE)),
    }
}

#[cfg(test)]
mod tests {
    use chatroom_client::{CallError, End};
    use chatroom_wire::rest::ErrorBody;

    use super::*;

    fn now() -> Timestamp {
        "2026-06-03T00:00:00Z".parse().unwrap()
    }

    fn doubt(claims: &str) -> Option<String> {
        let claims = serde_json::from_str(claims).unwrap();
        TokenTimes::of(&claims, "the token in ada.token".to_owned()).doubt(now())
    }

    fn refused(status: u16) -> Failure {
        let source = CallError::Status { status, body: ErrorBody::default(), retry_after: None };
        Failure::Call { what: "the room can't be read", source }
    }

    #[test]
    fn a_token_that_is_over_or_not_valid_yet_by_this_clock_is_doubted() {
        assert_eq!(
            doubt(r#"{"exp":1780272000}"#).unwrap(),
            "by this machine's clock, the token in ada.token expired 2 days ago, at 2026-06-01T00:00:00Z"
        );
        for early in [r#"{"nbf":1780617600}"#, r#"{"iat":1780617600,"exp":1790000000}"#] {
            assert_eq!(
                doubt(early).unwrap(),
                "by this machine's clock, the token in ada.token is not valid yet: it begins in 2 days, at \
                 2026-06-05T00:00:00Z"
            );
        }
        for good in ["{}", r#"{"exp":1790000000}"#, r#"{"iat":1780444830}"#] {
            assert_eq!(doubt(good), None, "{good}");
        }
    }

    #[test]
    fn a_refusal_and_a_network_failure_name_the_apparent_end_and_the_clocks() {
        let told = |failure: &Failure, ahead: Option<i64>| {
            note(failure, Some("it expired".to_owned()), ahead.map(SignedDuration::from_hours), now())
        };
        let gone = Failure::Ended(End::GaveUp { patience: std::time::Duration::from_secs(30), last: None });
        for failure in [refused(401), gone] {
            assert_eq!(
                told(&failure, Some(48)).unwrap(),
                "it expired; this machine's clock is 2 days ahead of the service's"
            );
            assert_eq!(told(&failure, Some(0)).unwrap(), "it expired; the service's clock agrees with it");
            assert_eq!(
                told(&failure, None).unwrap(),
                "it expired; the service did not tell its time; here it is 2026-06-03T00:00:00Z"
            );
        }
        assert_eq!(told(&refused(404), Some(48)), None, "it has nothing to do with clocks");
    }

    #[test]
    fn clocks_that_differ_are_named_with_refused_credentials_of_any_kind() {
        let told = |hours| note(&refused(401), None, Some(SignedDuration::from_hours(hours)), now());
        assert_eq!(told(-3).unwrap(), "this machine's clock is 3 h behind the service's");
        assert_eq!(told(0), None);
    }
}
