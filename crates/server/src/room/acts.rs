//! What is asked of a room's task: acts, each a turn of its own, and how the room is.

use std::{sync::Arc, time::Duration};

use chatroom_wire::{Message, MessageId, User, UserId, envelope};
use tracing::{info, warn};

use super::{
    act::{ActError, Ask, Deed, Done},
    commit::to_store,
    moderation, notice,
    plan::Plan,
    polls,
    shown::{RoomJson, Shown},
    task::{Room, random},
};
use crate::{
    http::tokens::new_uuid,
    rules::{Author, Standing},
    store::{Appended, Audience, StoreError},
};

/// How often it is looked whether what is pinned has expired.
const PINS: Duration = Duration::from_secs(1);

/// How many polls are read at once where they are counted.
const PAGE: u16 = 500;

impl Room {
    /// Answers; an act only after it is committed, in force, and on its way to all listeners.
    pub(super) async fn asked(&mut self, ask: Ask) {
        self.idle_since = self.tools.clock.monotonic();
        // Whoever asked may be gone: what is done is done.
        match ask {
            Ask::State(answer) => drop(answer.send(self.state().await)),
            Ask::Act { by, deed, answer } => {
                let done = self.act(&by, *deed).await;
                self.send().await;
                drop(answer.send(done));
            }
        }
    }

    async fn state(&mut self) -> Result<RoomJson, ActError> {
        self.catch_up().await?;
        self.recount_votes().await?;
        let expired = self.take_away_expired_pins().await;
        self.catch_up().await?;
        let record = self.standing.as_ref().ok_or(ActError::Stopped)?.record();
        if !expired.is_empty() {
            let mut record = record.clone();
            record.pinned_messages.retain(|pin| pin.message.id.as_ref().is_none_or(|id| !expired.contains(id)));
            return Ok(Shown::default().json(&record));
        }
        Ok(self.shown.json(record))
    }

    /// A pin goes when its message expires. Looks for that once a second at most; answers what has expired and could not
    /// be taken away.
    async fn take_away_expired_pins(&mut self) -> Vec<MessageId> {
        let now = self.tools.clock.monotonic();
        let pins = self.standing.as_ref().map(|room| &room.record().pinned_messages[..]).unwrap_or_default();
        let pins: Vec<MessageId> = pins.iter().filter_map(|pin| pin.message.id.clone()).collect();
        if now < self.pins_due {
            return Vec::new();
        }
        let mut left = Vec::new();
        for id in pins {
            // One that can't be read may be there still.
            if !matches!(self.tools.store.message(&self.id, &id).await, Ok(None)) {
                continue;
            }
            let Some(room) = &self.standing else { break };
            let plan = moderation::unpin(room, notice::server(), id.clone(), false);
            if let Err(error) = self.carry_out(notice::server(), plan).await {
                warn!(room = %self.id, %error, "an expired pin can't be taken away");
                left.push(id);
            }
        }
        if left.is_empty() {
            self.pins_due = now + PINS;
        }
        left
    }

    async fn act(&mut self, by: &Author, deed: Deed) -> Result<Done, ActError> {
        self.catch_up().await?;
        if matches!(deed, Deed::CreatePoll(_)) {
            self.count_polls().await?;
        }
        let (act, about) = deed.describe();
        let refused = |error: &ActError| info!(room = %self.id, by = %by.id, act, %error, "a room command is refused");
        let plan = self.plan(by, deed).await.inspect_err(refused)?;
        let done = self.carry_out(notice::actor(by), plan).await?;
        info!(room = %self.id, by = %by.id, act, about = about.as_deref(), "a room command is done");
        Ok(done)
    }

    /// What an act comes to. Only reads.
    async fn plan(&self, by: &Author, deed: Deed) -> Result<Plan, ActError> {
        let (store, settings) = (&self.tools.store, &*self.tools.settings);
        let room: &Standing = self.standing.as_ref().ok_or(ActError::Stopped)?;
        let mut new_id = new_uuid;
        let at = self.rules.next_stamp(self.tools.clock.now());
        match deed {
            Deed::Mute(muted) => Ok(moderation::mute(room, muted)),
            Deed::Block(user) => moderation::block(room, by, user, settings.blocked_max),
            Deed::Unblock(user) => Ok(moderation::unblock(room, by, user)),
            Deed::Pin(id) => moderation::pin(room, by, &id, self.find(&id).await?, settings.pins_max),
            Deed::Unpin(id) => {
                let is_there = store.message(&self.id, &id).await?.is_some();
                Ok(moderation::unpin(room, notice::actor(by), id, is_there))
            }
            Deed::Delete(id) => {
                let found = self.find(&id).await?.map(|(message, _)| message.kind());
                if found.is_none() && store.author_of(&self.id, &id).await?.is_none() {
                    return Err(moderation::NO_MESSAGE);
                }
                moderation::delete(room, by, id, found)
            }
            Deed::Rename(name) => moderation::rename(room, by, &name, settings.name_max),
            Deed::Moderates => Ok(Plan::silently(room.admin_name(&by.id, &by.name))),
            Deed::ShowViewers(shown) => Ok(moderation::show_viewers(room, shown, self.viewers(), at)),
            Deed::CreatePoll(poll) => polls::create(poll, self.polls.unwrap_or(0), settings, &mut new_id),
            Deed::UpdatePoll(poll) => {
                let known = match &poll.id {
                    Some(id) => store.poll(&self.id, id).await?,
                    None => None,
                };
                polls::update(poll, known, settings, &mut new_id)
            }
            Deed::DeletePoll(id) => {
                let known = store.poll(&self.id, &id).await?;
                polls::delete(id, known.as_ref())
            }
            Deed::ChangePoll(id, action) => polls::step(room, by, store.poll(&self.id, &id).await?, action, at),
            Deed::UseDictionaries(ids, used) => Ok(moderation::use_dictionaries(room, ids, used)),
            Deed::UseStickerPack(pack, used) => Ok(moderation::use_pack(room, pack, used)),
        }
    }

    /// Commits what an act comes to, and lays what is announced out for the bus.
    async fn carry_out(&mut self, by: User, plan: Plan) -> Result<Done, ActError> {
        let now = self.tools.clock.now();
        let author = by.id.clone().unwrap_or_else(|| UserId::from(by.custom_name.as_str()));
        let mut announced = Vec::with_capacity(plan.announced.len());
        for (payload, changes) in plan.announced {
            let mut message = Message::new(by.clone(), payload);
            self.rules.stamp_own(now, &mut message, &mut random);
            let json = envelope::encode(&message).into();
            announced.extend(to_store(&message, &author, json, Audience::Everyone, changes));
        }
        let appended = self.commit(announced).await?;
        if !appended.iter().all(|appended| matches!(appended, Appended::Stored { .. })) {
            // Somebody sent the very id that was made here by chance.
            return Err(ActError::Precondition("it could not be announced; try again".into()));
        }
        let at = self.rules.next_stamp(now);
        self.commit_silently(plan.silent, at).await?;
        Ok(plan.done)
    }

    /// A message of the log, and who gets to see it.
    async fn find(&self, id: &MessageId) -> Result<Option<(Message, Audience)>, StoreError> {
        let Some(stored) = self.tools.store.message(&self.id, id).await? else { return Ok(None) };
        match serde_json::from_slice(&stored.json) {
            Ok(message) => Ok(Some((message, stored.audience))),
            Err(error) => Err(StoreError::Corrupt(Arc::new(error))),
        }
    }

    async fn count_polls(&mut self) -> Result<(), StoreError> {
        if self.polls.is_none() {
            let (mut count, mut last) = (0, None);
            loop {
                let page = self.tools.store.polls(&self.id, last.as_ref(), PAGE).await?;
                count += page.len();
                if page.len() < usize::from(PAGE) {
                    break;
                }
                last = page.last().and_then(|poll| poll.id.clone());
            }
            self.polls = Some(count);
        }
        Ok(())
    }
}
