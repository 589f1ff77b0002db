//! What should be: who took which message, what each process was told, and what that must not contradict. It looks at
//! every event as it comes; what can be judged only at the end is in `verdict`.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chatroom_session::{Delivery, Event, Now};
use chatroom_wire::{MessageId, UserId};

use super::{
    air::Air,
    client::Kind,
    life::Life,
    log::{Log, Stored},
    words::words,
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
    /// The process that took it, and when by its clocks.
    pub(crate) life: u32,
    pub(crate) at: Now,
    /// Whether the date was set since: a process can't tell that from a sleep of its machine.
    pub(crate) date_set: bool,
    /// Whether `send` has answered.
    pub(crate) taken: bool,
    pub(crate) not_kept: bool,
    /// Its last words, each with the process that said it.
    pub(crate) ends: Vec<(u32, Fate)>,
    /// When it said the last of them.
    pub(crate) ended_at: Duration,
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

impl Reference {
    pub(crate) fn begins(&mut self, client: usize, number: u32, user: UserId, kind: Kind, history: usize) {
        self.lives.push(Life::new(client, number, user, kind, history));
    }

    pub(crate) fn sent(&mut self, client: usize, life: u32, id: MessageId, at: Now) {
        let kind = self.life(client).map_or(Kind::Plain, |life| life.kind);
        let sent = Sent {
            client,
            kind,
            life,
            at,
            date_set: false,
            taken: false,
            not_kept: false,
            ends: Vec::new(),
            ended_at: Duration::ZERO,
            end_written: false,
            forgotten: false,
        };
        self.sends.insert(id, sent);
    }

    /// The date of a client's machine is set.
    pub(crate) fn date_set(&mut self, client: usize) {
        for sent in self.sends.values_mut().filter(|sent| sent.client == client) {
            sent.date_set = true;
        }
    }

    /// The end of a message is being written.
    pub(crate) fn ends_on_disk(&mut self, id: &MessageId) {
        if let Some(sent) = self.sends.get_mut(id) {
            sent.end_written = true;
        }
    }

    /// A message that a process could not take was written, and the disk had no room to forget it.
    pub(crate) fn comes_back(&mut self, id: &MessageId) {
        if let Some(sent) = self.sends.get_mut(id) {
            sent.not_kept = false;
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

    /// A process was told something; `now` is the time by its clocks.
    pub(crate) fn told(&mut self, air: &mut Air, log: &Log, client: usize, now: Now, event: &Event) {
        air.note(|| format!("{client}: {}", words(event)));
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
                life.shown(air, log, message, *late);
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
                    self.ended(air, log, client, now, id, fate);
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

    fn ended(&mut self, air: &mut Air, log: &Log, client: usize, now: Now, id: &MessageId, fate: Fate) {
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
        // While the machine sleeps, one of its clocks goes on.
        let too_early = now.mono < sent.at.mono + TIME_TO_LIVE && now.wall < sent.at.wall + TIME_TO_LIVE;
        if fate == Fate::Expired && sent.life == life && too_early && !sent.date_set {
            air.violated(|| format!("{client}: {id} expires too early"));
        }
        sent.ends.push((life, fate));
        sent.ended_at = air.now;
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
    log.place_of(id).and_then(|place| log.get(place)).is_some_and(Stored::is_deleted)
}

/// What [`Limits`](chatroom_session::Limits) says unless told otherwise.
const TIME_TO_LIVE: Duration = Duration::from_secs(120);
