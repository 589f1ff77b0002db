//! Links between clients and the server: ordered, with a delay each way; cut, half-open, stalled, and slowly read.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use chatroom_session::LinkId;

use super::{air::Air, breach::Breach, dice::Dice};

/// Names a wire in the whole world, as a [`LinkId`] does within one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WireId(u64);

/// One link.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) client: usize,
    /// Which of the client's processes.
    pub(crate) life: u32,
    pub(crate) link: LinkId,
    /// When the handshake is over, one way or the other; none once it is, or if it never will be.
    pub(crate) opens: Option<Duration>,
    pub(crate) up: Way,
    pub(crate) down: Way,
    /// Whether the client's process holds its end.
    pub(crate) client_end: bool,
    pub(crate) server_end: bool,
    /// Since when nothing arrives any more and nobody knows.
    pub(crate) dead_since: Option<Duration>,
}

/// One direction.
#[derive(Debug)]
pub(crate) struct Way {
    queue: VecDeque<(Duration, Parcel)>,
    delay: Duration,
    held_until: Duration,
}

/// What arrives.
#[derive(Debug)]
pub(crate) enum Parcel {
    Bytes(Bytes),
    /// The other side has closed, or the link broke.
    End,
}

impl Way {
    fn new(dice: &mut Dice) -> Self {
        let delay = if dice.chance(20) { dice.milliseconds(100, 1_500) } else { dice.milliseconds(1, 60) };
        Self { queue: VecDeque::new(), delay, held_until: Duration::ZERO }
    }

    fn send(&mut self, now: Duration, dice: &mut Dice, parcel: Parcel) {
        let jitter = dice.between(Duration::ZERO, self.delay / 2 + Duration::from_micros(10));
        let last = self.queue.back().map_or(Duration::ZERO, |(at, _)| *at);
        let at = (now + self.delay + jitter).max(self.held_until).max(last + Duration::from_micros(1));
        self.queue.push_back((at, parcel));
    }

    fn hold(&mut self, until: Duration) {
        self.held_until = self.held_until.max(until);
        for (at, _) in &mut self.queue {
            *at = (*at).max(until);
        }
    }

    /// Loses the end of what is under way; a packet may be torn.
    fn tear(&mut self, dice: &mut Dice) {
        let keeps = dice.place(self.queue.len() + 1);
        let torn = self.queue.get(keeps).and_then(|(at, parcel)| match parcel {
            Parcel::Bytes(bytes) => Some((*at, bytes.slice(..dice.place(bytes.len())))),
            Parcel::End => None,
        });
        self.queue.truncate(keeps);
        self.queue.extend(torn.filter(|(_, part)| !part.is_empty()).map(|(at, part)| (at, Parcel::Bytes(part))));
    }

    pub(crate) fn due(&self) -> Option<Duration> {
        self.queue.front().map(|(at, _)| *at)
    }

    pub(crate) fn take(&mut self) -> Option<Parcel> {
        self.queue.pop_front().map(|(_, parcel)| parcel)
    }

    /// How many parcels are under way.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}

impl Wire {
    fn is_over(&self) -> bool {
        let quiet = self.up.queue.is_empty() && self.down.queue.is_empty();
        self.opens.is_none() && !self.client_end && !self.server_end && quiet
    }
}

impl Air {
    /// A client dials.
    pub(crate) fn dial(&mut self, client: usize, life: u32, link: LinkId) {
        let id = WireId(self.next_wire);
        self.next_wire += 1;
        let hangs = self.now < self.weather.hangs && self.dice.chance(60);
        let takes = if self.dice.chance(10) { self.dice.seconds(1, 14) } else { self.dice.milliseconds(5, 300) };
        let wire = Wire {
            client,
            life,
            link,
            opens: (!hangs).then_some(self.now + takes),
            up: Way::new(&mut self.dice),
            down: Way::new(&mut self.dice),
            client_end: true,
            server_end: false,
            dead_since: None,
        };
        self.wires.insert(id, wire);
    }

    /// The wire of a client's link.
    pub(crate) fn wire_of(&self, client: usize, life: u32, link: LinkId) -> Option<WireId> {
        let found = self.wires.iter().find(|(_, wire)| (wire.client, wire.life, wire.link) == (client, life, link));
        found.map(|(id, _)| *id)
    }

    pub(crate) fn send_up(&mut self, id: WireId, bytes: Bytes) {
        if let Some(wire) = self.wires.get_mut(&id).filter(|wire| wire.client_end && wire.dead_since.is_none()) {
            wire.up.send(self.now, &mut self.dice, Parcel::Bytes(bytes));
        }
    }

    pub(crate) fn send_down(&mut self, id: WireId, bytes: Bytes) {
        if let Some(wire) = self.wires.get_mut(&id).filter(|wire| wire.server_end && wire.dead_since.is_none()) {
            wire.down.send(self.now, &mut self.dice, Parcel::Bytes(bytes));
        }
    }

    /// The client drops its end: what it has sent is still carried.
    pub(crate) fn hang_up(&mut self, id: WireId) {
        let late = self.breaks(Breach::LateBytes);
        let Some(wire) = self.wires.get_mut(&id) else { return };
        wire.client_end = false;
        wire.opens = None;
        if late && wire.up.held_until > self.now {
            let until = self.now + self.dice.seconds(70, 300);
            wire.up.hold(until);
        }
        if wire.server_end && wire.dead_since.is_none() {
            wire.up.send(self.now, &mut self.dice, Parcel::End);
        }
        self.bury(id);
    }

    /// The server drops its end: what it has sent is still carried.
    pub(crate) fn drop_from_server(&mut self, id: WireId) {
        let Some(wire) = self.wires.get_mut(&id) else { return };
        wire.server_end = false;
        if wire.client_end && wire.dead_since.is_none() {
            wire.down.send(self.now, &mut self.dice, Parcel::End);
        }
        self.bury(id);
    }

    /// The link breaks: of what is under way the end is lost, and both sides notice.
    pub(crate) fn cut(&mut self, id: WireId) {
        let Some(wire) = self.wires.get_mut(&id).filter(|wire| wire.opens.is_none()) else { return };
        wire.up.tear(&mut self.dice);
        wire.down.tear(&mut self.dice);
        wire.up.send(self.now, &mut self.dice, Parcel::End);
        wire.down.send(self.now, &mut self.dice, Parcel::End);
        self.note(|| format!("{id:?} is cut"));
    }

    /// From now on nothing arrives, and neither side is told.
    pub(crate) fn kill_silently(&mut self, id: WireId) {
        let now = self.now;
        let Some(wire) = self.wires.get_mut(&id).filter(|wire| wire.dead_since.is_none()) else { return };
        wire.dead_since = Some(now);
        wire.up.queue.clear();
        wire.down.queue.clear();
        self.note(|| format!("{id:?} is dead, and nobody knows"));
        self.bury(id);
    }

    /// Nothing arrives until then, but nothing is lost either.
    pub(crate) fn stall(&mut self, id: WireId, upwards: bool, until: Duration) {
        let Some(wire) = self.wires.get_mut(&id) else { return };
        if upwards {
            wire.up.hold(until);
        } else {
            wire.down.hold(until);
        }
        let way = if upwards { "to" } else { "from" };
        self.note(|| format!("{id:?} carries nothing {way} the server until {:.1}", until.as_secs_f64()));
    }

    /// Forgets a wire that nobody holds and that carries nothing.
    pub(crate) fn bury(&mut self, id: WireId) {
        if self.wires.get(&id).is_some_and(Wire::is_over) {
            self.wires.remove(&id);
        }
    }
}
