//! News of what changes often: counters, votes, the number of viewers. They are told at a pace; the truth is in the room.

use std::time::Duration;

use chatroom_wire::PollId;
use tracing::warn;

use super::{STORE_RETRY, notice, pace::Pace, task::Room};
use crate::{
    Settings,
    rules::Moment,
    stop::Phase,
    store::{Change, StoreError, ViewerInfoRecord},
};

/// What is to be told, and when.
#[derive(Debug)]
pub(super) struct News {
    counters: Pace<String>,
    polls: Pace<PollId>,
    /// Whether there are votes that were not counted here yet.
    uncounted: bool,
    /// When the number of viewers may be told again.
    viewers_next: Duration,
    viewers_interval: Duration,
}

impl News {
    pub(super) fn new(settings: &Settings, now: Duration) -> Self {
        Self {
            counters: Pace::new(settings.counter_interval),
            polls: Pace::new(settings.poll_interval),
            uncounted: false,
            // After a start people need a moment to come back: before, nobody would be here.
            viewers_next: now + settings.presence_interval,
            viewers_interval: settings.presence_interval,
        }
    }

    /// Heeds a change that is in force.
    pub(super) fn changed(&mut self, now: Duration, change: &Change) {
        match change {
            Change::Count { key, .. } => self.counters.changed(now, key),
            Change::Vote { poll, .. } => {
                self.uncounted = true;
                self.polls.changed(now, poll);
            }
            Change::ViewerInfo(_) => self.viewers_next = now + self.viewers_interval,
            _ => {}
        }
    }
}

impl Room {
    /// When [`Room::tell_news`] has something to tell.
    pub(super) fn news_due(&self) -> Option<Duration> {
        let viewers = self.viewers_changed().map(|_| self.news.viewers_next);
        [self.news.counters.poll_timeout(), self.news.polls.poll_timeout(), viewers].into_iter().flatten().min()
    }

    /// Tells what is due.
    pub(super) async fn tell_news(&mut self, now: Moment) {
        let counters = self.news.counters.take_due(now.monotonic);
        let polls = self.news.polls.take_due(now.monotonic);
        self.tell(now.monotonic, counters, polls).await;
        if now.monotonic >= self.news.viewers_next {
            self.tell_viewers(now).await;
        }
    }

    /// Tells all that is left, as the room goes to sleep.
    pub(super) async fn tell_the_rest(&mut self) {
        let (counters, polls) = (self.news.counters.take_all(), self.news.polls.take_all());
        self.tell(self.tools.clock.monotonic(), counters, polls).await;
    }

    async fn tell(&mut self, now: Duration, counters: Vec<String>, polls: Vec<PollId>) {
        if counters.is_empty() && polls.is_empty() {
            return;
        }
        if self.catch_up().await.is_err() || (!polls.is_empty() && self.recount_votes().await.is_err()) {
            // They keep their place; the interval is over before the store is asked again.
            for key in &counters {
                self.news.counters.changed(now, key);
            }
            for poll in &polls {
                self.news.polls.changed(now, poll);
            }
            return;
        }
        let Some(room) = &self.standing else { return };
        let counters = counters.iter().filter_map(|key| room.counter(key)).map(notice::counter);
        // A poll that is closed meanwhile has told its last numbers.
        let active =
            room.record().active_poll.as_ref().filter(|poll| poll.id.as_ref().is_some_and(|id| polls.contains(id)));
        let notices: Vec<_> = counters.chain(active.map(notice::votes)).collect();
        for notice in notices {
            self.announce(notice);
        }
    }

    /// Reads the counts of the active poll, if there are new votes.
    pub(super) async fn recount_votes(&mut self) -> Result<(), StoreError> {
        if !self.news.uncounted {
            return Ok(());
        }
        let active = self.catch_up().await?.record().active_poll.as_ref().and_then(|poll| poll.id.clone());
        if let Some(id) = active
            && let Some(poll) = self.tools.store.poll(&self.id, &id).await?
        {
            self.catch_up().await?.count_votes(poll);
            self.shown.counted();
        }
        self.news.uncounted = false;
        Ok(())
    }

    /// How many people are here.
    pub(super) fn viewers(&self) -> i64 {
        i64::try_from(self.presence.numbers().concurrent).unwrap_or(i64::MAX)
    }

    /// What was told of the number of viewers, if that is shown and is another by now. Whoever goes because the server
    /// stops comes back: that is no news.
    fn viewers_changed(&self) -> Option<ViewerInfoRecord> {
        if self.tools.stop.phase() != Phase::Running {
            return None;
        }
        let told = self.standing.as_ref()?.record().viewer_info;
        (told.enabled && told.count != self.viewers()).then_some(told)
    }

    /// The number is stored before it is told: so the room answers what was told last, and its version is greater than
    /// all that were told before, also after a crash.
    async fn tell_viewers(&mut self, now: Moment) {
        let Some(told) = self.viewers_changed() else { return };
        let at = self.rules.next_stamp(now);
        let info =
            ViewerInfoRecord { enabled: true, count: self.viewers(), version: told.version + 1, updated_at: Some(at) };
        match self.commit_silently(vec![Change::ViewerInfo(info)], at).await {
            Ok(()) => self.announce(notice::viewers(&info)),
            Err(error) => {
                warn!(room = %self.id, %error, "the number of viewers can't be kept");
                self.news.viewers_next = now.monotonic + self.news.viewers_interval.max(STORE_RETRY);
            }
        }
    }
}
