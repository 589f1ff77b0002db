//! What should be: who took which message, what each process was told, and what that must not contradict. It looks at
//! every event as it comes; what can be judged only at the end is in `verdict`.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chatroom_session::{Delivery, End, Event, Gap, Rejection};
use chatroom_wire::{Message, MessageId, Time, UserId};

use super::{
    air::Air,
    client::Kind,
    log::{Log, Stored},
};

/// Everything that was promised.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    pub(crate) sends: BTreeMap<MessageId, Sent>,
    pub(crate) lives: Vec<Life>,
}

/// A message that somebody sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) client: usize,
    pub(crate) kind: Kind,
    /// The process that took it, and when by its clock.
    pub(crate) life: u32,
    pub(crate) at: Duration,
    /// Whether `send` has answered.
    pub(crate) taken: bool,
    pub(crate) not_kept: bool,
    /// Its last words, each with the process that said it.
    pub(crate) ends: Vec<(u32, Fate)>,
    /// How long the log was when it was told as rejected.
    pub(crate) rejected: Option<usize>,
    /// Whether its end was handed to the disk before it was told.
    pub(crate) end_written: bool,
    /// Whether its process died while it was open and nothing keeps it, or with its last word in the mouth.
    pub(crate) forgotten: bool,
}

/// A last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Delivered,
    Rejected,
    Expired,
    Unconfirmed,
}

/// What one process was told.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) client: usize,
    pub(crate) number: u32,
    pub(crate) user: UserId,
    pub(crate) kind: Kind,
    /// Whether it asked for what was said before it joined.
    history: usize,
    pub(crate) over: bool,
    pub(crate) ended: Option<End>,
    /// How long the log was when the room was joined first.
    pub(crate) joined: Option<usize>,
    pub(crate) is_joined: bool,
    /// What it was shown, and the own messages that it was told of.
    pub(crate) shown: BTreeSet<MessageId>,
    queued: BTreeSet<MessageId>,
    pub(crate) confirmed: BTreeSet<MessageId>,
    newest: Option<(Time, MessageId)>,
    /// The same without what its own user said: that may come in packets without numbers, before a hole is seen.
    newest_of_others: Option<(Time, MessageId)>,
    pub(crate) gaps: Vec<Hole>,
}

/// A stretch of which it was told that messages may be missing.
#[derive(Debug)]
pub(crate) struct Hole {
    after: Option<Time>,
    before: Option<Time>,
}

impl Hole {
    pub(crate) fn covers(&self, at: Option<Time>) -> bool {
        at.is_none_or(|at| self.after.is_none_or(|after| after <= at) && self.before.is_none_or(|before| at <= before))
    }
}

impl Reference {
    pub(crate) fn begins(&mut self, client: usize, number: u32, user: UserId, kind: Kind, history: usize) {
        self.lives.push(Life {
            client,
            number,
            user,
            kind,
            history,
            over: false,
            ended: None,
            joined: None,
            is_joined: false,
            shown: BTreeSet::new(),
            queued: BTreeSet::new(),
            confirmed: BTreeSet::new(),
            newest: None,
            newest_of_others: None,
            gaps: Vec::new(),
        });
    }

    pub(crate) fn sent(&mut self, client: usize, life: u32, id: MessageId, at: Duration) {
        let kind = self.life(client).map_or(Kind::Plain, |life| life.kind);
        let sent = Sent {
            client,
            kind,
            life,
            at,
            taken: false,
            not_kept: false,
            ends: Vec::new(),
            rejected: None,
            end_written: false,
            forgotten: false,
        };
        self.sends.insert(id, sent);
    }

    /// The end of a message is being written.
    pub(crate) fn ends_on_disk(&mut self, id: &MessageId) {
        if let Some(sent) = self.sends.get_mut(id) {
            sent.end_written = true;
        }
    }

    /// A process died, and these messages are left on its disk.
    pub(crate) fn crashed(&mut self, client: usize, left: &BTreeSet<MessageId>) {
        if let Some(life) = self.life(client) {
            life.over = true;
        }
        for (id, sent) in self.sends.iter_mut().filter(|(_, sent)| sent.client == client && sent.ends.is_empty()) {
            sent.forgotten |= sent.kind != Kind::Durable || (sent.end_written && !left.contains(id));
        }
    }

    /// The process that runs on a client, or ran last.
    pub(crate) fn life(&mut self, client: usize) -> Option<&mut Life> {
        self.lives.iter_mut().rev().find(|life| life.client == client)
    }

    /// A process was told something; `mono` is its clock.
    pub(crate) fn told(&mut self, air: &mut Air, log: &Log, client: usize, mono: Duration, event: &Event) {
        air.note(|| format!("{client}: {}", words(event)));
        let ours = air.ours;
        let Some(life) = self.lives.iter_mut().rev().find(|life| life.client == client) else { return };
        match event {
            Event::Joined { first, .. } => {
                if *first != life.joined.is_none() {
                    air.violated(|| format!("{client}: says it joined, first: {first}"));
                }
                life.joined.get_or_insert(log.len());
                life.is_joined = true;
            }
            Event::Interrupted { .. } => life.is_joined = false,
            Event::MessageAdded { message, delivery: None, late } => {
                let sent = message.id.as_ref().and_then(|id| Some((self.sends.get(id)?, log.place_of(id)?)));
                let refused = sent.is_some_and(|(sent, place)| sent.came_later(place));
                life.shown(air, log, message, *late, ours, refused);
            }
            Event::MessageAdded { message, delivery: Some(_), .. } => {
                let Some(id) = &message.id else { return };
                if !life.queued.insert(id.clone()) || life.shown.contains(id) {
                    air.violated(|| format!("{client}: {id} is shown as queued, and was shown before"));
                }
                if let Some(sent) = self.sends.get_mut(id) {
                    sent.taken = true;
                }
            }
            Event::NotKept { id, .. } => {
                if let Some(sent) = self.sends.get_mut(id) {
                    if sent.taken {
                        air.violated(|| format!("{client}: {id} is not kept, and was taken before"));
                    }
                    sent.not_kept = true;
                }
            }
            Event::DeliveryChanged { id, delivery, echo } => {
                if let Delivery::Delivered { received_at, .. } = delivery {
                    let echo_at = echo.as_ref().map_or(*received_at, |echo| echo.received_at);
                    // Of what was deleted since, only the deletion may be left to be seen.
                    let seen_deleted = received_at.is_none() && is_deleted(log, id);
                    if !seen_deleted && (log.find(id, *received_at).is_none() || echo_at != *received_at) {
                        air.violated(|| format!("{client}: {id} is delivered, and is not in the log so"));
                    }
                    life.confirmed.insert(id.clone());
                }
                if let Some(fate) = Fate::of(delivery) {
                    self.ended(air, log, client, mono, id, fate);
                }
            }
            Event::Gap(gap) => life.gap(gap),
            Event::Unreadable(bad) => air.violated(|| format!("{client}: can't read {bad}")),
            Event::Ended(end) => {
                life.ended = Some(end.clone());
                life.over = true;
            }
            _ => {}
        }
    }

    fn ended(&mut self, air: &mut Air, log: &Log, client: usize, mono: Duration, id: &MessageId, fate: Fate) {
        let life = self.life(client).map_or(0, |life| life.number);
        let Some(sent) = self.sends.get_mut(id) else { return };
        let again = sent.ends.last().is_some_and(|(earlier, last)| match (last, fate) {
            (Fate::Unconfirmed, Fate::Delivered) => false,
            // The process died before its note of the delivery was on the disk; the next one finds the same.
            (Fate::Delivered, Fate::Delivered) => *earlier == life,
            // … unless a moderator has taken it away meanwhile.
            (Fate::Delivered, Fate::Unconfirmed) => *earlier == life || !is_deleted(log, id),
            _ => true,
        });
        if again || sent.not_kept {
            air.violated(|| format!("{client}: {id} ends as {fate:?}, after {:?}", sent.ends));
        }
        if fate == Fate::Expired && sent.life == life && mono < sent.at + TIME_TO_LIVE {
            air.violated(|| format!("{client}: {id} expires too early"));
        }
        if fate == Fate::Rejected {
            sent.rejected.get_or_insert(log.len());
        }
        sent.ends.push((life, fate));
    }
}

impl Sent {
    /// Whether it was stored, in this place, after it was told as rejected: a link that stalled may carry an earlier copy
    /// to a room that takes it by then. A client that refuses to say so for a minute would have to be slow for all.
    pub(crate) fn came_later(&self, place: usize) -> bool {
        self.rejected.is_some_and(|length| place >= length)
    }
}

impl Life {
    fn shown(&mut self, air: &mut Air, log: &Log, message: &Message, late: bool, ours: bool, refused: bool) {
        let client = self.client;
        let (Some(id), Some(at)) = (&message.id, message.received_at) else {
            return air.violated(|| format!("{client}: is shown a message that nobody stamped"));
        };
        if (self.queued.contains(id) && !refused) || !self.shown.insert(id.clone()) {
            air.violated(|| format!("{client}: {id} is shown twice"));
        }
        let stored = log.find(id, Some(at));
        let by_others = stored.is_some_and(|stored| stored.author != self.user);
        match stored {
            Some(stored) if stored.is_for(&self.user) => {}
            _ => air.violated(|| format!("{client}: is shown {id} of {at}, which is not in the log for it")),
        }
        let key = (at, id.clone());
        let behind = self.newest.as_ref().is_some_and(|newest| *newest > key);
        if behind && !late {
            air.violated(|| format!("{client}: {id} is told behind {:?}, and not marked late", self.newest));
        }
        // Behind a gap that was told, what is found later is late. What the service tells an author again may be from before this process joined.
        let baseline = self.joined.and_then(|length| log.get(length.saturating_sub(1))).and_then(Stored::at);
        let overtaken = self.newest_of_others.as_ref().is_some_and(|newest| *newest > key);
        // Until the room is joined, only what was said before is read.
        let promised = ours && self.gaps.is_empty() && self.joined.is_some();
        if overtaken && promised && self.kind != Kind::Sample && Some(at) > baseline {
            air.violated(|| format!("{client}: {id} is told late, though the numbers show every hole"));
        }
        if !late {
            if let Some(open) = self.gaps.iter_mut().find(|gap| gap.before.is_none()) {
                open.before = Some(at);
            }
            if by_others {
                self.newest_of_others = Some(key.clone());
            }
            self.newest = Some(key);
        }
    }

    fn gap(&mut self, gap: &Gap) {
        // Without a history the beginning is a guess: what came without a number may be from behind the hole.
        let after = gap.after.filter(|_| self.kind != Kind::Sample);
        self.gaps.push(Hole { after, before: gap.before });
    }

    /// Whether it should know what was said from the beginning.
    pub(crate) fn knows_before(&self) -> bool {
        self.history > 0 && self.kind != Kind::Sample
    }
}

impl Fate {
    fn of(delivery: &Delivery) -> Option<Self> {
        match delivery {
            Delivery::Delivered { .. } => Some(Self::Delivered),
            Delivery::Rejected(_) => Some(Self::Rejected),
            Delivery::Expired => Some(Self::Expired),
            Delivery::Unconfirmed => Some(Self::Unconfirmed),
            _ => None,
        }
    }
}

pub(crate) fn is_deleted(log: &Log, id: &MessageId) -> bool {
    log.place_of(id).and_then(|place| log.get(place)).is_some_and(|stored| stored.deleted)
}

fn words(event: &Event) -> String {
    let named = |message: &Message| {
        let id = message.id.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{id} {:?}", message.text().unwrap_or("(no text)"))
    };
    match event {
        Event::Joined { first, .. } => format!("joined{}", if *first { " first" } else { " again" }),
        Event::Interrupted { cause, retry_in } => {
            format!("interrupted: {cause}; again in {:.1} s", retry_in.as_secs_f64())
        }
        Event::MessageAdded { message, delivery: None, late } => {
            format!("hears {}{}", named(message), if *late { ", late" } else { "" })
        }
        Event::MessageAdded { message, delivery: Some(delivery), .. } => format!("{delivery:?} {}", named(message)),
        Event::DeliveryChanged { id, delivery: Delivery::Delivered { received_at, .. }, .. } => {
            format!("{id} is delivered at {received_at:?}")
        }
        Event::DeliveryChanged { id, delivery: Delivery::Rejected(Rejection::Server { reason, .. }), .. } => {
            format!("{id} is rejected: {reason}")
        }
        Event::DeliveryChanged { id, delivery, .. } => format!("{id} is {delivery:?}"),
        Event::Ended(end) => format!("ends: {end}"),
        Event::RoomChanged(room) => format!("the room changed, muted: {}", room.muted),
        other => format!("{other:?}"),
    }
}

/// What [`Limits`](chatroom_session::Limits) says unless told otherwise.
const TIME_TO_LIVE: Duration = Duration::from_secs(120);
