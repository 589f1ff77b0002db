//! The token of a visitor: kept, bought anew once for all who want it, in time where its end is known.

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use chatroom_session::CallError;
use chatroom_wire::{Claims, RefreshToken, Token};
use jiff::Timestamp;
use tokio::sync::Mutex as Turns;

/// A fresh token is bought when a fifth of the life is left, but not later than this before the end …
const LATEST: Duration = Duration::from_secs(60);
/// … and after a failure not sooner than this again, unless the service calls the token dead.
const AGAIN: Duration = Duration::from_secs(30);

pub(super) struct Keys {
    refresh: Option<RefreshToken>,
    now: Mutex<Now>,
    /// Held by whoever buys.
    turns: Turns<()>,
}

struct Now {
    held: Held,
    due_at: Option<Timestamp>,
    /// How often somebody tried to buy.
    attempts: u64,
    /// What came of the last try, if nothing. A service that said no will not say otherwise.
    failed: Option<CallError>,
}

/// A token, and the how-manieth it is.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) token: Token,
    number: u64,
}

impl Keys {
    pub(super) fn new(token: Token, refresh: Option<RefreshToken>) -> Self {
        let due_at = due(&token, Timestamp::now());
        let now = Now { held: Held { token, number: 0 }, due_at, attempts: 0, failed: None };
        Self { refresh, now: Mutex::new(now), turns: Turns::new(()) }
    }

    pub(super) fn token(&self) -> Token {
        self.lock().held.token.clone()
    }

    /// The token to use now: a fresh one, if the present one soon ends and another can be had.
    pub(super) async fn fresh<F>(&self, now: Timestamp, buy: impl FnOnce(RefreshToken) -> F) -> Held
    where
        F: Future<Output = Result<Token, CallError>>,
    {
        let (held, is_due) = {
            let state = self.lock();
            (state.held.clone(), state.due_at.is_some_and(|due| due <= now))
        };
        if is_due { self.renew(&held, buy).await.unwrap_or(held) } else { held }
    }

    /// A token after this one, if it can be had. Of all who ask at the same time one buys, and the others share what
    /// comes of it.
    ///
    /// # Errors
    /// Why it can't be had now; nothing, if it can't be had at all.
    pub(super) async fn renew<F>(
        &self,
        old: &Held,
        buy: impl FnOnce(RefreshToken) -> F,
    ) -> Result<Held, Option<CallError>>
    where
        F: Future<Output = Result<Token, CallError>>,
    {
        let refresh = self.refresh.as_ref().ok_or(None)?;
        let attempts = self.lock().attempts;
        let _turn = self.turns.lock().await;
        {
            let state = self.lock();
            if state.held.number != old.number {
                return Ok(state.held.clone());
            }
            let refused = state.failed.as_ref().is_some_and(CallError::is_refusal);
            if state.attempts != attempts || refused {
                return Err(state.failed.clone().filter(|_| !refused));
            }
        }
        let bought = buy(refresh.clone()).await;
        let now = Timestamp::now();
        let mut state = self.lock();
        state.attempts += 1;
        match bought {
            Ok(token) => {
                tracing::debug!("bought a fresh token");
                state.due_at = due(&token, now);
                state.held = Held { token, number: old.number + 1 };
                state.failed = None;
                Ok(state.held.clone())
            }
            Err(error) => {
                tracing::debug!(%error, "no fresh token");
                state.due_at = state.due_at.map(|due| due.max(now.checked_add(AGAIN).unwrap_or(now)));
                state.failed = Some(error.clone());
                Err(Some(error).filter(|error| !error.is_refusal()))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().expect("nothing panics while it holds the token")
    }
}

/// When a fresh token is to be bought, if this one says when it ends.
fn due(token: &Token, now: Timestamp) -> Option<Timestamp> {
    let end = Claims::of(token).ok()?.expires_at()?;
    let left = Duration::try_from(end.duration_since(now)).unwrap_or_default();
    let ahead = (left / 5).max(LATEST).min(left / 2);
    Some(end.checked_sub(ahead).unwrap_or(end))
}
