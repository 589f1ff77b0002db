//! The task of one room.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use chatroom_mqtt::ReasonCode;
use chatroom_wire::{Message, envelope};
use rand::RngExt as _;
use tokio::{sync::mpsc, time::sleep_until};
use tracing::{debug, warn};

use super::{
    AnswerTo, Bed, People, Publish, STORE_RETRY, Said, Tools,
    act::{ActError, Ask},
    notice,
};
use crate::{
    bus::Item,
    presence::Presence,
    rules::{Refusal, Rules, Verdict},
    store::{Appended, History, NewMessage, StoreError},
};

/// How many messages one turn takes at most.
const TURN: usize = 512;

/// How often what is too old is removed, and who is quiet forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(600);

/// Serves one room until nobody has used it for a while.
pub(super) async fn run(
    bed: Bed,
    tools: Tools,
    mut said: mpsc::Receiver<Publish>,
    mut moves: mpsc::UnboundedReceiver<People>,
    mut asks: mpsc::Receiver<Ask>,
) {
    // What is said must be stored and answered before the server ends.
    let _busy = tools.stop.busy();
    let now = tools.clock.monotonic();
    let mut room = Room {
        rules: Rules::new(&tools.settings),
        caught_up: false,
        store_refuses_until: Duration::ZERO,
        presence: Presence::new(&tools.settings),
        outgoing: Vec::new(),
        housekeeping: now,
        idle_since: now,
        bed,
        tools,
    };
    let mut turn = Vec::new();
    loop {
        let due = room.tools.clock.instant(room.poll_timeout());
        tokio::select! {
            taken = said.recv_many(&mut turn, TURN) => {
                if taken == 0 {
                    break;
                }
                room.turn(&mut turn).await;
            }
            Some(ask) = asks.recv() => room.asked(ask),
            Some(people) = moves.recv() => room.moved(people).await,
            () = sleep_until(due) => {}
        }
        room.handle_timeout();
        room.send().await;
    }
    debug!(room = %room.bed.room, "the room sleeps");
}

struct Room {
    rules: Rules,
    /// Whether the rules know where the log ends.
    caught_up: bool,
    /// After the store failed, all is refused until the time that was said: else what was sent behind a refused message
    /// overtakes it.
    store_refuses_until: Duration,
    presence: Presence,
    outgoing: Vec<Item>,
    housekeeping: Duration,
    idle_since: Duration,
    bed: Bed,
    tools: Tools,
}

/// What became of a publish before the store was asked.
enum Judged {
    Refused(Refusal),
    /// Waits for the next answer of the store.
    Accepted,
}

impl Room {
    /// Judges all, stores what is accepted, answers all, sends what is stored.
    async fn turn(&mut self, turn: &mut Vec<Publish>) {
        self.idle_since = self.tools.clock.monotonic();
        let wait = self.store_refuses_until.saturating_sub(self.idle_since);
        if !wait.is_zero() {
            return turn.drain(..).for_each(|publish| answer(publish.answer, Err(store_refuses(wait))));
        }
        if !self.catch_up().await {
            self.store_refuses_until = self.idle_since + STORE_RETRY;
            return turn.drain(..).for_each(|publish| answer(publish.answer, Err(store_refuses(STORE_RETRY))));
        }
        let now = self.tools.clock.now();
        let mut judged: Vec<(Option<AnswerTo>, Judged)> = Vec::with_capacity(turn.len());
        let mut accepted = Vec::new();
        for publish in turn.drain(..) {
            let outcome = match publish.said {
                Said::Refused(refusal) => Judged::Refused(refusal),
                Said::Payload(payload) => match self.rules.judge(now, &publish.author, &payload, &mut random) {
                    Verdict::Refuse(refusal) => Judged::Refused(refusal),
                    Verdict::Accept { message, json } => match to_store(&message, json.into()) {
                        Some(new) => {
                            accepted.push(new);
                            Judged::Accepted
                        }
                        None => Judged::Refused(store_refuses(STORE_RETRY)),
                    },
                },
            };
            judged.push((publish.answer, outcome));
        }
        let jsons: Vec<Bytes> = accepted.iter().map(|new| new.json.clone()).collect();
        let stored = self.append(accepted).await;
        let mut stored = jsons.into_iter().zip(stored);
        for (to, outcome) in judged {
            let outcome = match outcome {
                Judged::Refused(refusal) => Err(refusal),
                Judged::Accepted => match stored.next() {
                    Some((json, Ok(Appended::Stored { seq }))) => {
                        self.outgoing.push(Item { json, seq: Some(seq) });
                        Ok(())
                    }
                    Some((_, Ok(Appended::Duplicate))) => Ok(()),
                    Some((_, Ok(Appended::IdTaken))) => {
                        Err(Refusal::for_good(ReasonCode::NOT_AUTHORIZED, "somebody else used this id before"))
                    }
                    Some((_, Err(()))) | None => Err(store_refuses(STORE_RETRY)),
                },
            };
            if let Err(refusal) = &outcome {
                debug!(room = %self.bed.room, reason = %refusal.reason, text = %refusal.text, "a message is refused");
            }
            answer(to, outcome);
        }
    }

    /// Appends; a failure is the failure of every message.
    async fn append(&mut self, accepted: Vec<NewMessage>) -> Vec<Result<Appended, ()>> {
        if accepted.is_empty() {
            return Vec::new();
        }
        let count = accepted.len();
        match self.tools.store.append(&self.bed.room, accepted).await {
            Ok(appended) => appended.into_iter().map(Ok).collect(),
            Err(error) => {
                warn!(room = %self.bed.room, %error, "the store took nothing");
                if matches!(error, StoreError::OutOfOrder(_)) {
                    // Somebody else stamped messages of this room: go on behind them.
                    self.caught_up = false;
                }
                self.store_refuses_until = self.tools.clock.monotonic() + STORE_RETRY;
                vec![Err(()); count]
            }
        }
    }

    /// Reads where the log ends, unless that is known. Says whether it is known now.
    async fn catch_up(&mut self) -> bool {
        if !self.caught_up {
            match self.tools.store.position(&self.bed.room).await {
                Ok(position) => {
                    self.rules.catch_up(position.received_at);
                    self.caught_up = true;
                }
                Err(error) => warn!(room = %self.bed.room, %error, "the room's log can't be read"),
            }
        }
        self.caught_up
    }

    fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Act { answer, .. } => drop(answer.send(Err(ActError::Stopped))),
            Ask::State(answer) => drop(answer.send(Err(ActError::Stopped))),
        }
    }

    async fn moved(&mut self, people: People) {
        let now = self.tools.clock.now();
        self.idle_since = now.monotonic;
        match people {
            People::Enter(author) => {
                if self.presence.enter(now.monotonic, &author.id) && self.catch_up().await {
                    self.announce(notice::entrance(&author));
                }
            }
            People::Leave(user) => self.presence.leave(now.monotonic, &user),
        }
    }

    /// When [`Room::handle_timeout`] has something to do.
    fn poll_timeout(&self) -> Duration {
        let sleep = self.idle_since + self.tools.settings.room_idle;
        sleep.min(self.housekeeping).min(self.presence.poll_timeout().unwrap_or(Duration::MAX))
    }

    /// Does what is due.
    fn handle_timeout(&mut self) {
        let now = self.tools.clock.now();
        if let Some(numbers) = self.presence.handle_timeout(now.monotonic) {
            self.announce(notice::broadcast(numbers, now.wall));
        }
        if now.monotonic >= self.housekeeping {
            self.housekeeping = now.monotonic + HOUSEKEEPING;
            self.rules.forget_the_quiet(now.monotonic);
            self.prune();
        }
        if now.monotonic >= self.idle_since + self.tools.settings.room_idle {
            self.idle_since = now.monotonic;
            // The loop goes on until what was said before is served, and ends as nobody can say more.
            self.bed.lie_down();
        }
    }

    /// Says something that is not stored.
    fn announce(&mut self, mut message: Message) {
        let now = self.tools.clock.now();
        self.rules.stamp_own(now, &mut message, &mut random);
        self.outgoing.push(Item { json: envelope::encode(&message).into(), seq: None });
    }

    async fn send(&mut self) {
        if !self.outgoing.is_empty() {
            self.tools.bus.publish(&self.bed.room, Arc::from(std::mem::take(&mut self.outgoing))).await;
        }
    }

    /// Removes what is too old, beside the room's work.
    fn prune(&self) {
        let settings = &self.tools.settings;
        let keep = History {
            age: Some(settings.history_keep).filter(|age| !age.is_zero()),
            count: Some(u64::from(settings.history_count)).filter(|count| *count > 0),
        };
        let (room, tools) = (self.bed.room.clone(), self.tools.clone());
        tokio::spawn(async move {
            match tools.store.prune(&room, keep, tools.clock.now().wall).await {
                Ok(0) => {}
                Ok(removed) => debug!(%room, removed, "old messages are removed"),
                Err(error) => warn!(%room, %error, "old messages can't be removed"),
            }
        });
    }
}

fn to_store(message: &Message, json: Bytes) -> Option<NewMessage> {
    Some(NewMessage {
        id: message.id.clone()?,
        user: message.user.id.clone()?,
        kind: message.kind(),
        received_at: message.received_at?.instant(),
        json,
    })
}

fn answer(to: Option<AnswerTo>, outcome: Result<(), Refusal>) {
    if let Some(to) = to {
        to.tell(outcome);
    }
}

fn store_refuses(wait: Duration) -> Refusal {
    Refusal::for_now(ReasonCode::QUOTA_EXCEEDED, "the message can't be stored now; try again", wait)
}

fn random() -> [u8; 10] {
    rand::rng().random()
}
