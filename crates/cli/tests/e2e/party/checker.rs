//! Writes down what everybody did and was told, on one clock, and looks for what should not have reached anybody.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chatroom_client::{
    CallError, Event,
    wire::{Message, MessageId, rest::MessagesQuery},
};

use super::guest::Guest;

#[derive(Clone)]
pub(super) struct Checker {
    start: Instant,
    log: Arc<Mutex<Log>>,
}

#[derive(Default)]
struct Log {
    /// Which message was begun to be said when, by whom.
    said: BTreeMap<MessageId, (&'static str, Duration)>,
    /// Who was told which message, as others see it.
    told: Vec<(&'static str, Message)>,
    /// When viewers were surely muted, and when somebody was surely blocked: from the answer of the call that forbids
    /// to the beginning of the call that allows.
    muted: Vec<(Duration, Option<Duration>)>,
    blocked: Vec<(&'static str, Duration, Option<Duration>)>,
    deleted: BTreeSet<MessageId>,
    /// Told after the same person was told that it is deleted.
    told_deleted: Vec<(&'static str, MessageId)>,
    told_deletion: BTreeSet<(&'static str, MessageId)>,
}

impl Checker {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), log: Arc::default() }
    }

    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(super) fn said(&self, who: &'static str, id: &MessageId, began: Duration) {
        self.log().said.insert(id.clone(), (who, began));
    }

    pub(super) fn told(&self, who: &'static str, event: &Event) {
        let mut log = self.log();
        match event {
            Event::MessageAdded { message, delivery: None, .. } => log.hear(who, message),
            Event::DeliveryChanged { echo: Some(echo), .. } => log.hear(who, echo),
            Event::MessageDeleted { id } => drop(log.told_deletion.insert((who, id.clone()))),
            _ => {}
        }
    }

    pub(super) async fn mute(&self, call: impl Future<Output = Result<(), CallError>>) {
        call.await.expect("it is muted");
        let now = self.now();
        self.log().muted.push((now, None));
    }

    pub(super) async fn unmute(&self, call: impl Future<Output = Result<(), CallError>>) {
        let now = self.now();
        if let Some(last) = self.log().muted.last_mut() {
            last.1 = Some(now);
        }
        call.await.expect("it is unmuted");
    }

    pub(super) async fn block(&self, who: &'static str, call: impl Future<Output = Result<(), CallError>>) {
        call.await.expect("they are blocked");
        let now = self.now();
        self.log().blocked.push((who, now, None));
    }

    pub(super) async fn unblock(&self, who: &'static str, call: impl Future<Output = Result<(), CallError>>) {
        let now = self.now();
        if let Some(last) = self.log().blocked.iter_mut().rfind(|(other, ..)| *other == who) {
            last.2 = Some(now);
        }
        call.await.expect("they are unblocked");
    }

    pub(super) async fn delete(&self, id: &MessageId, call: impl Future<Output = Result<(), CallError>>) {
        call.await.expect("it is deleted");
        self.log().deleted.insert(id.clone());
    }

    /// Looks at all that was told until now, and at the history as each guest gets it.
    pub(super) async fn check(&self, guests: &[Guest], earlier: &MessageId) {
        let deleted = self.log().deleted.clone();
        let mut pages = Vec::new();
        for guest in guests {
            let query = MessagesQuery { limit: Some(100), ..MessagesQuery::default() };
            let mut page = guest.room.messages_page(&query).await.expect("the history can be read").messages.0;
            let kept = guest.room.messages().await;
            for message in page.drain(..).map(|element| element.expect("a message")).chain(kept) {
                let id = message.id.clone().expect("the server gives ids");
                assert!(!deleted.contains(&id), "{} still gets what was deleted", guest.name);
                pages.push((guest.name, message));
            }
        }
        let log = self.log();
        assert!(log.told_deleted.is_empty(), "told after its deletion: {:?}", log.told_deleted);
        let mut viewers_heard = 0;
        for (hearer, message) in log.told.iter().chain(&pages) {
            let id = message.id.as_ref().expect("the server gives ids");
            let Some((author, began)) = log.said.get(id) else { continue };
            let while_forbidden =
                |from: Duration, to: Option<Duration>| *began > from && to.is_none_or(|to| *began < to);
            if !message.user.is_admin() {
                viewers_heard += 1;
                let muted = log.muted.iter().any(|(from, to)| while_forbidden(*from, *to));
                assert!(!muted, "{hearer} was told what {author} said while the room was muted: {message:?}");
            }
            let blocked = log.blocked.iter().any(|(who, from, to)| who == author && while_forbidden(*from, *to));
            assert!(!blocked || hearer == author, "{hearer} was told what {author} said while blocked: {message:?}");
            assert!(!blocked || message.user.is_blocked(), "it is not marked: {message:?}");
        }
        assert!(viewers_heard > 100, "there was too little talk to say anything: {viewers_heard}");
        for guest in guests {
            let heard =
                log.told.iter().any(|(who, message)| *who == guest.name && message.id.as_ref() == Some(earlier));
            assert!(heard, "what was said before the block stays: {}", guest.name);
            let mut seen = BTreeSet::new();
            for (_, message) in log.told.iter().filter(|(who, _)| *who == guest.name) {
                assert!(seen.insert(message.id.clone()), "{} was told twice: {message:?}", guest.name);
            }
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn hear(&mut self, who: &'static str, message: &Message) {
        let Some(id) = &message.id else { return };
        if self.told_deletion.contains(&(who, id.clone())) {
            self.told_deleted.push((who, id.clone()));
        }
        self.told.push((who, message.clone()));
    }
}
