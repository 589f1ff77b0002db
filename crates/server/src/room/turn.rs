//! A turn of a room's task: all that waits to be said is judged, stored with one append, answered and sent.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chatroom_mqtt::ReasonCode;
use chatroom_wire::{MessageId, UserId};
use tracing::{info, warn};

use super::{AnswerTo, Publish, STORE_RETRY, Said, commit::to_store, task::Room, task::random};
use crate::{
    bars::BARRED,
    bus::Item,
    rules::{Author, Refusal, Speech, Verdict},
    store::{Appended, NewMessage, StoreError},
};

/// What became of a publish before the store was asked.
enum Judged {
    Refused(Refusal),
    /// Refused, unless it was said before.
    RefusedUnlessSaid(Arc<Author>, MessageId, Refusal),
    /// Waits for the next answer of the store.
    Accepted(Arc<Author>, MessageId),
}

/// What was said before this turn. However often it comes in one turn, it goes out once.
#[derive(Default)]
struct Again {
    repeated: Vec<(MessageId, UserId)>,
    seen: HashSet<MessageId>,
}

impl Again {
    /// Goes out for the first time by now.
    fn told_anyway(&mut self, id: MessageId) {
        self.seen.insert(id);
    }

    fn repeated(&mut self, id: MessageId, author: &UserId) {
        if self.seen.insert(id.clone()) {
            self.repeated.push((id, author.clone()));
        }
    }
}

type Waiting = (Option<AnswerTo>, Judged);

impl Room {
    /// Judges all, stores what is accepted, answers all, lays what is stored out to be sent.
    pub(super) async fn turn(&mut self, turn: &mut Vec<Publish>) {
        self.idle_since = self.tools.clock.monotonic();
        let wait = self.store_refuses_until.saturating_sub(self.idle_since);
        if !wait.is_zero() {
            return turn.drain(..).for_each(|publish| answer(publish.answer, Err(store_refuses(wait))));
        }
        if self.be_ready(turn).await.is_err() {
            self.refuse_for_a_while();
            return turn.drain(..).for_each(|publish| answer(publish.answer, Err(store_refuses(STORE_RETRY))));
        }
        let (judged, accepted) = self.judge(turn);
        let stored = self.commit(accepted).await.unwrap_or_else(|_| {
            self.refuse_for_a_while();
            Vec::new()
        });
        let mut stored = stored.into_iter();
        let mut again = Again::default();
        for (to, judged) in judged {
            let outcome = match judged {
                Judged::Refused(refusal) => Err(refusal),
                Judged::RefusedUnlessSaid(author, id, refusal) => {
                    let said = self.unless_said(&author, &id, refusal).await;
                    if said.is_ok() {
                        again.repeated(id, &author.id);
                    }
                    said
                }
                Judged::Accepted(author, id) => match stored.next() {
                    Some(Appended::Stored { .. }) => {
                        again.told_anyway(id);
                        Ok(())
                    }
                    Some(Appended::Duplicate) => {
                        again.repeated(id, &author.id);
                        Ok(())
                    }
                    Some(Appended::IdTaken) => {
                        Err(Refusal::for_good(ReasonCode::NOT_AUTHORIZED, "somebody else used this id before"))
                    }
                    None => Err(store_refuses(STORE_RETRY)),
                },
            };
            if let Err(refusal) = &outcome {
                info!(room = %self.id, reason = %refusal.reason, text = %refusal.text, "a message is refused");
            }
            answer(to, outcome);
        }
        self.say_again(again).await;
    }

    /// Sends what was said a second time to its author once more: a client that lost everything but its outbox learns that
    /// it has arrived. Of what is deleted there is nothing to send.
    async fn say_again(&mut self, again: Again) {
        for (id, author) in again.repeated {
            match self.tools.store.message(&self.id, &id).await {
                Ok(Some(message)) => self.outgoing.push(Item {
                    json: message.json,
                    seq: Some(message.seq),
                    only: Some(author),
                    again: true,
                    repeats: None,
                    deletes: None,
                }),
                Ok(None) => {}
                Err(error) => warn!(room = %self.id, %error, "a message that was said before can't be read"),
            }
        }
    }

    /// Reads all that a turn is judged by.
    async fn be_ready(&mut self, turn: &[Publish]) -> Result<(), StoreError> {
        self.catch_up().await?;
        for publish in turn {
            self.learn_name(&publish.author.id).await?;
        }
        Ok(())
    }

    fn judge(&mut self, turn: &mut Vec<Publish>) -> (Vec<Waiting>, Vec<NewMessage>) {
        let now = self.tools.clock.now();
        let mut judged = Vec::with_capacity(turn.len());
        let mut accepted = Vec::new();
        for Publish { author, said, answer } in turn.drain(..) {
            let verdict = match (&said, &self.standing) {
                (Said::Refused(refusal), _) => Verdict::Refuse(refusal.clone()),
                // What was on its way when its author was barred.
                (Said::Payload(_), _) if self.tools.bars.contains(&self.id, &author.id) => {
                    Verdict::Refuse(Refusal::for_good(ReasonCode::NOT_AUTHORIZED, BARRED))
                }
                (Said::Payload(payload), Some(room)) => {
                    let speech = Speech { author: &author, renamed: self.names.of(&author.id), payload };
                    self.rules.judge(now, room, &self.tools.lexicon, speech, &mut random)
                }
                (Said::Payload(_), None) => Verdict::Refuse(store_refuses(STORE_RETRY)),
            };
            let verdict = match verdict {
                Verdict::Refuse(refusal) => Judged::Refused(refusal),
                Verdict::RefuseUnlessSaid(id, refusal) => Judged::RefusedUnlessSaid(author, id, refusal),
                Verdict::Accept { message, json, audience, changes } => {
                    match to_store(&message, &author.id, json.into(), audience, changes) {
                        Some(new) => {
                            let id = new.id.clone();
                            accepted.push(new);
                            Judged::Accepted(author, id)
                        }
                        None => Judged::Refused(store_refuses(STORE_RETRY)),
                    }
                }
            };
            judged.push((answer, verdict));
        }
        (judged, accepted)
    }

    /// Whoever sends a message again because the first answer was lost is told that it was said, however the room is by
    /// now.
    async fn unless_said(&self, author: &Author, id: &MessageId, refusal: Refusal) -> Result<(), Refusal> {
        match self.tools.store.author_of(&self.id, id).await {
            Ok(Some(user)) if user == author.id => Ok(()),
            Ok(_) => Err(refusal),
            Err(error) => {
                warn!(room = %self.id, %error, "it can't be looked up whether a message was said before");
                Err(store_refuses(STORE_RETRY))
            }
        }
    }

    fn refuse_for_a_while(&mut self) {
        self.store_refuses_until = self.tools.clock.monotonic() + STORE_RETRY;
    }
}

fn answer(to: Option<AnswerTo>, outcome: Result<(), Refusal>) {
    if let Some(to) = to {
        to.tell(outcome);
    }
}

fn store_refuses(wait: Duration) -> Refusal {
    Refusal::for_now(ReasonCode::QUOTA_EXCEEDED, "the message can't be stored now; try again", wait)
}
