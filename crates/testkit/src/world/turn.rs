//! A turn of the room: all that waits is judged, committed at once, answered, and laid out for delivery. Whatever dies
//! with the server before the commit is lost.

use std::time::Duration;

use chatroom_mqtt::{PacketId, ReasonCode};
use chatroom_server::{
    rules::{Refusal, Speech, Verdict},
    store::{Audience, Change},
};
use chatroom_wire::{Message, MessageId, Payload, Time, User, UserId, envelope, payload::DeleteMessage};

use super::{
    air::Air,
    breach::Breach,
    log::{Appended, Stored},
    server::{Server, author, host},
    wire::WireId,
};

/// What waits for the room.
#[derive(Debug)]
pub(crate) enum Said {
    Publish { from: WireId, packet: Option<PacketId>, user: UserId, payload: bytes::Bytes },
    Act(Act),
}

/// What the host does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Say(String),
    Mute(bool),
    Delete(MessageId),
    Block(UserId, bool),
}

/// What a publish ended in, and where to say so.
pub(crate) type Answer = (Option<(WireId, PacketId)>, Result<(), Refusal>);

/// What is being committed.
#[derive(Debug)]
pub(crate) struct Turn {
    due: Duration,
    items: Vec<Item>,
}

#[derive(Debug)]
struct Item {
    answer: Option<(WireId, PacketId)>,
    judged: Judged,
}

#[derive(Debug)]
enum Judged {
    Accepted(Box<Stored>, Vec<Change>),
    Refused(Refusal),
    RefusedUnlessSaid(UserId, MessageId, Refusal),
}

impl Turn {
    pub(crate) fn due(&self) -> Duration {
        self.due
    }
}

impl Server {
    /// Something is said, or done.
    pub(crate) fn hear(&mut self, air: &mut Air, said: Said) {
        if self.is_up() {
            self.queue.push_back(said);
            self.begin_turn(air);
        }
    }

    fn begin_turn(&mut self, air: &mut Air) {
        if self.turn.is_some() || self.queue.is_empty() {
            return;
        }
        let mut items = Vec::new();
        while let Some(said) = self.queue.pop_front() {
            let acts = matches!(said, Said::Act(_));
            let item = match said {
                Said::Publish { from, packet, user, payload } => {
                    let judged = self.judge(air, &user, &payload);
                    Some(Item { answer: packet.map(|packet| (from, packet)), judged })
                }
                Said::Act(act) => self.act(air, act).map(|judged| Item { answer: None, judged }),
            };
            items.extend(item);
            // What is judged after an act obeys it, and an act is in force once it is committed.
            if acts {
                break;
            }
        }
        let slow = air.now < air.weather.slow_commit;
        let takes = if slow { air.dice.milliseconds(500, 4_000) } else { air.dice.milliseconds(1, 15) };
        if air.breaks(Breach::AckBeforeCommit) {
            for item in &mut items {
                if let (Judged::Accepted(..), Some((wire, packet))) = (&item.judged, item.answer) {
                    item.answer = None;
                    self.answer(air, wire, packet, Ok(()));
                }
            }
        }
        self.turn = Some(Turn { due: air.now + takes, items });
    }

    fn judge(&mut self, air: &mut Air, user: &UserId, payload: &[u8]) -> Judged {
        let now = self.moment(air);
        let author = author(user);
        let speech = Speech { author: &author, renamed: None, payload };
        let mut random = || air.dice.ten_bytes();
        match self.rules.judge(now, &self.standing, &self.words, speech, &mut random) {
            Verdict::Accept { message, json, audience, changes } => {
                Judged::Accepted(Box::new(self.stamped(air, user, *message, json, audience)), changes)
            }
            Verdict::Refuse(refusal) => Judged::Refused(refusal),
            Verdict::RefuseUnlessSaid(id, refusal) => Judged::RefusedUnlessSaid(user.clone(), id, refusal),
        }
    }

    fn stamped(&self, air: &mut Air, user: &UserId, mut message: Message, json: Vec<u8>, audience: Audience) -> Stored {
        let mut json = json;
        if !air.ours {
            // The vendor's servers are several, and their clocks differ.
            let ahead = Duration::from_millis([0, 300, 900][air.dice.place(3)]);
            message.received_at = Some(Time::milliseconds(self.date(air) + ahead));
            json = envelope::encode(&message);
        }
        Stored {
            id: message.id.clone().unwrap_or_else(|| "".into()),
            author: user.clone(),
            message,
            json,
            hidden: audience == Audience::Author,
            committed_at: air.now,
            deleted_at: None,
        }
    }

    fn act(&mut self, air: &mut Air, act: Act) -> Option<Judged> {
        air.note(|| format!("the host does {act:?}"));
        let (payload, change) = match act {
            Act::Say(text) => {
                let id = format!("host-{}", air.dice.next());
                let said = Message { id: Some(id.into()), ..Message::text_by(User::named("host"), text) };
                return Some(self.judge(air, &host(), &envelope::encode(&said)));
            }
            Act::Mute(muted) if muted == self.standing.record().muted => return None,
            Act::Mute(muted) => (if muted { Payload::Mute } else { Payload::Unmute }, Change::Muted(muted)),
            Act::Block(user, blocked) if blocked == self.standing.is_blocked(&user) => return None,
            Act::Block(user, true) => {
                let blocked = User { id: Some(user), ..User::named("blocked") };
                (Payload::BlockUser(blocked.clone()), Change::Block(blocked))
            }
            Act::Block(user, false) => {
                let free = User { id: Some(user.clone()), ..User::named("free") };
                (Payload::UnblockUser(free), Change::Unblock(user))
            }
            Act::Delete(id) => {
                let extra = serde_json::Map::new();
                (Payload::DeleteMessage(DeleteMessage { id: id.clone(), extra }), Change::Delete(id))
            }
        };
        let mut message = Message::new(User { id: Some(host()), ..User::named("host") }, payload);
        let now = self.moment(air);
        self.rules.stamp_own(now, &mut message, &mut || air.dice.ten_bytes());
        let json = envelope::encode(&message);
        let stored = self.stamped(air, &host(), message, json, Audience::Everyone);
        Some(Judged::Accepted(Box::new(stored), vec![change]))
    }

    /// The commit is done.
    pub(crate) fn commit(&mut self, air: &mut Air) {
        if let Some(turn) = self.turn.take() {
            for (item, outcome) in self.store(air, turn) {
                if let Some((wire, packet)) = item {
                    self.answer(air, wire, packet, outcome);
                }
            }
            self.begin_turn(air);
        }
    }

    /// What is committed survives from here on.
    pub(crate) fn store(&mut self, air: &mut Air, turn: Turn) -> Vec<Answer> {
        let deduplicates = air.ours && !air.breaks(Breach::NoDeduplication);
        let mut outcomes = Vec::with_capacity(turn.items.len());
        for Item { answer, judged } in turn.items {
            let outcome = match judged {
                Judged::Accepted(stored, changes) => {
                    let (id, author, at) = (stored.id.clone(), stored.author.clone(), stored.at());
                    match self.log.append(air.now, *stored, deduplicates) {
                        Appended::Stored(place) => {
                            air.note(|| format!("committed {} as {id} by {author}", place + 1));
                            for change in &changes {
                                self.standing.apply(change, at.map_or_else(|| air.date(), Time::instant));
                                if let Change::Delete(id) = change {
                                    self.log.delete(air.now, id);
                                }
                            }
                            self.lay_out(air, place);
                            Ok(())
                        }
                        Appended::Duplicate(_) if air.breaks(Breach::RefusesStored) => {
                            Err(Refusal::for_good(ReasonCode::NOT_AUTHORIZED, "said before"))
                        }
                        Appended::Duplicate(place) => {
                            air.note(|| format!("{id} again, it is {}", place + 1));
                            self.tell_author_again(air, place);
                            Ok(())
                        }
                        Appended::Taken => Err(Refusal::for_good(ReasonCode::NOT_AUTHORIZED, "somebody else's id")),
                    }
                }
                Judged::Refused(refusal) => Err(refusal),
                Judged::RefusedUnlessSaid(user, id, refusal) => {
                    let said = self.log.place_of(&id).and_then(|place| self.log.get(place).map(|it| (place, it)));
                    match said.filter(|(_, stored)| stored.author == user).map(|(place, _)| place) {
                        Some(place) if !air.breaks(Breach::RefusesStored) => {
                            self.tell_author_again(air, place);
                            Ok(())
                        }
                        _ => Err(refusal),
                    }
                }
            };
            outcomes.push((answer, outcome));
        }
        outcomes
    }

    fn answer(&mut self, air: &mut Air, wire: WireId, packet: PacketId, outcome: Result<(), Refusal>) {
        let now = air.now;
        let Some(conn) = self.conns.get_mut(&wire) else { return };
        match outcome {
            Ok(()) => conn.role.puback(now, packet, ReasonCode::SUCCESS, None, &[]),
            Err(refusal) => {
                air.note(|| format!("refused on {wire:?}: {}", refusal.text));
                let wait = refusal.retry_after.map(|wait| wait.as_millis().to_string());
                let properties = wait.as_deref().map(|wait| ("retry-after-ms", wait));
                conn.role.puback(now, packet, refusal.reason, Some(&refusal.text), properties.as_slice());
            }
        }
        self.pump(air, wire);
    }
}
