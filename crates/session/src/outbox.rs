//! What is to be sent, until it is known to have arrived.
//!
//! ```text
//! Keeping ──on disk──▶ Waiting ──publish──▶ InFlight ──PUBACK──▶ Acked ──echo, history──▶ delivered
//!                         ▲  └─time to live─▶ expired   │ │          └─history, no echo─▶ unconfirmed
//!                         └──link lost, "too fast"──────┘ └─refused─▶ rejected
//! ```
//!
//! An item keeps its place: what is published again is published before what was written later.
//!
//! What was in flight when its link ended may have arrived. The history is asked for it. While its time to live lasts it
//! is also sent again, under the same id; after that, it has expired as soon as the history is sure not to have it.

use std::{collections::VecDeque, time::Duration};

use chatroom_mqtt::PacketId;
use chatroom_wire::{Message, MessageId, Time};

use crate::{Delivery, LinkId, Rejection, WriteId, dating};

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
    echo: Duration,
    settle: Duration,
}

/// An own message, as it enters the outbox.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) id: MessageId,
    pub(crate) message: Message,
    /// What stands in the room's history at or before this was said before it; none, if the room was empty.
    pub(crate) after: Option<Time>,
    /// When it was written, by this machine's date, if that is all that `after` rests on: the room was not known then.
    pub(crate) dated: Option<Time>,
    /// When it is no longer to be sent.
    pub(crate) expires: Duration,
}

#[derive(Debug)]
struct Item {
    draft: Draft,
    state: State,
    /// Set once it went out over a link that was lost before the PUBACK.
    unknown: Option<Unknown>,
    /// It was refused while an earlier copy of it was still under way.
    refusal: Option<Delivery>,
    /// The history can't be read from where it was written to the present.
    out_of_reach: bool,
    since: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is being written to the disk.
    Keeping(WriteId),
    Waiting,
    /// A PUBACK with this id is awaited over this link.
    InFlight(LinkId, PacketId),
    /// `asked` counts the looks into the history since; `looked` says that one of them was complete.
    Acked {
        at: Duration,
        asked: u32,
        looked: bool,
    },
}

/// Nobody knows whether it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unknown {
    /// When it can no longer arrive.
    settled: Duration,
    next_look: Duration,
    look: Look,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Open,
    /// The history has it not, and it can't come any more.
    Absent,
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
    pub(crate) fn new(echo: Duration, settle: Duration) -> Self {
        Self { items: VecDeque::new(), unconfirmed: VecDeque::new(), paused_until: None, cautious: false, echo, settle }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn push(&mut self, now: Duration, draft: Draft) {
        self.items.push_back(Item {
            draft,
            state: State::Waiting,
            unknown: None,
            refusal: None,
            out_of_reach: false,
            since: now,
        });
    }

    /// Takes a message that must be written to the disk before it counts.
    pub(crate) fn push_keeping(&mut self, now: Duration, ticket: WriteId, draft: Draft) {
        self.items.push_back(Item {
            draft,
            state: State::Keeping(ticket),
            unknown: None,
            refusal: None,
            out_of_reach: false,
            since: now,
        });
    }

    /// Takes a message that an earlier session kept, and may have sent; if that is `long_ago`, it can't arrive any more.
    pub(crate) fn push_kept(&mut self, now: Duration, age: Duration, long_ago: bool, draft: Draft) {
        let settled = if long_ago { now } else { now + self.settle };
        let unknown = Some(Unknown { settled, next_look: now, look: Look::Open });
        let since = now.saturating_sub(age);
        self.items.push_back(Item { draft, state: State::Waiting, unknown, refusal: None, out_of_reach: false, since });
    }

    /// It is on the disk.
    pub(crate) fn kept(&mut self, ticket: WriteId) -> Option<&Message> {
        let item = self.items.iter_mut().find(|item| item.state == State::Keeping(ticket))?;
        item.state = State::Waiting;
        Some(&item.draft.message)
    }

    /// It can't be written to the disk.
    pub(crate) fn not_kept(&mut self, ticket: WriteId) -> Option<MessageId> {
        let place = self.items.iter().position(|item| item.state == State::Keeping(ticket))?;
        self.items.remove(place).map(|item| item.draft.id)
    }

    /// The next message to publish, if the server did not ask to slow down.
    pub(crate) fn next(&self, now: Duration) -> Option<&Message> {
        if self.paused_until.is_some_and(|until| until > now) || (self.cautious && self.is_in_flight()) {
            return None;
        }
        let mut taken = self.items.iter().take_while(|item| !matches!(item.state, State::Keeping(_)));
        taken.find(|item| item.is_next(now)).map(|item| &item.draft.message)
    }

    /// Whether the fate of a message is open that went out over an earlier link, and that may go out again. Then the
    /// history comes first: what it shows need not be sent again, and nothing may overtake it.
    pub(crate) fn has_unknown(&self, now: Duration) -> bool {
        self.items.iter().any(|item| item.unknown.is_some() && item.is_next(now))
    }

    /// The newest message of the room has this stamp: what rests on this machine's date is set right.
    pub(crate) fn room_stands_at(&mut self, today: Time, newest: Time) {
        for draft in self.items.iter_mut().map(|item| &mut item.draft) {
            if let Some(dated) = draft.dated.take() {
                draft.after = Some(dating::before_with(dated, today, newest));
            }
        }
    }

    /// From where the history must be read to find what may have arrived, if something may: none within is its beginning.
    #[expect(clippy::option_option, reason = "whether there is one, and where the room begins, are two questions")]
    pub(crate) fn open_after(&self) -> Option<Option<Time>> {
        let open = |item: &&Item| item.unknown.is_some() || matches!(item.state, State::Acked { .. });
        self.items.iter().filter(open).filter(|item| !item.out_of_reach).map(|item| item.draft.after).min()
    }

    /// Whether a PUBACK is awaited.
    pub(crate) fn is_in_flight(&self) -> bool {
        self.items.iter().any(|item| matches!(item.state, State::InFlight(..)))
    }

    /// Whether one is awaited over this link.
    pub(crate) fn is_in_flight_over(&self, link: LinkId) -> bool {
        self.items.iter().any(|item| matches!(item.state, State::InFlight(over, _) if over == link))
    }

    /// Whether this is an own message whose fate is open.
    pub(crate) fn has(&self, id: &MessageId) -> bool {
        self.items.iter().any(|item| item.draft.id == *id)
    }

    /// The message that [`Outbox::next`] gave went out over this link; without a packet id it will see no PUBACK. The room
    /// was known up to `present` by then, if it was.
    #[expect(clippy::option_option, reason = "whether the room is known, and whether it is empty, are two questions")]
    pub(crate) fn published(
        &mut self,
        now: Duration,
        link: LinkId,
        packet: Option<PacketId>,
        present: Option<Option<Time>>,
    ) {
        if let Some(item) = self.items.iter_mut().find(|item| item.is_next(now)) {
            // Nothing of it can stand in the history from before it first went out.
            if let (None, Some(present)) = (item.unknown, present) {
                item.draft.after = present;
                item.draft.dated = None;
            }
            item.state = packet.map_or_else(|| State::acked(now), |packet| State::InFlight(link, packet));
        }
    }

    /// The message that [`Outbox::next`] gave can't go out. Answers what is to be told, as [`Outbox::refused`] does.
    pub(crate) fn reject_next(&mut self, now: Duration, word: Delivery) -> Option<(MessageId, Delivery)> {
        let place = self.items.iter().position(|item| item.is_next(now))?;
        self.refuse(place, now, word)
    }

    /// A PUBACK came.
    pub(crate) fn acknowledged(&mut self, now: Duration, link: LinkId, packet: PacketId) -> Option<MessageId> {
        let item = self.items.iter_mut().find(|item| item.state == State::InFlight(link, packet))?;
        self.cautious = false;
        item.state = State::acked(now);
        item.unknown = None;
        Some(item.draft.id.clone())
    }

    /// A PUBACK refused it for good. Answers what is to be told; nothing yet, while a copy that went out over an earlier
    /// link may have been taken, or may still be.
    pub(crate) fn refused(
        &mut self,
        now: Duration,
        (link, packet): (LinkId, PacketId),
        word: Delivery,
    ) -> Option<(MessageId, Delivery)> {
        let place = self.items.iter().position(|item| item.state == State::InFlight(link, packet))?;
        self.refuse(place, now, word)
    }

    fn refuse(&mut self, place: usize, now: Duration, word: Delivery) -> Option<(MessageId, Delivery)> {
        let item = self.items.get_mut(place)?;
        if item.unknown.is_some_and(|unknown| unknown.look != Look::Absent) {
            item.state = State::Waiting;
            item.draft.expires = now;
            item.refusal = Some(word);
            return None;
        }
        self.items.remove(place).map(|item| (item.draft.id, word))
    }

    /// A PUBACK refused it for now: it waits again, and so does all behind it.
    pub(crate) fn slow_down(&mut self, link: LinkId, packet: PacketId, until: Duration) {
        self.paused_until = self.paused_until.max(Some(until));
        self.cautious = true;
        if let Some(item) = self.items.iter_mut().find(|item| item.state == State::InFlight(link, packet)) {
            item.state = State::Waiting;
        }
    }

    /// It came back, or stands in the history. Answers how long it took, if it is one of ours.
    pub(crate) fn delivered(&mut self, now: Duration, id: &MessageId) -> Option<Duration> {
        if let Some(place) = self.items.iter().position(|item| item.draft.id == *id) {
            return self.items.remove(place).map(|item| now.saturating_sub(item.since));
        }
        let place = self.unconfirmed.iter().position(|(other, _)| other == id)?;
        self.unconfirmed.remove(place).map(|(_, since)| now.saturating_sub(since))
    }

    /// What the server asked for is over with the link that it asked it on.
    pub(crate) fn forget_pause(&mut self) {
        self.paused_until = None;
        self.cautious = false;
    }

    /// This link is gone: what was in flight over it waits again, in its place.
    pub(crate) fn link_lost(&mut self, now: Duration, link: LinkId) {
        for item in &mut self.items {
            if matches!(item.state, State::InFlight(over, _) if over == link) {
                item.state = State::Waiting;
                item.unknown = Some(Unknown { settled: now + self.settle, next_look: now, look: Look::Open });
            }
        }
    }

    /// The machine slept for so long, while the clock of `expires` stood still.
    pub(crate) fn slept(&mut self, span: Duration) {
        for item in &mut self.items {
            item.draft.expires = item.draft.expires.saturating_sub(span);
        }
    }

    /// The room is joined again, and its history was read: late echoes get their time anew.
    pub(crate) fn joined(&mut self, now: Duration) {
        for item in &mut self.items {
            if let State::Acked { at, asked, .. } = &mut item.state {
                *at = now;
                *asked = 0;
            }
        }
    }

    /// The history was read from there to its end, and what it showed was taken out; the read began then.
    pub(crate) fn looked(&mut self, began: Duration, from: Option<Time>) {
        for item in self.items.iter_mut().filter(|item| from <= item.draft.after) {
            if let State::Acked { at, looked, .. } = &mut item.state {
                *looked |= *at <= began;
            }
            if let Some(unknown) = &mut item.unknown
                && unknown.settled <= began
            {
                unknown.look = Look::Absent;
            }
        }
    }

    /// The history can't be read from what was said at this time, or from before it, to the present. Messages that were
    /// written later can still be looked for.
    pub(crate) fn cannot_look(&mut self, after: Option<Time>) {
        for item in self.items.iter_mut().filter(|item| item.draft.after <= after) {
            item.out_of_reach = true;
        }
    }

    /// What is overdue. Echoes are awaited only while the room is joined; `history` says whether it can be asked.
    pub(crate) fn handle_timeout(&mut self, now: Duration, joined: bool, history: bool) -> Overdue {
        let mut overdue = Overdue::default();
        let mut kept = VecDeque::with_capacity(self.items.len());
        for mut item in self.items.drain(..) {
            let expired = now >= item.draft.expires;
            let ended = match (&mut item.state, &mut item.unknown) {
                (State::Waiting, None) if expired => Some(Delivery::Expired),
                (State::Waiting, Some(unknown)) if expired => match unknown.look {
                    Look::Absent => Some(item.refusal.take().unwrap_or(Delivery::Expired)),
                    Look::Open if !history || item.out_of_reach => Some(Delivery::Unconfirmed),
                    Look::Open => {
                        if joined && now >= unknown.settled.max(unknown.next_look) {
                            unknown.next_look = now + self.echo;
                            overdue.ask_history = true;
                        }
                        None
                    }
                },
                (State::Acked { at, asked, looked }, _) if joined && now >= *at + self.echo * (*asked + 1) => {
                    *asked += 1;
                    overdue.ask_history |= history && !item.out_of_reach;
                    let in_vain = if history { *asked > 2 && (*looked || item.out_of_reach) } else { *asked > 1 };
                    in_vain.then_some(Delivery::Unconfirmed)
                }
                // No echo can come now: it is waited for as long as for the link itself.
                (State::Acked { at, .. }, _)
                    if !joined && !history && now >= item.draft.expires.max(*at + self.echo) =>
                {
                    Some(Delivery::Unconfirmed)
                }
                (State::Keeping(_) | State::Waiting | State::InFlight(..) | State::Acked { .. }, _) => None,
            };
            match ended {
                None => kept.push_back(item),
                Some(ended) => {
                    if ended == Delivery::Unconfirmed {
                        self.unconfirmed.push_back((item.draft.id.clone(), item.since));
                        if self.unconfirmed.len() > UNCONFIRMED {
                            self.unconfirmed.pop_front();
                        }
                    }
                    overdue.ended.push((item.draft.id, ended));
                }
            }
        }
        self.items = kept;
        overdue
    }

    /// When something will be overdue, or may be published again.
    pub(crate) fn deadline(&self, now: Duration, joined: bool, history: bool) -> Option<Duration> {
        let items = self.items.iter().filter_map(|item| match (item.state, item.unknown) {
            (State::Waiting, Some(Unknown { settled, next_look, look: Look::Open }))
                if history && !item.out_of_reach && now >= item.draft.expires =>
            {
                joined.then(|| settled.max(next_look))
            }
            (State::Waiting, _) => Some(item.draft.expires),
            // The disk answers, and the link itself watches over its PUBACKs.
            (State::Keeping(_) | State::InFlight(..), _) => None,
            (State::Acked { at, asked, .. }, _) if joined => Some(at + self.echo * (asked + 1)),
            (State::Acked { at, .. }, _) => (!history).then(|| item.draft.expires.max(at + self.echo)),
        });
        let waits = self.items.iter().any(|item| item.state == State::Waiting);
        items.chain(self.paused_until.filter(|until| joined && waits && *until > now)).min()
    }

    /// The session is over: every message gets its last word; `durable` says that what is on the disk stays there. What
    /// the disk has not answered for is rejected.
    pub(crate) fn end(&mut self, durable: bool) -> Vec<(MessageId, Delivery)> {
        let last_word = |item: Item| {
            let delivery = match (item.state, item.unknown) {
                (State::Keeping(_), _) => Delivery::Rejected(Rejection::SessionEnded),
                _ if durable => Delivery::Kept,
                (State::Waiting, None) => Delivery::Rejected(Rejection::SessionEnded),
                (State::Waiting | State::InFlight(..) | State::Acked { .. }, _) => Delivery::Unconfirmed,
            };
            (item.draft.id, delivery)
        };
        self.items.drain(..).map(last_word).collect()
    }

    /// Whether the server has not acknowledged all messages of this sort.
    pub(crate) fn awaits_acknowledgement(&self, sort: impl Fn(&Message) -> bool) -> bool {
        self.items.iter().any(|item| !matches!(item.state, State::Acked { .. }) && sort(&item.draft.message))
    }

    /// Own messages that are not confirmed yet, in order.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        let taken = self.items.iter().filter(|item| !matches!(item.state, State::Keeping(_)));
        taken.map(|item| &item.draft.message)
    }
}

impl Item {
    /// Whether it waits to be published, and still may.
    fn is_next(&self, now: Duration) -> bool {
        self.state == State::Waiting && now < self.draft.expires
    }
}

impl State {
    fn acked(now: Duration) -> Self {
        Self::Acked { at: now, asked: 0, looked: false }
    }
}

#[cfg(test)]
mod tests {
    use chatroom_wire::User;

    use super::*;

    const LINK: LinkId = LinkId(1);
    const SECOND: Duration = Duration::from_secs(1);

    fn outbox(ids: &[&str]) -> Outbox {
        let mut outbox = Outbox::new(SECOND * 5, SECOND * 60);
        for id in ids {
            outbox.push(Duration::ZERO, draft(id));
        }
        outbox
    }

    fn draft(id: &str) -> Draft {
        let message = Message { id: Some(id.into()), ..Message::text_by(User::default(), id) };
        Draft { id: id.into(), message, after: Some(at(10)), dated: None, expires: SECOND * 120 }
    }

    fn at(second: u8) -> Time {
        format!("2026-01-01T00:00:{second}Z").parse().unwrap()
    }

    fn packet(number: u16) -> PacketId {
        PacketId::new(number).unwrap()
    }

    fn publish_all(outbox: &mut Outbox, now: Duration) -> Vec<String> {
        let mut published = Vec::new();
        while let Some(message) = outbox.next(now) {
            published.push(message.text().unwrap().to_owned());
            outbox.published(now, LINK, Some(packet(u16::try_from(published.len()).unwrap())), None);
        }
        published
    }

    #[test]
    fn what_was_in_flight_when_the_link_broke_goes_out_again_before_what_is_newer() {
        let mut outbox = outbox(&["a", "b", "c"]);
        assert_eq!(publish_all(&mut outbox, Duration::ZERO), ["a", "b", "c"]);
        outbox.acknowledged(SECOND, LINK, packet(2));
        outbox.link_lost(SECOND, LINK);
        outbox.push(SECOND, draft("d"));
        assert!(outbox.has_unknown(SECOND));
        assert_eq!(publish_all(&mut outbox, SECOND), ["a", "c", "d"]);
    }

    #[test]
    fn a_server_that_is_asked_too_fast_is_left_alone_until_it_said_and_the_order_stays() {
        let mut outbox = outbox(&["a", "b"]);
        publish_all(&mut outbox, Duration::ZERO);
        outbox.slow_down(LINK, packet(1), SECOND * 3);
        outbox.slow_down(LINK, packet(2), SECOND * 2);
        assert!(outbox.next(SECOND * 2).is_none());
        assert_eq!(outbox.deadline(SECOND * 2, true, true), Some(SECOND * 3));
        assert_eq!(publish_all(&mut outbox, SECOND * 3), ["a"], "and then carefully");
        outbox.acknowledged(SECOND * 3, LINK, packet(1));
        assert_eq!(publish_all(&mut outbox, SECOND * 3), ["b"]);
    }

    #[test]
    fn an_acknowledged_message_is_delivered_only_by_its_echo() {
        let mut outbox = outbox(&["a"]);
        publish_all(&mut outbox, Duration::ZERO);
        assert_eq!(outbox.acknowledged(SECOND, LINK, packet(1)), Some("a".into()));
        assert_eq!(outbox.handle_timeout(SECOND * 2, true, true), Overdue::default());
        assert_eq!(outbox.delivered(SECOND * 2, &"a".into()), Some(SECOND * 2));
        assert_eq!(outbox.delivered(SECOND * 2, &"a".into()), None, "once");
    }

    #[test]
    fn a_late_echo_is_called_unconfirmed_only_when_the_history_was_read_in_vain() {
        let mut outbox = outbox(&["a"]);
        publish_all(&mut outbox, Duration::ZERO);
        outbox.acknowledged(Duration::ZERO, LINK, packet(1));
        for second in [5, 10] {
            assert_eq!(outbox.deadline(Duration::ZERO, true, true), Some(SECOND * second));
            let overdue = outbox.handle_timeout(SECOND * second, true, true);
            assert_eq!(overdue, Overdue { ended: Vec::new(), ask_history: true });
        }
        assert_eq!(outbox.handle_timeout(SECOND * 15, true, true).ended, [], "no read has come to its end");
        outbox.looked(SECOND * 15, Some(at(11)));
        assert_eq!(outbox.handle_timeout(SECOND * 20, true, true).ended, [], "it began too late");
        outbox.looked(SECOND * 20, Some(at(10)));
        let overdue = outbox.handle_timeout(SECOND * 25, true, true);
        assert_eq!(overdue.ended, [("a".into(), Delivery::Unconfirmed)]);
        assert_eq!(outbox.delivered(SECOND * 60, &"a".into()), Some(SECOND * 60), "an echo may come yet");
    }

    #[test]
    fn a_message_that_never_went_out_expires_and_one_that_may_have_arrived_is_unconfirmed_without_a_history() {
        let mut outbox = outbox(&["a", "b"]);
        outbox.published(Duration::ZERO, LINK, Some(packet(1)), None);
        outbox.link_lost(SECOND, LINK);
        let overdue = outbox.handle_timeout(SECOND * 120, false, false);
        assert_eq!(overdue.ended, [("a".into(), Delivery::Unconfirmed), ("b".into(), Delivery::Expired)]);
    }

    #[test]
    fn what_may_have_arrived_expires_only_when_the_history_is_sure_not_to_have_it() {
        let mut outbox = outbox(&["a"]);
        outbox.published(Duration::ZERO, LINK, Some(packet(1)), None);
        outbox.link_lost(SECOND * 100, LINK);
        let now = SECOND * 121;
        assert!(outbox.next(now).is_none(), "its time is over");
        assert_eq!(outbox.handle_timeout(now, true, true), Overdue::default(), "it may still arrive");
        assert_eq!(outbox.deadline(now, true, true), Some(SECOND * 160));
        outbox.looked(now, None);
        assert!(outbox.handle_timeout(SECOND * 160, true, true).ask_history);
        outbox.looked(SECOND * 160, None);
        let overdue = outbox.handle_timeout(SECOND * 161, true, true);
        assert_eq!(overdue.ended, [("a".into(), Delivery::Expired)]);
    }

    #[test]
    fn a_refusal_is_told_only_when_no_earlier_copy_can_be_taken_any_more() {
        let mut outbox = outbox(&["a"]);
        let word = Delivery::Rejected(Rejection::SessionEnded);
        outbox.published(Duration::ZERO, LINK, Some(packet(1)), None);
        outbox.link_lost(SECOND, LINK);
        outbox.published(SECOND * 2, LINK, Some(packet(1)), None);
        assert_eq!(outbox.refused(SECOND * 3, (LINK, packet(1)), word.clone()), None);
        assert!(outbox.next(SECOND * 3).is_none(), "it is not sent again");
        assert_eq!(outbox.deadline(SECOND * 3, true, true), Some(SECOND * 61));
        outbox.looked(SECOND * 61, None);
        assert_eq!(outbox.handle_timeout(SECOND * 62, true, true).ended, [("a".into(), word)]);
    }

    #[test]
    fn nothing_goes_out_before_it_is_on_the_disk() {
        let mut outbox = Outbox::new(SECOND * 5, SECOND * 60);
        outbox.push_keeping(Duration::ZERO, WriteId(1), draft("a"));
        outbox.push_keeping(Duration::ZERO, WriteId(2), draft("b"));
        assert!(outbox.next(SECOND).is_none());
        assert_eq!(outbox.messages().count(), 0);
        assert_eq!(outbox.not_kept(WriteId(1)), Some("a".into()));
        assert_eq!(outbox.kept(WriteId(2)).and_then(Message::text), Some("b"));
        assert_eq!(publish_all(&mut outbox, SECOND), ["b"]);
    }

    #[test]
    fn every_message_gets_a_last_word_at_the_end() {
        let mut outbox = outbox(&["a", "b"]);
        outbox.published(Duration::ZERO, LINK, Some(packet(1)), None);
        let end = outbox.end(false);
        assert_eq!(
            end,
            [("a".into(), Delivery::Unconfirmed), ("b".into(), Delivery::Rejected(Rejection::SessionEnded))]
        );
    }
}
