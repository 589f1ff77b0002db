//! What the room says: live, from the history, and in which order it is told.

use std::{sync::Arc, time::Duration};

use chatroom_wire::{
    Chatroom, Message, Payload, RawJson, Time,
    envelope::{self, BadElement},
    rest::{MessagesPage, PAGE_MAX},
};

use crate::{
    Access, Call, CallError, CallId, Cause, Delivery, Event, Gap, GapReason, RoomState, Session, error::Remedy,
    history::Progress, link::Stage, phase::Phase, session::Purpose, timeline::Insertion,
};

/// The most news of the room that are kept while its state is read.
const NEWS: usize = 10_000;
/// So far this machine's clock may be ahead where nothing is known of the server's.
pub(crate) const CLOCKS: Duration = Duration::from_secs(2 * 60 * 60);
/// A page of so many bytes may have been cut by its size: services end one at about 1 MiB.
const HEAVY: usize = 256 * 1024;
/// How much of a payload that can't be read is shown.
const SHOWN: usize = 200;

/// What the numbers of a delivery say.
#[derive(Clone, Copy)]
struct Place {
    /// It has numbers: it is no repetition.
    numbered: bool,
    /// Nothing is missing before it.
    in_sequence: bool,
}

impl Session {
    /// The subscription stands: first what was missed, then what is said.
    pub(crate) fn subscribed(&mut self) {
        let Phase::Linked(link) = &mut self.phase else { return };
        link.stage = Stage::Backfilling;
        match (&self.options.access, self.joined) {
            (Access::Config(_), None) => self.go_live(),
            (Access::Config(_), Some(_)) => {
                self.gap(GapReason::NoHistory);
                self.go_live();
            }
            (Access::Api { .. }, joined) => {
                self.ask_room();
                if joined.is_some() || self.timeline.has_begun() {
                    self.catch_up();
                } else {
                    self.history.first(self.now.mono, self.options.history, &self.options.history_of);
                }
            }
        }
    }

    /// Asks for the page that is wanted next.
    pub(crate) fn ask_history(&mut self) {
        if !matches!(&self.phase, Phase::Linked(link) if link.is_subscribed()) {
            return;
        }
        // What was said before is told with the room's state known: by it readers tell admins from those who look like them.
        if self.joined.is_none() && self.options.history > 0 && self.is_calling(Purpose::Room) {
            return;
        }
        if let Some(query) = self.history.wanted() {
            let id = self.call(Purpose::History, Call::History(query));
            self.history.asked(id);
        }
    }

    /// Looks for messages that the link may have lost, beside what is said.
    pub(crate) fn recheck(&mut self) {
        self.give_up_unchecked();
        let (now, most) = (self.now.mono, self.options.limits.catch_up);
        let from = self.read_from();
        let anchor = self.timeline.anchor(from, self.checked);
        self.history.recheck(now, (from, self.timeline.newest()), anchor, most);
    }

    /// Looks into the history for own messages that may have arrived.
    pub(crate) fn look_up(&mut self) {
        if let Some(newest) = self.timeline.newest() {
            self.outbox.room_stands_at(Time::nanoseconds(self.now.wall), newest);
        }
        if let Some(after) = self.outbox.open_after() {
            let after = after.map(|after| after.earlier(self.options.limits.overlap));
            self.history.look_up(self.now.mono, after, self.options.limits.catch_up);
        }
    }

    pub(crate) fn handle_recheck(&mut self) {
        if self.next_recheck.is_some_and(|at| at <= self.now.mono) && self.is_live() {
            self.plan_recheck();
            if self.room_missed {
                self.ask_room();
            }
            if !self.numbered {
                self.recheck();
            }
        }
    }

    /// A PUBLISH came.
    pub(crate) fn delivered(&mut self, delivery: &chatroom_mqtt::Delivery) {
        if self.config.as_ref().is_none_or(|config| config.topic.subscribe.as_str() != delivery.topic) {
            return;
        }
        let place = self.watch_sequence(delivery);
        match envelope::decode(&delivery.payload) {
            Ok(elements) => {
                for element in elements {
                    match element {
                        Ok(message) => {
                            // Up to here the numbers show that nothing is missing.
                            self.checked = self.checked.max(message.received_at.filter(|_| place.in_sequence));
                            self.said(message, place.numbered);
                        }
                        Err(bad) => self.unreadable(bad),
                    }
                }
            }
            Err(error) => {
                let shown = String::from_utf8_lossy(&delivery.payload).chars().take(SHOWN).collect::<String>();
                let raw = serde_json::to_string(&shown).ok().and_then(|text| RawJson::from_text(&text).ok());
                if let Some(raw) = raw {
                    self.unreadable(BadElement { index: 0, reason: error.to_string(), raw });
                }
            }
        }
        self.tell_room();
    }

    /// Tells what is no message, once: pages of the history overlap.
    fn unreadable(&mut self, bad: BadElement) {
        if self.timeline.is_new(&bad) {
            self.tell(Event::Unreadable(bad));
        }
    }

    /// Tells how the room is, if it is not as it was told last.
    fn tell_room(&mut self) {
        if self.room != self.room_told {
            let every = self.options.limits.press_totals;
            self.room.counters.iter().for_each(|counter| self.presses.changed(self.now.mono, every, counter));
            self.room_told = self.room.clone();
            self.tell(Event::RoomChanged(Box::new(self.room.clone())));
        }
    }

    /// A server that numbers its deliveries shows its holes (docs/protocol.md, section I).
    fn watch_sequence(&mut self, delivery: &chatroom_mqtt::Delivery) -> Place {
        let number = |name| {
            let found = delivery.user_properties.iter().find(|(key, _)| key == name);
            found.and_then(|(_, value)| value.parse::<u64>().ok())
        };
        let mut place = Place { numbered: false, in_sequence: false };
        let (Some(sequence), Some(previous)) = (number("seq"), number("prev")) else { return place };
        self.numbered = true;
        place.numbered = true;
        let Phase::Linked(link) = &mut self.phase else { return place };
        let last = link.sequence;
        link.sequence = last.max(Some(sequence));
        let hole = last.is_some_and(|last| previous > last);
        match (&self.options.access, self.history.holds()) {
            // The page that is on its way may be older than the hole.
            (_, true) if hole => self.held.hole(),
            (_, true) => {}
            (Access::Api { .. }, false) if hole => self.catch_up(),
            (Access::Config(_), false) if hole => self.gap(GapReason::NoHistory),
            (_, false) => place.in_sequence = last.is_some(),
        }
        place
    }

    /// A message came over the link: it is told now, or after the history that is being read.
    fn said(&mut self, message: Message, numbered: bool) {
        // An old one may come again, and says nothing of how far the room has come.
        let is_new = if self.numbered { numbered } else { message.received_at > self.timeline.newest() };
        if is_new {
            self.history.said(message.received_at, self.options.limits.overlap);
        }
        if self.history.holds() {
            self.held.push(message, is_new);
        } else {
            self.take(message);
        }
    }

    /// Tells a message, unless it was told before.
    fn take(&mut self, message: Message) {
        self.fold(&message);
        if RoomState::is_told_by(&message) && self.is_calling(Purpose::Room) && self.room_news.len() < NEWS {
            self.room_news.push(message.clone());
        }
        let message = Arc::new(message);
        let insertion = self.timeline.insert(Arc::clone(&message));
        if let Payload::DeleteMessage(deleted) = &message.payload {
            if self.timeline.delete(&deleted.id) {
                self.tell(Event::MessageDeleted { id: deleted.id.clone() });
            }
            // What was deleted had arrived.
            if let Some(took) = self.outbox.delivered(self.now.mono, &deleted.id) {
                let delivery = Delivery::Delivered { received_at: None, took };
                self.settle(deleted.id.clone(), delivery, None);
            }
        }
        let own = message.id.clone().and_then(|id| self.outbox.delivered(self.now.mono, &id).map(|took| (id, took)));
        match (own, insertion) {
            (Some((id, took)), _) => {
                let delivery = Delivery::Delivered { received_at: message.received_at, took };
                self.settle(id, delivery, Some(message));
            }
            (None, Insertion::Added { late }) => {
                self.tell(Event::MessageAdded { message, delivery: None, late });
            }
            (None, Insertion::Known) => {}
        }
    }

    /// Takes in what a message says of the room, unless the service's answer holds it already: the history brings what
    /// is long over.
    fn fold(&mut self, message: &Message) {
        // How many are here is no part of that answer.
        let apart = matches!(message.payload, Payload::BroadcastUpdate(_));
        let after = apart || message.received_at.is_none_or(|at| Some(at) > self.room_as_of);
        if after && self.room_changes.is_news(message) {
            self.room.fold(message);
        }
    }

    pub(crate) fn page_read(&mut self, id: CallId, page: MessagesPage) {
        let elements = page.messages.0;
        let (empty, mut full) = (elements.is_empty(), elements.len() >= usize::from(PAGE_MAX));
        let mut messages = Vec::new();
        for element in elements {
            match element {
                Ok(message) => messages.push(message),
                Err(bad) => self.unreadable(bad),
            }
        }
        full |= messages.iter().map(Message::weight).sum::<usize>() >= HEAVY;
        if let Some(progress) = self.history.answered(self.now.mono, id, messages, full) {
            self.baseline_known |= empty || progress.newest.is_some();
            self.progressed(progress);
        }
    }

    pub(crate) fn page_not_read(&mut self, id: CallId, error: CallError) {
        if error.remedy() == Remedy::Renew {
            return self.interrupted(Cause::Call(error));
        }
        if let Some(progress) = self.history.failed(id, error.clone(), self.now.mono, &mut self.random) {
            return self.progressed(progress);
        }
        // Who is in the room already misses nothing yet.
        if let Some(until) = self.history.deadline().filter(|_| !self.is_live()) {
            let cause = Cause::Call(error);
            self.last_cause = Some(cause.clone());
            self.tell_delay(cause, until);
        }
    }

    fn progressed(&mut self, progress: Progress) {
        if progress.own_only {
            return self.looked_up(progress);
        }
        // Who wants nothing of the past misses nothing of it.
        let wanted = self.joined.is_some() || self.options.history > 0 || self.timeline.has_begun();
        if let Some(reason) = progress.hole.clone().filter(|_| wanted) {
            let before = progress.messages.iter().find_map(|message| message.received_at);
            self.tell(Event::Gap(Gap { after: self.checked, before, reason }));
        }
        self.floor = progress.floor.or(self.floor);
        progress.untold.iter().for_each(|message| self.timeline.skip(message));
        for message in progress.messages {
            if self.is_asked_for(&message) {
                self.take(message);
            }
        }
        self.timeline.note(progress.newest);
        if !progress.done {
            return self.tell_room();
        }
        if progress.confirmed {
            self.checked = self.checked.max(progress.sure);
        } else if progress.gap.is_some() || progress.hole.is_some() {
            // It is told below; what lies before it is settled too.
            self.checked = self.timeline.newest();
        }
        if let Some(reason) = progress.gap.filter(|_| wanted) {
            self.gap(reason);
        }
        if self.held.take_hole() {
            // What is held waits for the second read: what that finds may belong before it.
            if self.joined.is_none() {
                // The first read saw the newest message only, and so nothing of what is missing before that.
                let oldest = self.held.oldest();
                self.checked = oldest.map(Time::just_before).into_iter().chain(self.checked).min();
            }
            self.catch_up();
            self.history.said(self.held.newest(), self.options.limits.overlap);
        } else {
            for message in self.held.release() {
                self.take(message);
            }
            if let Some((began, from)) = progress.looked {
                self.outbox.looked(began, from);
            }
        }
        self.tell_room();
        if self.joined.is_none() {
            // An earlier session, or an earlier attempt, may have sent what still waits.
            self.look_up();
        }
        self.go_live_if_complete();
    }

    /// A page of a read for own messages came. Others of the time before joining were not asked for; those that the link
    /// still owes are told with it, or they would come late.
    fn looked_up(&mut self, progress: Progress) {
        let owed = self.joined.map(|_| self.read_from());
        for message in progress.messages {
            let deleted = matches!(&message.payload, Payload::DeleteMessage(deleted) if self.outbox.has(&deleted.id));
            let own = deleted || message.id.as_ref().is_some_and(|id| self.outbox.has(id));
            if own || (self.is_asked_for(&message) && owed.is_some_and(|from| message.received_at > from)) {
                self.take(message);
            }
        }
        if progress.done {
            match (progress.looked, progress.gap) {
                (Some((began, from)), _) => self.outbox.looked(began, from),
                // Looking again would end in the same way.
                (None, Some(GapReason::TooMuch(_) | GapReason::NoProgress)) => {
                    let after = progress.sought.map(|from| from.later(self.options.limits.overlap));
                    self.outbox.cannot_look(after);
                    // The younger ones may be in reach; they must not go out again before they are looked for.
                    self.look_up();
                }
                (None, _) => {}
            }
            self.go_live_if_complete();
        }
        self.tell_room();
    }

    pub(crate) fn room_read(&mut self, room: Option<Chatroom>) {
        if let Some(room) = room {
            self.room_as_of = room.updated_at;
            self.room_changes.settled(room.updated_at);
            self.room.replace(room);
            // What was said while the answer was on its way may be newer than it.
            for message in std::mem::take(&mut self.room_news) {
                self.fold(&message);
            }
            self.tell_room();
        }
        self.room_news.clear();
        self.go_live_if_complete();
    }

    /// Without the room's state one can still talk; with a dead token one can't.
    pub(crate) fn room_not_read(&mut self, error: CallError) {
        if error.remedy() == Remedy::Renew {
            self.interrupted(Cause::Call(error));
        } else {
            self.room_missed = error.remedy() == Remedy::Retry;
            self.room_read(None);
        }
    }

    fn go_live_if_complete(&mut self) {
        let backfilling = matches!(&self.phase, Phase::Linked(link) if link.stage == Stage::Backfilling);
        if backfilling && !self.history.is_reading() && !self.is_calling(Purpose::Room) {
            self.go_live();
        }
    }

    fn go_live(&mut self) {
        let (Phase::Linked(link), Some(config)) = (&mut self.phase, &self.config) else { return };
        link.stage = Stage::Live;
        link.live_since = Some(self.now.mono);
        let first = self.joined.is_none();
        let user = config.user.clone();
        self.joined.get_or_insert(self.now.wall);
        self.give_up_at = None;
        self.last_cause = None;
        self.outbox.joined(self.now.mono);
        if matches!(self.options.access, Access::Api { .. }) {
            self.plan_recheck();
        }
        self.tell(Event::Joined { user, first });
    }

    fn plan_recheck(&mut self) {
        let period = self.options.limits.recheck;
        let spread = self.random.below(u64::try_from(period.as_millis() / 2).unwrap_or(u64::MAX));
        self.next_recheck = Some(self.now.mono + period * 3 / 4 + Duration::from_millis(spread));
    }

    pub(crate) fn catch_up(&mut self) {
        // What the room was told may be among what was missed, and not all of that is in the history.
        self.ask_room();
        self.history.cancel();
        self.give_up_unchecked();
        let from = self.read_from();
        let anchor = self.timeline.anchor(from, self.checked);
        self.history.catch_up(self.now.mono, from, anchor, self.options.limits.catch_up);
    }

    /// What was said so long ago that its ids are forgotten can't be told from what is missing.
    fn give_up_unchecked(&mut self) {
        let forgotten = self.timeline.forgotten();
        if forgotten > self.checked {
            self.tell(Event::Gap(Gap { after: self.checked, before: forgotten, reason: GapReason::Unchecked }));
            self.checked = forgotten;
        }
    }

    /// Whether a message that a read found belongs to what is told: neither to the time before what was asked for, nor to
    /// what was told and is not remembered any more.
    fn is_asked_for(&self, message: &Message) -> bool {
        let at = message.received_at;
        at.is_none() || (at >= self.floor && at > self.timeline.forgotten())
    }

    /// From where to read on: from what the numbers, or a read, have shown to be complete. A room that was empty is read
    /// from its beginning, an unknown one from well before it was joined.
    fn read_from(&self) -> Option<Time> {
        match self.checked {
            Some(checked) => Some(checked.earlier(self.options.limits.overlap)),
            None if self.baseline_known => None,
            None => self.joined.map(|wall| Time::nanoseconds(wall).earlier(CLOCKS)),
        }
    }

    /// What is said from now on stands behind this in the history, or in an empty room; none, if nothing is known of it.
    #[expect(clippy::option_option, reason = "whether the room is known, and whether it is empty, are two questions")]
    pub(crate) fn present(&self) -> Option<Option<Time>> {
        let empty = self.baseline_known && self.timeline.newest().is_none();
        (self.checked.is_some() || empty).then_some(self.checked)
    }

    fn gap(&mut self, reason: GapReason) {
        let after = self.timeline.newest();
        let before = self.held.oldest();
        self.tell(Event::Gap(Gap { after, before, reason }));
    }
}
