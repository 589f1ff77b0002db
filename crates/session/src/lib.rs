//! The chatroom client's core: one room, one user, every rule of a client, and neither IO nor a clock.
//!
//! A driver (native or in a browser) opens links, carries bytes, makes REST calls and tells the time; all that is
//! decided is decided here, so that hours of faults run in milliseconds under a test's own clock.
//!
//! Read [`io`] first: [`Input`], [`Output`] and [`Event`] on one page. Then [`Session`], which only routes.
//!
//! - [`options`]: how to join; [`error`]: what can go wrong, and who is to blame
//! - `phase`: where a session stands; `link`: its MQTT connection; `backoff`: how long to wait; `lives`: how links ended; `renewal`: fresh tokens
//! - `outbox`: what is to be sent, until it is known to have arrived; `keeping`: and over the end of a program; `dating`:
//!   from where it is looked for
//! - `handover`: from one link to the next without a gap; `resume`: where a broker keeps a session; `wake`: after the machine slept
//! - `timeline`: what was said, once and in order; `history`: what was missed; `held`: what is said meanwhile
//! - [`room`]: facts of the room; `presses`: of its counters, gathered and told; `pressing`: as a session takes them
//! - [`request`]: calls of the application's own
//!
//! # The drain contract
//!
//! Every call that takes `&mut self` changes the session once. After each of them:
//!
//! 1. call [`Session::poll_output`] and carry out what it returns,
//! 2. until it returns [`Output::Timeout`],
//! 3. then wait for whatever comes first: bytes of the link, an answer to a call, a wish of the user, the deadline,
//! 4. and hand that one thing in.
//!
//! ```
//! use std::time::Duration;
//! use chatroom_session::{Access, CallError, Event, Input, Now, Options, Output, Session};
//! use chatroom_wire::{Token, rest::ErrorBody};
//!
//! let mut now = Now { mono: Duration::ZERO, wall: "2026-01-01T00:00:00Z".parse()? };
//! let mut session = Session::new(Options::new(Access::api(Token::new("not a token"))));
//! session.handle_input(now, Input::Start);
//! let ended = loop {
//!     match session.poll_output() {
//!         Output::Connect { .. } => { /* open a link; hand in LinkOpened, LinkReceived…, LinkClosed with its name */ }
//!         Output::Send { .. } => { /* write one binary WebSocket message */ }
//!         Output::Disconnect(_link) => { /* flush and drop the link */ }
//!         Output::Write { .. } => { /* to the outbox on disk; hand in Written */ }
//!         Output::Call { id, .. } => {
//!             // Make the REST call; hand in its answer. This service knows no such token.
//!             let refusal = CallError::Status { status: 401, body: ErrorBody::default(), retry_after: None };
//!             session.handle_input(now, Input::CallDone { id, result: Err(refusal) });
//!         }
//!         Output::Answered { .. } => { /* to whoever asked */ }
//!         Output::Event(Event::Ended(cause)) => break cause,
//!         Output::Event(_event) => { /* to the application */ }
//!         Output::Timeout(deadline) => {
//!             let Some((at, _reason)) = deadline else { unreachable!("a session waits for something, or has ended") };
//!             now.mono = at;
//!             session.handle_input(now, Input::Timeout);
//!         }
//!     }
//! };
//! assert!(ended.to_string().contains("does not accept the credentials"));
//! # Ok::<(), jiff::Error>(())
//! ```
#![forbid(unsafe_code)]

mod backoff;
mod connecting;
mod dating;
pub mod error;
mod handover;
mod held;
mod history;
mod ids;
pub mod io;
mod keeping;
mod link;
mod lives;
pub mod options;
mod outbox;
mod phase;
mod presses;
mod pressing;
mod random;
mod receiving;
mod renewal;
pub mod request;
mod resume;
pub mod room;
mod sending;
mod session;
mod timeline;
mod wake;

pub use error::{Blame, CallError, Cause, End, LinkError, PressError, SendError, TlsFault};
pub use io::{
    Call, CallAnswer, CallId, Deadline, Delivery, Event, Gap, GapReason, Input, LinkId, Now, Output, Rejection, WriteId,
};
pub use options::{Access, Draft, Entry, Kept, Limits, Options};
pub use request::{ApiRequest, RequestId, Verb};
pub use room::RoomState;
pub use session::Session;
