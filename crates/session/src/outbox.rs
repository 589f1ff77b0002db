//! What is to be sent, until it is known to have arrived.
//!
//! ```text
//! Waiting ──publish──▶ InFlight ──PUBACK──▶ Acked ──echo, history──▶ delivered
//!    ▲  └─time to live─▶ expired   │ │          └─no echo─▶ unconfirmed
//!    └──link lost, "too fast"──────┘ └─refused─▶ rejected
//! ```
//!
//! An item keeps its place: what is published again is published before what was written later.

use std::{collections::VecDeque, time::Duration};

use chatroom_mqtt::PacketId;
use chatroom_wire::{Message, MessageId};

use crate::{Delivery, Rejection};

/// How many ids of unconfirmed messages are remembered, should an echo come yet.
const UNCONFIRMED: usize = 1_000;

/// Own messages in the order in which they were written.
#[derive(Debug)]
pub(crate) struct Outbox {
    items: VecDeque<Item>,
    unconfirmed: VecDeque<(MessageId, Duration)>,
    /// The server asked to slow down until then.
    paused_until: Option<Duration>,
    /// After such a word messages go one by one, until one is acknowledged: else a later one may slip through where
    /// an earlier one was refused again.
    cautious: bool,
    time_to_live: Duration,
    echo: Duration,
}

#[derive(Debug)]
struct Item {
    id: MessageId,
    message: Message,
    state: State,
    /// Whether it went out over a link that was lost before the PUBACK: then nobody knows whether it arrived.
    unknown: bool,
    since: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    InFlight(PacketId),
    /// `asked` counts the looks into the history since.
    Acked {
        at: Duration,
        asked: u32,
    },
}

/// What the passing of time has done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Overdue {
    /// Messages that ended.
    pub(crate) ended: Vec<(MessageId, Delivery)>,
    /// Whether the history should be asked for messages whose echo is late.
    pub(crate) ask_history: bool,
}

impl Outbox {
    pub(crate) fn new(time_to_live: Duration, echo: Duration) -> Self {
        Self {
            items: VecDeque::new(),
            unconfirmed: VecDeque::new(),
            paused_until: None,
            cautious: false,
            time_to_live,
            echo,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn push(&mut self, now: Duration, id: MessageId, message: Message) {
        self.items.push_back(Item { id, message, state: State::Waiting, unknown: false, since: now });
    }

    /// The next message to publish, if the server did not ask to slow down.
    pub(crate) fn next(&self, now: Duration) -> Option<&Message> {
        let in_flight = || self.items.iter().any(|item| matches!(item.state, State::InFlight(_)));
        if self.paused_until.is_some_and(|until| until > now) || (self.cautious && in_flight()) {
            return None;
        }
        self.items.iter().find(|item| item.state == State::Waiting).map(|item| &item.message)
    }

    /// Whether the fate of a message is open that went out over an earlier link. Then the history comes first: what
    /// it shows need not be sent again, and nothing may overtake it.
    pub(crate) fn has_unknown(&self) -> bool {
        self.items.iter().any(|item| item.unknown && item.state == State::Waiting)
    }

    /// The message that [`Outbox::next`] gave went out; without a packet id it will see no PUBACK.
    pub(crate) fn published(&mut self, now: Duration, packet: Option<PacketId>) {
        if let Some(item) = self.items.iter_mut().find(|item| item.state == State::Waiting) {
            item.state = packet.map_or(State::Acked { at: now, asked: 0 }, State::InFlight);
        }
    }

    /// The message that [`Outbox::next`] gave can never go out.
    pub(crate) fn reject_next(&mut self) -> Option<MessageId> {
        let place = self.items.iter().position(|item| item.state == State::Waiting)?;
        self.items.remove(place).map(|item| item.id)
    }

    /// A PUBACK came.
    pub(crate) fn acknowledged(&mut self, now: Duration, packet: PacketId) -> Option<MessageId> {
        let item = self.items.iter_mut().find(|item| item.state == State::InFlight(packet))?;
        self.cautious = false;
        item.state = State::Acked { at: now, asked: 0 };
        Some(item.id.clone())
    }

    /// A PUBACK refused it for good.
    pub(crate) fn refused(&mut self, packet: PacketId) -> Option<MessageId> {
        let place = self.items.iter().position(|item| item.state == State::InFlight(packet))?;
        self.items.remove(place).map(|item| item.id)
    }

    /// A PUBACK refused it for now: it waits again, and so does all behind it.
    pub(crate) fn slow_down(&mut self, packet: PacketId, until: Duration) {
        self.paused_until = self.paused_until.max(Some(until));
        self.cautious = true;
        if let Some(item) = self.items.iter_mut().find(|item| item.state == State::InFlight(packet)) {
            item.state = State::Waiting;
        }
    }

    /// It came back, or stands in the history. Answers how long it took, if it is one of ours.
    pub(crate) fn delivered(&mut self, now: Duration, id: &MessageId) -> Option<Duration> {
        if let Some(place) = self.items.iter().position(|item| item.id == *id) {
            return self.items.remove(place).map(|item| now.saturating_sub(item.since));
        }
        let place = self.unconfirmed.iter().position(|(other, _)| other == id)?;
        self.unconfirmed.remove(place).map(|(_, since)| now.saturating_sub(since))
    }

    /// The link is gone: what was in flight waits again, in its place.
    pub(crate) fn link_lost(&mut self) {
        self.paused_until = None;
        self.cautious = false;
        for item in &mut self.items {
            if matches!(item.state, State::InFlight(_)) {
                item.state = State::Waiting;
                item.unknown = true;
            }
        }
    }

    /// The room is joined again, and its history was read: late echoes get their time anew.
    pub(crate) fn joined(&mut self, now: Duration) {
        for item in &mut self.items {
            if let State::Acked { at, asked } = &mut item.state {
                *at = now;
                *asked = 0;
            }
        }
    }

    /// What is overdue. Echoes are awaited only while the room is joined; `history` says whether it can be asked.
    pub(crate) fn handle_timeout(&mut self, now: Duration, joined: bool, history: bool) -> Overdue {
        let mut overdue = Overdue::default();
        let mut kept = VecDeque::with_capacity(self.items.len());
        for mut item in self.items.drain(..) {
            let ended = match &mut item.state {
                State::Waiting if now >= item.since + self.time_to_live => {
                    Some(if item.unknown { Delivery::Unconfirmed } else { Delivery::Expired })
                }
                State::Acked { at, asked } if joined && now >= *at + self.echo * (*asked + 1) => {
                    *asked += 1;
                    overdue.ask_history |= history;
                    (*asked > 2 || (!history && *asked > 1)).then_some(Delivery::Unconfirmed)
                }
                // No echo can come now: it is waited for as long as for the link itself.
                State::Acked { at, .. } if !joined && now >= (item.since + self.time_to_live).max(*at + self.echo) => {
                    Some(Delivery::Unconfirmed)
                }
                State::Waiting | State::InFlight(_) | State::Acked { .. } => None,
            };
            match ended {
                None => kept.push_back(item),
                Some(ended) => {
                    if ended == Delivery::Unconfirmed {
                        self.unconfirmed.push_back((item.id.clone(), item.since));
                        if self.unconfirmed.len() > UNCONFIRMED {
                            self.unconfirmed.pop_front();
                        }
                    }
                    overdue.ended.push((item.id, ended));
                }
            }
        }
        self.items = kept;
        overdue
    }

    /// When something will be overdue, or may be published again.
    pub(crate) fn deadline(&self, now: Duration, joined: bool) -> Option<Duration> {
        let items = self.items.iter().filter_map(|item| match item.state {
            State::Waiting => Some(item.since + self.time_to_live),
            // The link itself watches over its PUBACKs.
            State::InFlight(_) => None,
            State::Acked { at, asked } if joined => Some(at + self.echo * (asked + 1)),
            State::Acked { at, .. } => Some((item.since + self.time_to_live).max(at + self.echo)),
        });
        let waits = self.items.iter().any(|item| item.state == State::Waiting);
        items.chain(self.paused_until.filter(|until| joined && waits && *until > now)).min()
    }

    /// The session is over: every message gets its last word.
    pub(crate) fn end(&mut self) -> Vec<(MessageId, Delivery)> {
        let last_word = |item: Item| match item.state {
            State::Waiting if !item.unknown => (item.id, Delivery::Rejected(Rejection::SessionEnded)),
            State::Waiting | State::InFlight(_) | State::Acked { .. } => (item.id, Delivery::Unconfirmed),
        };
        self.items.drain(..).map(last_word).collect()
    }

    /// Whether the server has not acknowledged all messages of this sort.
    pub(crate) fn awaits_acknowledgement(&self, sort: impl Fn(&Message) -> bool) -> bool {
        self.items.iter().any(|item| !matches!(item.state, State::Acked { .. }) && sort(&item.message))
    }

    /// Own messages that are not confirmed yet, in order.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.items.iter().map(|item| &item.message)
    }
}

#[cfg(test)]
mod tests {
    use chatroom_wire::User;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn outbox(ids: &[&str]) -> Outbox {
        let mut outbox = Outbox::new(SECOND * 120, SECOND * 5);
        for id in ids {
            let message = Message { id: Some((*id).into()), ..Message::text_by(User::default(), *id) };
            outbox.push(Duration::ZERO, (*id).into(), message);
        }
        outbox
    }

    fn packet(number: u16) -> PacketId {
        PacketId::new(number).unwrap()
    }

    fn publish_all(outbox: &mut Outbox, now: Duration) -> Vec<String> {
        let mut published = Vec::new();
        while let Some(message) = outbox.next(now) {
            published.push(message.text().unwrap().to_owned());
            outbox.published(now, Some(packet(u16::try_from(published.len()).unwrap())));
        }
        published
    }

    #[test]
    fn what_was_in_flight_when_the_link_broke_goes_out_again_before_what_is_newer() {
        let mut outbox = outbox(&["a", "b", "c"]);
        assert_eq!(publish_all(&mut outbox, Duration::ZERO), ["a", "b", "c"]);
        outbox.acknowledged(SECOND, packet(2));
        outbox.link_lost();
        outbox.push(SECOND, "d".into(), Message::text_by(User::default(), "d"));
        assert!(outbox.has_unknown());
        assert_eq!(publish_all(&mut outbox, SECOND), ["a", "c", "d"]);
    }

    #[test]
    fn a_server_that_is_asked_too_fast_is_left_alone_until_it_said_and_the_order_stays() {
        let mut outbox = outbox(&["a", "b"]);
        publish_all(&mut outbox, Duration::ZERO);
        outbox.slow_down(packet(1), SECOND * 3);
        outbox.slow_down(packet(2), SECOND * 2);
        assert!(outbox.next(SECOND * 2).is_none());
        assert_eq!(outbox.deadline(SECOND * 2, true), Some(SECOND * 3));
        assert_eq!(publish_all(&mut outbox, SECOND * 3), ["a"], "and then carefully");
        outbox.acknowledged(SECOND * 3, packet(1));
        assert_eq!(publish_all(&mut outbox, SECOND * 3), ["b"]);
    }

    #[test]
    fn an_acknowledged_message_is_delivered_only_by_its_echo() {
        let mut outbox = outbox(&["a"]);
        publish_all(&mut outbox, Duration::ZERO);
        assert_eq!(outbox.acknowledged(SECOND, packet(1)), Some("a".into()));
        assert_eq!(outbox.handle_timeout(SECOND * 2, true, true), Overdue::default());
        assert_eq!(outbox.delivered(SECOND * 2, &"a".into()), Some(SECOND * 2));
        assert_eq!(outbox.delivered(SECOND * 2, &"a".into()), None, "once");
    }

    #[test]
    fn a_late_echo_makes_the_history_be_asked_twice_and_then_is_called_unconfirmed() {
        let mut outbox = outbox(&["a"]);
        publish_all(&mut outbox, Duration::ZERO);
        outbox.acknowledged(Duration::ZERO, packet(1));
        for second in [5, 10] {
            assert_eq!(outbox.deadline(Duration::ZERO, true), Some(SECOND * second));
            let overdue = outbox.handle_timeout(SECOND * second, true, true);
            assert_eq!(overdue, Overdue { ended: Vec::new(), ask_history: true });
        }
        let overdue = outbox.handle_timeout(SECOND * 15, true, true);
        assert_eq!(overdue.ended, [("a".into(), Delivery::Unconfirmed)]);
        assert_eq!(outbox.delivered(SECOND * 60, &"a".into()), Some(SECOND * 60), "an echo may come yet");
    }

    #[test]
    fn a_message_that_never_went_out_expires_and_one_that_may_have_arrived_is_unconfirmed() {
        let mut outbox = outbox(&["a", "b"]);
        outbox.published(Duration::ZERO, Some(packet(1)));
        outbox.link_lost();
        let overdue = outbox.handle_timeout(SECOND * 120, false, true);
        assert_eq!(overdue.ended, [("a".into(), Delivery::Unconfirmed), ("b".into(), Delivery::Expired)]);
    }

    #[test]
    fn every_message_gets_a_last_word_at_the_end() {
        let mut outbox = outbox(&["a", "b"]);
        outbox.published(Duration::ZERO, Some(packet(1)));
        let end = outbox.end();
        assert_eq!(
            end,
            [("a".into(), Delivery::Unconfirmed), ("b".into(), Delivery::Rejected(Rejection::SessionEnded))]
        );
    }
}
