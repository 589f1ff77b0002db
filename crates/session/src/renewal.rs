//! When the token ends, when a fresh one is due, and that a refused token is renewed once, not for ever.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::Now;

/// A fresh token is bought when a fifth of the life is left, but not later than this before the end …
const LATEST: Duration = Duration::from_secs(60);
/// … and after a failure not sooner than this again.
const AGAIN: Duration = Duration::from_secs(30);

/// So much may this machine's clock be ahead of the server's.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Whether a token that is over by this machine's clock is renewed for that alone: once, as the clock may be wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ApparentEnd {
    #[default]
    Believed,
    /// A renewal for it is under way, or has failed for now.
    Renewing,
    /// The service gives no other token, or gave this one just now.
    Doubted,
}

/// The life of the present token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Renewal {
    expires_at: Option<Timestamp>,
    due_at: Option<Timestamp>,
    not_before: Option<Duration>,
    spent: bool,
    /// What this machine's clock says of the present token's end.
    end: ApparentEnd,
    /// When a token that came fresh has served its time, by either clock: half of its life.
    served: Option<Now>,
}

impl Renewal {
    /// A token came into use.
    pub(crate) fn token(&mut self, now: Now, expires_at: Option<Timestamp>) {
        self.expires_at = expires_at;
        self.due_at = expires_at.map(|end| {
            let left = Duration::try_from(end.duration_since(now.wall)).unwrap_or_default();
            let ahead = (left / 5).max(LATEST).min(left / 2);
            end.checked_sub(ahead).unwrap_or(end)
        });
        self.not_before = None;
        self.served = None;
        self.end = ApparentEnd::Believed;
    }

    /// A token came fresh from the service, which says how long it lives: this machine's date may be wrong, and a fresh
    /// token is not over.
    pub(crate) fn fresh(&mut self, now: Now, life: Duration, expires_at: Option<Timestamp>) {
        let known = Some(life).filter(|life| !life.is_zero()).and_then(|life| now.wall.checked_add(life).ok());
        self.token(now, known.or(expires_at));
        if self.expired(now).is_some() {
            self.end = ApparentEnd::Doubted;
        }
        // Whatever it says of itself, the next one is not bought at once.
        let pause = if life.is_zero() { AGAIN } else { (life / 2).clamp(Duration::from_secs(1), AGAIN) };
        self.not_before = Some(now.mono + pause);
        self.served = Some(life / 2).filter(|half| *half >= AGAIN).and_then(|half| {
            let wall = now.wall.checked_add(half).ok()?;
            Some(Now { mono: now.mono.saturating_add(half), wall })
        });
    }

    /// Whether the present token is to be renewed before it is used, as it is over by this machine's clock.
    pub(crate) fn is_suspect(&self, now: Now) -> bool {
        self.end != ApparentEnd::Doubted && self.expired(now).is_some()
    }

    /// It is renewed for that.
    pub(crate) fn suspects(&mut self) {
        self.end = ApparentEnd::Renewing;
    }

    /// The service refused to renew it. Answers whether it was to be renewed for its apparent end alone: then that is
    /// doubted, and the token is tried as it is.
    pub(crate) fn take_suspicion(&mut self) -> bool {
        std::mem::replace(&mut self.end, ApparentEnd::Doubted) == ApparentEnd::Renewing
    }

    /// When the present token ended by this machine's clock, if that is surely over.
    pub(crate) fn expired(&self, now: Now) -> Option<Timestamp> {
        self.expires_at.filter(|end| now.wall.duration_since(*end) >= SKEW)
    }

    /// The service will not give a fresh one: it is not asked again before the present one is refused.
    pub(crate) fn refused(&mut self) {
        self.due_at = None;
    }

    /// Whether a fresh token is due.
    pub(crate) fn is_due(&self, now: Now) -> bool {
        self.deadline(now).is_some_and(|at| at <= now.mono)
    }

    /// When a fresh token is due, on the clock that does not jump. Asked anew at each input, since the date may jump.
    pub(crate) fn deadline(&self, now: Now) -> Option<Duration> {
        let wait = Duration::try_from(self.due_at?.duration_since(now.wall)).unwrap_or_default();
        Some((now.mono + wait).max(self.not_before.unwrap_or_default()))
    }

    /// A try to renew failed; the present token still holds.
    pub(crate) fn failed(&mut self, now: Now) {
        self.not_before = Some(now.mono + AGAIN);
    }

    /// Takes the one renewal that a refusal may cost. Answers whether it was still there. A fresh token that has served
    /// its time without a good connection may be refused because its life is over, and is renewed too.
    pub(crate) fn spend(&mut self, now: Now) -> bool {
        if self.served.take_if(|served| served.mono <= now.mono || served.wall <= now.wall).is_some() {
            return true;
        }
        !std::mem::replace(&mut self.spent, true)
    }

    /// A connection has proven good: the next refusal may cost a renewal again.
    pub(crate) fn restore(&mut self) {
        self.spent = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Now {
        Now {
            mono: Duration::from_secs(seconds.unsigned_abs()),
            wall: Timestamp::from_second(1_000_000 + seconds).unwrap(),
        }
    }

    #[test]
    fn a_fresh_token_is_due_when_a_fifth_of_the_life_is_left() {
        let mut renewal = Renewal::default();
        renewal.token(at(0), Some(at(1_000).wall));
        assert_eq!(renewal.deadline(at(0)), Some(Duration::from_secs(800)));
        assert!(!renewal.is_due(at(799)) && renewal.is_due(at(800)));
    }

    #[test]
    fn a_jump_of_the_date_moves_the_deadline() {
        let mut renewal = Renewal::default();
        renewal.token(at(0), Some(at(1_000).wall));
        let jumped = Now { mono: Duration::from_secs(10), wall: at(900).wall };
        assert!(renewal.is_due(jumped));
    }

    #[test]
    fn a_fresh_token_lives_as_long_as_the_service_says_whatever_the_date_is_here() {
        let mut renewal = Renewal::default();
        let an_hour_ahead = at(3_600);
        renewal.fresh(an_hour_ahead, Duration::from_secs(1_000), Some(at(1_000).wall));
        assert_eq!(renewal.expired(an_hour_ahead), None);
        assert_eq!(renewal.deadline(an_hour_ahead), Some(an_hour_ahead.mono + Duration::from_secs(800)));
    }

    #[test]
    fn a_fresh_token_that_is_over_already_is_not_renewed_at_once() {
        let mut renewal = Renewal::default();
        renewal.fresh(at(3_600), Duration::ZERO, Some(at(1_000).wall));
        assert!(!renewal.is_due(at(3_600)));
    }

    #[test]
    fn a_failed_renewal_is_not_tried_again_at_once() {
        let mut renewal = Renewal::default();
        renewal.token(at(0), Some(at(1_000).wall));
        renewal.failed(at(800));
        assert!(!renewal.is_due(at(801)) && renewal.is_due(at(830)));
    }

    #[test]
    fn a_refusal_costs_one_renewal_until_a_connection_proves_good() {
        let mut renewal = Renewal::default();
        assert!(renewal.spend(at(0)));
        assert!(!renewal.spend(at(0)));
        renewal.restore();
        assert!(renewal.spend(at(0)));
    }

    #[test]
    fn a_refusal_of_a_fresh_token_that_has_served_its_time_costs_one_more() {
        let mut renewal = Renewal::default();
        assert!(renewal.spend(at(0)));
        renewal.fresh(at(0), Duration::from_secs(300), None);
        assert!(!renewal.spend(at(149)));
        assert!(renewal.spend(at(150)));
        assert!(!renewal.spend(at(300)), "and no more than one");
        renewal.fresh(at(300), Duration::from_secs(1), None);
        assert!(!renewal.spend(at(310)), "a life of nothing is no life");
        let asleep = at(400);
        renewal.fresh(asleep, Duration::from_secs(300), None);
        assert!(renewal.spend(Now { mono: asleep.mono, ..at(700) }), "also while one of the clocks stood still");
    }
}
