//! Presses of counters, as the session takes, sends and tells them.

use chatroom_wire::{Message, Payload, Time};

use crate::{Draft, End, Entry, Event, Kept, PressError, Session, phase::Phase, presses::Full};

/// How long a farewell waits for the presses that it sent on.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(2);

impl Session {
    /// Presses a counter once. Presses leave as one message after [`Limits::press_wait`](crate::Limits::press_wait), or
    /// when they fill one, or at the end; what they have come to is told as [`Event::Counted`]. Where the room can't be
    /// reached at the end, they are left in the outbox on disk, or told as rejected. Then drain [`Session::poll_output`].
    ///
    /// # Errors
    /// When it can't be taken; then it does not count.
    pub fn press(&mut self, now: crate::Now, key: &str, value: Option<&str>) -> Result<(), PressError> {
        self.look_at_clocks(now);
        if matches!(self.phase, Phase::Ended) || self.closing.is_some() {
            return Err(PressError::Ended);
        }
        let counts = self.room.counters.iter().any(|counter| counter.key == key && !counter.disabled);
        if self.room.id.is_some() && !counts {
            return Err(PressError::NoSuchCounter(key.to_owned()));
        }
        if value.is_some_and(|value| value.len() > VALUE_MAX) {
            return Err(PressError::TooLarge(VALUE_MAX));
        }
        if self.outbox.len() >= self.options.limits.outbox {
            return Err(PressError::Full(self.outbox.len()));
        }
        let id = self.ids.make(now.wall);
        let (at, every) = (Time::milliseconds(now.wall), self.options.limits.press_totals);
        if let Some(full) = self.presses.press(now.mono, every, key, value, at, &id) {
            self.send_presses(vec![full]);
        }
        self.advance();
        Ok(())
    }

    /// Leaves, after what was pressed is acknowledged, if the room can be reached.
    pub(crate) fn close(&mut self) {
        let reachable = matches!(&self.phase, Phase::Linked(link) if link.is_subscribed());
        if self.closing.is_some() || !reachable {
            return self.end(End::Left);
        }
        let all = self.presses.all();
        self.send_presses(all);
        self.closing = Some(self.now.mono + FAREWELL);
    }

    /// Ends a session that leaves, once its presses are acknowledged.
    pub(crate) fn close_if_done(&mut self) {
        let waits = || self.outbox.awaits_acknowledgement(|message| is_press(&message.payload));
        if self.closing.is_some_and(|until| until <= self.now.mono || !waits()) {
            self.end(End::Left);
        }
    }

    /// The session is over. Presses that were taken stay in the outbox on disk, for the next session to tell and to send;
    /// where there is none, they become messages and are told as every message is that has not gone out.
    pub(crate) fn end_presses(&mut self) {
        let all = self.presses.all();
        if !self.options.durable {
            return self.send_presses(all);
        }
        for Full { key, count, value } in all {
            let id = self.ids.make(self.now.wall);
            let message = Message { id: Some(id), ..self.compose(Draft::Presses { key, count, value }) };
            let kept = Kept { message, written_at: Time::milliseconds(self.now.wall), after: self.present().flatten() };
            self.write(Entry::Keep(Box::new(kept)));
        }
    }

    pub(crate) fn handle_press_deadlines(&mut self) {
        let now = self.now.mono;
        if self.is_live() {
            let due = self.presses.due(now, self.options.limits.press_wait);
            self.send_presses(due);
        }
        for total in self.presses.totals(now, &self.room.counters) {
            self.tell(Event::Counted { key: total.key, increment: total.increment, total: total.total });
        }
    }

    /// These were taken press by press, so that they have a place in the outbox however full it is.
    fn send_presses(&mut self, batches: Vec<Full>) {
        for Full { key, count, value } in batches {
            let message = self.compose(Draft::Presses { key: key.clone(), count, value });
            let id = self.enqueue(message);
            self.presses.queued(id, key, count);
        }
    }
}

/// The longest text of one press, in bytes: a batch must fit a message however its quotes are written.
const VALUE_MAX: usize = 1024;

fn is_press(payload: &Payload) -> bool {
    matches!(payload, Payload::Custom(custom) if custom.incr.is_some())
}
