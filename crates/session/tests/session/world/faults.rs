//! What goes wrong.

use std::collections::VecDeque;

use chatroom_mqtt::ReasonCode;
use chatroom_session::{CallError, LinkError};

/// What goes wrong, until it is set back.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// No link can be opened.
    pub(crate) unreachable: bool,
    /// Opening a link ends so, once for each.
    pub(crate) link_errors: VecDeque<LinkError>,
    /// CONNECTs are answered so, once for each.
    pub(crate) connack: VecDeque<ReasonCode>,
    /// The link is closed without a word at the next so many CONNECTs.
    pub(crate) close_on_connect: usize,
    /// SUBSCRIBE is answered so.
    pub(crate) suback: Option<ReasonCode>,
    /// So many publishes are lost with their link before they are stored …
    pub(crate) cut_before_store: usize,
    /// … or after that, before the PUBACK.
    pub(crate) cut_after_store: usize,
    /// PUBACKs that refuse, once for each: the code, and when to come back in ms.
    pub(crate) puback: VecDeque<(ReasonCode, Option<u64>)>,
    /// Publishes are acknowledged, and never seen again.
    pub(crate) swallow: bool,
    /// So many deliveries are lost on their way.
    pub(crate) lose_deliveries: usize,
    /// So many words of where the room stands, which come right after SUBACK, are lost.
    pub(crate) lose_places: usize,
    /// Deliveries come twice.
    pub(crate) double: bool,
    /// Nothing is answered any more, though the link stands.
    pub(crate) half_open: bool,
    /// The history answers so, once for each.
    pub(crate) history: VecDeque<CallError>,
    /// Pages of the history are made at once, and answered only by [`World::release`].
    pub(crate) slow_history: bool,
    /// So is the room's state.
    pub(crate) slow_room: bool,
    /// So are the application's own calls.
    pub(crate) slow_api: bool,
    /// The call for the room's state answers so, once for each.
    pub(crate) room: VecDeque<CallError>,
    /// The config call answers so, once for each.
    pub(crate) config: VecDeque<CallError>,
    /// The refresh call answers so, once for each.
    pub(crate) refresh: VecDeque<CallError>,
    /// The disk refuses writes so, once for each.
    pub(crate) disk: VecDeque<&'static str>,
    /// The disk writes, and answers only by [`World::release`] from the write of this number on.
    pub(crate) slow_disk_from: Option<usize>,
    /// The application's own calls answer so, once for each.
    pub(crate) api: VecDeque<CallError>,
}
