//! REST calls of the application's own: made with the session's token, and made once more with a fresh one when the
//! service says that the token is dead.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;

use crate::{Access, Call, CallError, CallId, Output, Session, phase::Phase, session::Purpose};

/// A REST call, as the application wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiRequest {
    /// What is to be done there.
    pub verb: Verb,
    /// The path behind [`PREFIX`](chatroom_wire::rest::PREFIX), such as `/chatrooms:mute`; already percent-encoded.
    pub path: Cow<'static, str>,
    /// The pairs of the query, not yet encoded.
    pub query: Vec<(Cow<'static, str>, String)>,
    /// The body, as JSON.
    pub body: Option<Bytes>,
}

/// The verb of a REST call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `GET`: changes nothing.
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

/// Names a request in [`Output::Answered`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

/// The requests that are not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    next: u64,
    calls: BTreeMap<CallId, Waiting>,
    /// What was refused for its token, until a fresh one is there.
    for_token: Vec<Refused>,
}

#[derive(Debug)]
struct Waiting {
    id: RequestId,
    request: ApiRequest,
    again: bool,
}

#[derive(Debug)]
struct Refused {
    id: RequestId,
    request: ApiRequest,
    error: CallError,
}

impl Session {
    /// Makes a call with the session's token, also while the room is not joined. Then drain
    /// [`Session::poll_output`]: its answer comes as [`Output::Answered`].
    pub fn request(&mut self, now: crate::Now, request: ApiRequest) -> RequestId {
        self.now = now;
        let id = RequestId(self.requests.next);
        self.requests.next += 1;
        if matches!(self.options.access, Access::Config(_)) {
            self.outputs.push_back(Output::Answered { id, result: Err(CallError::NoToken) });
        } else if matches!(self.phase, Phase::Ended) {
            self.outputs.push_back(Output::Answered { id, result: Err(CallError::Ended) });
        } else {
            self.make(Waiting { id, request, again: false });
        }
        id
    }

    fn make(&mut self, waiting: Waiting) {
        let call = self.call(Purpose::Request, Call::Api(waiting.request.clone()));
        self.requests.calls.insert(call, waiting);
    }

    pub(crate) fn request_answered(&mut self, call: CallId, result: Result<Bytes, CallError>) {
        let Some(Waiting { id, request, again }) = self.requests.calls.remove(&call) else { return };
        match result {
            Err(error) if error.is_dead_token() && !again && self.may_renew() => {
                self.requests.for_token.push(Refused { id, request, error });
            }
            result => {
                if result.is_ok() && !self.is_calling(Purpose::Renewal) {
                    self.renewal.restore();
                }
                self.outputs.push_back(Output::Answered { id, result });
            }
        }
    }

    /// Sees to it that a renewal is under way, if there is one to be had. A refusal costs one, as in connecting.
    fn may_renew(&mut self) -> bool {
        if self.is_calling(Purpose::Renewal) {
            return true;
        }
        let Some(refresh) = self.refresh_token().cloned().filter(|_| self.renewal.spend()) else { return false };
        self.call(Purpose::Renewal, Call::Refresh(refresh));
        true
    }

    /// What waited for a fresh token goes out again, or is told that there is none.
    pub(crate) fn requests_go_on(&mut self, renewed: bool) {
        for Refused { id, request, error } in std::mem::take(&mut self.requests.for_token) {
            if renewed {
                self.make(Waiting { id, request, again: true });
            } else {
                self.outputs.push_back(Output::Answered { id, result: Err(error) });
            }
        }
    }

    /// Nothing is answered any more.
    pub(crate) fn requests_end(&mut self) {
        let requests = std::mem::take(&mut self.requests);
        self.requests.next = requests.next;
        let waiting = requests.calls.into_values().map(|waiting| (waiting.id, CallError::Ended));
        let refused = requests.for_token.into_iter().map(|refused| (refused.id, refused.error));
        for (id, error) in waiting.chain(refused) {
            self.outputs.push_back(Output::Answered { id, result: Err(error) });
        }
    }
}
