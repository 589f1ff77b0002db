//! Polls and votes in a room in memory.

use std::collections::BTreeSet;

use chatroom_wire::{
    Message, OptionId, Payload, PollId, User, UserId,
    poll::{Poll, PollKind, PollMessage, PollStatus, Vote},
    rest::{PollAction, PollsPage},
};
use serde_json::Map;

use super::{Hall, acts::Refusal};

const NO_POLL: Refusal = (404, 5, "there is no such poll");

impl Hall {
    pub(super) fn create_poll(&mut self, poll: Poll) -> Result<Poll, Refusal> {
        let id = self.name("poll").into();
        let poll = self.fresh(id, poll)?;
        self.polls.push(poll.clone());
        Ok(poll)
    }

    pub(super) fn update_poll(&mut self, id: &PollId, poll: Poll) -> Result<Poll, Refusal> {
        if self.find(id)?.status != PollStatus::Queued {
            return Err((400, 9, "the poll was started before"));
        }
        let poll = self.fresh(id.clone(), poll)?;
        self.find(id)?.clone_from(&poll);
        Ok(poll)
    }

    pub(super) fn delete_poll(&mut self, id: &PollId) -> Result<(), Refusal> {
        if self.find(id)?.status == PollStatus::Active {
            return Err((400, 9, "the poll is active"));
        }
        self.polls.retain(|poll| poll.id.as_ref() != Some(id));
        Ok(())
    }

    pub(super) fn poll(&self, id: &PollId) -> Result<Poll, Refusal> {
        self.polls.iter().find(|poll| poll.id.as_ref() == Some(id)).cloned().ok_or(NO_POLL)
    }

    /// The newest first; a page's token is how many came before.
    /// A viewer sees no poll before it starts.
    pub(super) fn polls(&self, is_admin: bool, before: usize, size: usize) -> PollsPage {
        let visible = || self.polls.iter().filter(|poll| is_admin || poll.status != PollStatus::Queued);
        let shown = |poll: &Poll| if is_admin { poll.clone() } else { poll.for_viewers() };
        let polls: Vec<_> = visible().rev().skip(before).take(size).map(shown).collect();
        let next = before + polls.len();
        let next_page_token = if next < visible().count() { next.to_string() } else { String::new() };
        PollsPage { polls, next_page_token }
    }

    pub(super) fn change_poll(&mut self, actor: User, id: &PollId, action: PollAction) -> Result<(), Refusal> {
        let now = Some(self.stamp());
        let another = self.room.active_poll.as_ref().is_some_and(|active| active.id.as_ref() != Some(id));
        let poll = self.find(id)?;
        let (from, to) = match action {
            PollAction::Start => (PollStatus::Queued, PollStatus::Active),
            PollAction::Close => (PollStatus::Active, PollStatus::Closed),
            PollAction::Archive => (PollStatus::Closed, PollStatus::Archived),
        };
        if poll.status == to {
            return Ok(());
        }
        if poll.status != from {
            return Err((400, 9, "the poll is not where this begins"));
        }
        if another && to == PollStatus::Active {
            return Err((400, 9, "another poll is active"));
        }
        poll.status = to;
        match action {
            PollAction::Start => poll.started_at = now,
            PollAction::Close => poll.ended_at = now,
            PollAction::Archive => {}
        }
        let news = Some(PollMessage { poll: poll.for_viewers(), action_taker: Some(actor.clone()), extra: Map::new() });
        let payload = match action {
            PollAction::Start => Payload::PollStarted(news),
            PollAction::Close => Payload::PollClosed(news),
            PollAction::Archive => Payload::PollArchived(news),
        };
        self.publish(Message::new(actor, payload), None);
        Ok(())
    }

    pub(super) fn judge_vote(&self, vote: &Vote) -> Result<(), &'static str> {
        let poll = self.poll(&vote.poll_id).map_err(|(_, _, text)| text)?;
        if poll.status != PollStatus::Active {
            return Err("the poll takes no votes");
        }
        let chosen: BTreeSet<_> = vote.option_ids.iter().collect();
        let known = |id: &&OptionId| poll.multi_choice.options.iter().any(|option| option.id.as_ref() == Some(*id));
        if !chosen.iter().all(known) {
            return Err("the poll has no such option");
        }
        match (poll.kind, chosen.len()) {
            _ if chosen.len() < vote.option_ids.len() => Err("an option can be chosen once"),
            (PollKind::SingleChoice, 1) | (PollKind::MultiChoice, 1..) => Ok(()),
            (PollKind::SingleChoice, _) => Err("one option is to be chosen"),
            (PollKind::MultiChoice, _) => Err("at least one option is to be chosen"),
        }
    }

    /// Counts a vote that was judged good; it replaces an earlier one.
    pub(super) fn vote(&mut self, by: Option<UserId>, vote: Vote) {
        let Vote { poll_id, option_ids, .. } = vote;
        self.votes.insert((poll_id.clone(), by), option_ids);
        let votes = self.votes.iter().filter(|((poll, _), _)| *poll == poll_id).map(|(_, options)| options);
        let votes: Vec<Vec<OptionId>> = votes.cloned().collect();
        let Ok(poll) = self.find(&poll_id) else { return };
        poll.votes_count = count(votes.len());
        for option in &mut poll.multi_choice.options {
            let chose = |vote: &&Vec<OptionId>| option.id.as_ref().is_some_and(|id| vote.contains(id));
            option.votes_count = count(votes.iter().filter(chose).count());
        }
        let poll = poll.for_viewers();
        let news = PollMessage { poll, ..PollMessage::default() };
        self.publish_as_system(Payload::PollUpdate(Some(news)));
    }

    /// A poll in which nobody has voted yet.
    fn fresh(&mut self, id: PollId, mut poll: Poll) -> Result<Poll, Refusal> {
        if poll.multi_choice.options.is_empty() {
            return Err((400, 3, "poll.multi_choice.options is empty"));
        }
        for option in &mut poll.multi_choice.options {
            let id = option.id.take().unwrap_or_else(|| self.name("option").into());
            option.id = Some(id);
            option.votes_count = 0;
        }
        Ok(Poll { id: Some(id), status: PollStatus::Queued, votes_count: 0, started_at: None, ended_at: None, ..poll })
    }

    fn find(&mut self, id: &PollId) -> Result<&mut Poll, Refusal> {
        self.polls.iter_mut().find(|poll| poll.id.as_ref() == Some(id)).ok_or(NO_POLL)
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
