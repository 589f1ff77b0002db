//! The bytes of answers on their way: what slow readers have not taken is held in memory, and so it has a budget.

use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    http::StatusCode,
    response::Response,
};
use bytes::{Buf as _, Bytes};
use hyper::body::{Frame, SizeHint};

use super::{ApiError, call_rates::CallerKey};
use crate::Settings;

/// Answers up to this size are not counted: connections are, and a refusal is no smaller.
const SMALL: usize = 16 * 1024;

/// When to ask again where the budget is used up.
const AGAIN: Duration = Duration::from_secs(1);

/// The budget, and what is taken of it.
#[derive(Debug)]
pub(crate) struct Answers {
    max: usize,
    max_each: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    /// None is zero.
    each: HashMap<CallerKey, usize>,
}

impl Answers {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { max: settings.answers_max.bytes(), max_each: settings.answers_per_token.bytes(), held: Mutex::default() }
    }

    /// Whether there is room for so many bytes more. One answer is always allowed, however large.
    ///
    /// # Errors
    /// 429 where the caller has not taken earlier answers yet, 503 where all callers together have not.
    pub(super) fn check(&self, caller: &CallerKey, bytes: usize) -> Result<(), ApiError> {
        let held = self.held();
        let own = held.each.get(caller).copied().unwrap_or_default();
        if own > 0 && own + bytes > self.max_each {
            let text = "too many answers to this token are on their way; read them first";
            return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, text).retry_after(AGAIN));
        }
        if held.all > 0 && held.all + bytes > self.max {
            return Err(ApiError::unavailable("too many answers are on their way; try again"));
        }
        Ok(())
    }

    /// Counts an answer until its bytes are written. An act is answered in any case: it is done.
    ///
    /// # Errors
    /// As [`Answers::check`] says.
    pub(super) fn count(
        self: &Arc<Self>,
        caller: CallerKey,
        response: Response,
        is_act: bool,
    ) -> Result<Response, ApiError> {
        let size = response.body().size_hint();
        let bytes = usize::try_from(size.upper().unwrap_or_else(|| size.lower())).unwrap_or(usize::MAX);
        if bytes <= SMALL {
            return Ok(response);
        }
        if !is_act {
            self.check(&caller, bytes)?;
        }
        let mut held = self.held();
        held.all += bytes;
        *held.each.entry(caller.clone()).or_default() += bytes;
        drop(held);
        let share = Arc::new(Hold { caller, bytes, answers: Arc::clone(self) });
        Ok(response.map(|body| Body::new(Counted { body, hold: share })))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one answer takes of the budget; given back when dropped.
#[derive(Debug)]
struct Hold {
    caller: CallerKey,
    bytes: usize,
    answers: Arc<Answers>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.answers.held();
        held.all -= self.bytes;
        if let Some(own) = held.each.get_mut(&self.caller) {
            *own -= self.bytes;
            if *own == 0 {
                held.each.remove(&self.caller);
            }
        }
    }
}

/// A body whose every piece holds on to the budget: pieces wait in the connection after the body has ended.
struct Counted {
    body: Body,
    hold: Arc<Hold>,
}

struct CountedBytes {
    bytes: Bytes,
    _hold: Arc<Hold>,
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        frame.map_ok(|frame| {
            frame.map_data(|bytes| Bytes::from_owner(CountedBytes { bytes, _hold: Arc::clone(&self.hold) }))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body of pieces that others may share.
#[derive(Debug)]
pub(super) struct Pieces(VecDeque<Bytes>);

impl Pieces {
    pub(super) fn new(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        Self(pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| u64::try_from(piece.remaining()).unwrap_or(u64::MAX)).sum())
    }
}
