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
    /// How often the token was renewed.
    renewals: u64,
    /// A refusal has cost a renewal, and no call was taken since: another one would help no more.
    spent: bool,
}

#[derive(Debug)]
struct Waiting {
    id: RequestId,
    request: ApiRequest,
    again: bool,
    /// With which token it was made: the session's after so many renewals.
    renewals: u64,
}

#[derive(Debug)]
struct Refused {
    id: RequestId,
    request: ApiRequest,
    error: CallError,
}

impl Requests {
    /// The token has proven good: a refusal may cost a renewal again.
    pub(crate) fn restore(&mut self) {
        self.spent = false;
    }
}

impl Session {
    /// Makes a call with the session's token, also while the room is not joined. Then drain
    /// [`Session::poll_output`]: its answer comes as [`Output::Answered`].
    pub fn request(&mut self, now: crate::Now, request: ApiRequest) -> RequestId {
        self.look_at_clocks(now);
        let id = RequestId(self.requests.next);
        self.requests.next += 1;
        if matches!(self.options.access, Access::Config(_)) {
            self.outputs.push_back(Output::Answered { id, result: Err(CallError::NoToken) });
        } else if matches!(self.phase, Phase::Ended) {
            self.outputs.push_back(Output::Answered { id, result: Err(CallError::Ended) });
        } else {
            self.make(id, request, false);
        }
        id
    }

    fn make(&mut self, id: RequestId, request: ApiRequest, again: bool) {
        let call = self.call(Purpose::Request, Call::Api(request.clone()));
        let renewals = self.requests.renewals;
        self.requests.calls.insert(call, Waiting { id, request, again, renewals });
    }

    pub(crate) fn request_answered(&mut self, call: CallId, result: Result<Bytes, CallError>) {
        let Some(Waiting { id, request, again, renewals }) = self.requests.calls.remove(&call) else { return };
        match result {
            // The token was renewed while this one was under way with the old one.
            Err(error) if error.is_dead_token() && !again && renewals < self.requests.renewals => {
                self.make(id, request, true);
            }
            Err(error) if error.is_dead_token() && !again && self.may_renew() => {
                self.requests.for_token.push(Refused { id, request, error });
            }
            result => {
                // Whatever else the service says, it knew the token.
                let known = !matches!(&result, Err(error) if error.is_dead_token() || !error.is_refusal());
                self.requests.spent &= !known;
                self.outputs.push_back(Output::Answered { id, result });
            }
        }
    }

    /// Sees to it that a renewal is under way, if there is one to be had. A refusal costs one.
    fn may_renew(&mut self) -> bool {
        if self.is_calling(Purpose::Renewal) {
            return true;
        }
        let Some(refresh) = self.refresh_token().cloned().filter(|_| !self.requests.spent) else { return false };
        self.requests.spent = true;
        self.call(Purpose::Renewal, Call::Refresh(refresh));
        true
    }

    /// A fresh token is there: what waited for it goes out again.
    pub(crate) fn requests_go_on(&mut self) {
        self.requests.renewals += 1;
        for Refused { id, request, .. } in std::mem::take(&mut self.requests.for_token) {
            self.make(id, request, true);
        }
    }

    /// There is no fresh token. Who refused it is to blame: the service, for the token, or else the way to it.
    pub(crate) fn requests_stop(&mut self, renewal: &CallError) {
        if !renewal.is_refusal() {
            self.requests.spent = false;
        }
        for Refused { id, error, .. } in std::mem::take(&mut self.requests.for_token) {
            let error = if renewal.is_refusal() { error } else { renewal.clone() };
            self.outputs.push_back(Output::Answered { id, result: Err(error) });
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
