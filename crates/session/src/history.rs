//! What was missed: reads of the history, page by page.
//!
//! Pages overlap, since stamps of several servers may cross and no documentation says whether the borders of a page
//! belong to it; the timeline tells each message once.

use std::{collections::HashSet, time::Duration};

use chatroom_wire::{
    Kind, Message, MessageId, Time,
    rest::{MessagesQuery, PAGE_MAX},
};

use crate::{CallError, CallId, GapReason, random::Random, timeline};

/// A page that can't be read is asked for so many times: joining can do without the past, a hole can't.
const TRIES: u32 = 3;
const TRIES_TO_CATCH_UP: u32 = 8;
/// The longest wait between two of them.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A look for own messages can wait until more was said, rather than fetch each message by itself.
const LOOK_UP_WAIT: Duration = Duration::from_secs(1);
/// So many pages beyond those that are needed it reads for messages that count, before joining.
const PAGES_FOR_FEW: usize = 20;
/// So many pages that are not full it reads before it waits.
const LOOK_UP_PAGES: u32 = 2;

/// At most one read at a time.
#[derive(Debug, Default)]
pub(crate) struct History {
    read: Option<Read>,
}

#[derive(Debug)]
struct Read {
    purpose: Purpose,
    state: State,
    /// The border of the next page.
    cursor: Option<Time>,
    /// The newest stamp of this read (the oldest, where it goes back).
    reached: Option<Time>,
    /// Up to here nothing can be missing: stamps of several servers cross, so behind the first page that came to the
    /// present a later page may have passed something over.
    sure: Option<Time>,
    /// What lies behind this is known already: without such a line a read of a busy room never ends.
    finish: Option<Time>,
    /// Something that the history must have where it begins, if it reaches back so far.
    anchor: Option<Time>,
    collected: Vec<Message>,
    ids: HashSet<MessageId>,
    count: usize,
    /// The types that are counted; none means all.
    counted: Vec<Kind>,
    pages: usize,
    /// Pages that were not full.
    short: u32,
    failures: u32,
    /// Whether the last page ended among messages of one time, so that the next one begins behind that time.
    stuck: bool,
    began: Duration,
    from: Option<Time>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The last `want` messages before joining, read backwards; none still finds out where the room stands.
    First { want: usize },
    /// Everything since an earlier moment, in order; what is said meanwhile is told after it.
    CatchUp { most: usize },
    /// The same, beside what is said: to find what the link lost.
    Recheck { most: usize },
    /// The same, for own messages alone: to find what may have arrived.
    LookUp { most: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Wanted,
    Asked(CallId),
    Waiting(Duration),
}

/// What a page brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// To be told, in order.
    pub(crate) messages: Vec<Message>,
    /// Read, and not to be told: older than what was asked for.
    pub(crate) untold: Vec<Message>,
    /// Where a read before joining has its beginning.
    pub(crate) floor: Option<Time>,
    /// Set if something is missing before the messages.
    pub(crate) hole: Option<GapReason>,
    /// Where the room stands, whether or not it is told.
    pub(crate) newest: Option<Time>,
    /// Whether the read is over.
    pub(crate) done: bool,
    /// Whether nothing is missing in what was read …
    pub(crate) confirmed: bool,
    /// … and up to where that is sure.
    pub(crate) sure: Option<Time>,
    /// Set if it is over too early.
    pub(crate) gap: Option<GapReason>,
    /// When the read began that has now come to its end, and from where it led on to the present.
    pub(crate) looked: Option<(Duration, Option<Time>)>,
    /// Whether only own messages were looked for; and from where.
    pub(crate) own_only: bool,
    pub(crate) sought: Option<Time>,
}

impl History {
    /// Reads the last messages before joining, until it has as many of these types as are wanted; none means of all.
    pub(crate) fn first(&mut self, now: Duration, want: usize, counted: &[Kind]) {
        self.begin(now, Purpose::First { want }, None, None);
        if let Some(read) = &mut self.read {
            read.counted = counted.to_vec();
        }
    }

    /// Reads everything since `after`, or from the room's beginning. It must find what was said at `anchor`.
    pub(crate) fn catch_up(&mut self, now: Duration, after: Option<Time>, anchor: Option<Time>, most: usize) {
        self.begin(now, Purpose::CatchUp { most }, after, None);
        self.anchor(anchor);
    }

    /// Reads everything since `after` for own messages; not if a read is under way.
    pub(crate) fn look_up(&mut self, now: Duration, after: Option<Time>, most: usize) {
        if self.read.is_none() {
            self.begin(now, Purpose::LookUp { most }, after, None);
        }
    }

    /// Reads from `after` up to `finish` without holding back what is said meanwhile; not if a read is under way.
    pub(crate) fn recheck(
        &mut self,
        now: Duration,
        (after, finish): (Option<Time>, Option<Time>),
        anchor: Option<Time>,
        most: usize,
    ) {
        if self.read.is_none() {
            self.begin(now, Purpose::Recheck { most }, after, finish);
            self.anchor(anchor);
        }
    }

    /// Something new was said live since the read began: a read that comes so far has everything before it. A look for
    /// own messages goes on for `overlap`, since stamps of several servers may cross.
    pub(crate) fn said(&mut self, time: Option<Time>, overlap: Duration) {
        let Some(read) = &mut self.read else { return };
        let line = match read.purpose {
            Purpose::First { .. } | Purpose::Recheck { .. } => return,
            Purpose::CatchUp { .. } => time,
            Purpose::LookUp { .. } => time.map(|time| time.later(overlap)),
        };
        read.finish = read.finish.or(line);
    }

    /// Forgets the read that is under way.
    pub(crate) fn cancel(&mut self) {
        self.read = None;
    }

    pub(crate) fn is_reading(&self) -> bool {
        self.read.is_some()
    }

    /// Whether what is said now must wait until the read is over.
    pub(crate) fn holds(&self) -> bool {
        self.read.as_ref().is_some_and(|read| !read.purpose.is_aside())
    }

    /// The next page to ask for.
    pub(crate) fn wanted(&self) -> Option<MessagesQuery> {
        let read = self.read.as_ref().filter(|read| read.state == State::Wanted)?;
        Some(match read.purpose {
            Purpose::First { .. } => MessagesQuery {
                before_at: read.cursor,
                // Later pages overlap the one before, so a small one might bring nothing new; and what is read beyond
                // what is wanted is known to be old when a later read finds it again.
                limit: Some(PAGE_MAX),
                ..MessagesQuery::default()
            },
            Purpose::CatchUp { .. } | Purpose::Recheck { .. } | Purpose::LookUp { .. } => MessagesQuery {
                after_at: read.cursor,
                limit: Some(PAGE_MAX),
                from_oldest: true,
                ..MessagesQuery::default()
            },
        })
    }

    /// The page that [`History::wanted`] gave is being asked for.
    pub(crate) fn asked(&mut self, id: CallId) {
        if let Some(read) = &mut self.read {
            read.state = State::Asked(id);
        }
    }

    /// A page came; `full` if it holds as many elements, or as many bytes, as a page does. No page but an empty one
    /// proves that there are no more.
    pub(crate) fn answered(
        &mut self,
        now: Duration,
        id: CallId,
        mut page: Vec<Message>,
        full: bool,
    ) -> Option<Progress> {
        let read = self.read.as_mut().filter(|read| read.state == State::Asked(id))?;
        timeline::sort(&mut page);
        read.failures = 0;
        let progress = match read.purpose {
            Purpose::First { want } => read.backwards(page, want, full),
            Purpose::CatchUp { most } | Purpose::Recheck { most } | Purpose::LookUp { most } => {
                let progress = read.onwards(page, most, full);
                let own_only = matches!(read.purpose, Purpose::LookUp { .. });
                read.short += u32::from(!full);
                if own_only && read.short > LOOK_UP_PAGES {
                    read.state = State::Waiting(now + LOOK_UP_WAIT);
                }
                Progress { own_only, sought: read.from, ..progress }
            }
        };
        if progress.done {
            self.read = None;
        }
        Some(progress)
    }

    /// A page could not be read: it is asked for again after a while, or given up.
    pub(crate) fn failed(
        &mut self,
        id: CallId,
        error: CallError,
        now: Duration,
        random: &mut Random,
    ) -> Option<Progress> {
        let read = self.read.as_mut().filter(|read| read.state == State::Asked(id))?;
        read.failures += 1;
        let tries = if matches!(read.purpose, Purpose::CatchUp { .. }) { TRIES_TO_CATCH_UP } else { TRIES };
        if read.failures < tries {
            let wait = Duration::from_millis(500) * 2u32.pow(read.failures - 1);
            let wait = wait.max(error.retry_after().unwrap_or_default()).min(LONGEST_WAIT);
            read.state = State::Waiting(now + wait + Duration::from_millis(random.below(500)));
            return None;
        }
        let mut messages = std::mem::take(&mut read.collected);
        timeline::sort(&mut messages);
        let reason = GapReason::HistoryFailed(error);
        let floor = messages.iter().find_map(|message| message.received_at);
        let over = Progress { messages, floor, done: true, ..Progress::default() };
        let progress = match read.purpose {
            // It goes back: what is missing lies before what it has.
            Purpose::First { .. } => Progress { hole: Some(reason), ..over },
            Purpose::CatchUp { .. } => Progress { gap: Some(reason), ..over },
            // Nothing is known to be missing where a read only looked after it; the next one will look again.
            Purpose::Recheck { .. } => over,
            Purpose::LookUp { .. } => Progress { own_only: true, ..over },
        };
        self.read = None;
        Some(progress)
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self.read.as_ref()?.state {
            State::Waiting(until) => Some(until),
            State::Wanted | State::Asked(_) => None,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Duration) {
        if let Some(read) = &mut self.read
            && matches!(read.state, State::Waiting(until) if until <= now)
        {
            read.state = State::Wanted;
        }
    }

    fn anchor(&mut self, anchor: Option<Time>) {
        if let Some(read) = &mut self.read {
            read.anchor = anchor;
        }
    }

    fn begin(&mut self, now: Duration, purpose: Purpose, cursor: Option<Time>, finish: Option<Time>) {
        self.read = Some(Read {
            purpose,
            state: State::Wanted,
            cursor,
            reached: None,
            sure: None,
            finish,
            anchor: None,
            collected: Vec::new(),
            ids: HashSet::new(),
            count: 0,
            counted: Vec::new(),
            pages: 0,
            short: 0,
            failures: 0,
            stuck: false,
            began: now,
            from: cursor,
        });
    }
}

impl Purpose {
    /// Whether what is said meanwhile is told at once.
    fn is_aside(self) -> bool {
        matches!(self, Self::Recheck { .. } | Self::LookUp { .. })
    }
}

impl Read {
    /// A page of the read that goes back from the newest message.
    fn backwards(&mut self, page: Vec<Message>, want: usize, full: bool) -> Progress {
        // A message without a stamp says nothing of where the page ends.
        let oldest = page.iter().find_map(|message| message.received_at);
        let newest = page.last().and_then(|message| message.received_at);
        let leads_on = oldest.is_some() && (self.reached.is_none() || oldest < self.reached);
        let steps_over = self.steps_over(&page, leads_on);
        let goes_on = leads_on || steps_over;
        self.reached = oldest.or(self.reached);
        self.sure = self.sure.or(newest);
        self.cursor = if steps_over { oldest } else { oldest.map(Time::just_after) };
        for message in page {
            if message.id.clone().is_none_or(|id| self.ids.insert(id)) {
                self.collected.push(message);
            }
        }
        self.pages += 1;
        let is_counted = |message: &Message| self.counted.is_empty() || self.counted.contains(&message.kind());
        self.count = self.collected.iter().filter(|message| is_counted(message)).count();
        let pages = want.div_ceil(usize::from(PAGE_MAX)).saturating_add(PAGES_FOR_FEW);
        if goes_on && self.count < want && (self.counted.is_empty() || self.pages < pages) {
            self.state = State::Wanted;
            return Progress { newest, ..Progress::default() };
        }
        timeline::sort(&mut self.collected);
        let mut untold = std::mem::take(&mut self.collected);
        // What is older than all that there is can only have come since.
        let floor = untold.iter().find_map(|message| message.received_at).filter(|_| full);
        // The last that are wanted, and what lies between them.
        let mut wanted = want;
        let first = untold.iter().rposition(|message| {
            wanted -= usize::from(wanted > 0 && is_counted(message));
            wanted == 0
        });
        let messages = if want == 0 { Vec::new() } else { untold.split_off(first.unwrap_or(0)) };
        Progress {
            messages,
            untold,
            floor,
            newest,
            done: true,
            confirmed: true,
            sure: self.sure,
            ..Progress::default()
        }
    }

    /// Whether a page that brought nothing new may have ended too early all the same: among messages of one time. A page
    /// holds at least two messages where there are two, so one of one message is the last.
    fn steps_over(&mut self, page: &[Message], leads_on: bool) -> bool {
        let stuck =
            !leads_on && !self.stuck && page.len() > 1 && page.iter().any(|message| message.received_at.is_some());
        self.stuck = stuck;
        stuck
    }

    /// A page of a read that goes on from an earlier moment.
    fn onwards(&mut self, page: Vec<Message>, most: usize, full: bool) -> Progress {
        let newest = page.last().and_then(|message| message.received_at);
        let oldest = page.iter().find_map(|message| message.received_at);
        // Asked of the first page alone.
        let anchor = self.anchor.take();
        let hole = (anchor.is_some() && oldest > anchor).then_some(GapReason::NoLonger);
        let leads_on = newest.is_some() && newest > self.reached;
        let steps_over = !full && self.steps_over(&page, leads_on);
        // The page begins with what the one before ended with.
        self.count += page.iter().filter(|message| message.received_at > self.reached).count();
        if !full {
            self.sure = self.sure.or(self.reached).or(newest);
        }
        self.reached = newest.max(self.reached);
        self.cursor = if steps_over { self.reached } else { self.reached.map(Time::just_before) };
        self.state = State::Wanted;
        let finished = self.finish.is_some() && self.reached >= self.finish;
        let gap = if leads_on && !finished && self.count >= most {
            Some(GapReason::TooMuch(most))
        } else if !leads_on && full {
            Some(GapReason::NoProgress)
        } else {
            None
        };
        let done = !(leads_on || steps_over) || finished || gap.is_some();
        let confirmed = done && gap.is_none();
        // What lies behind the finish was not read; that of a look for own messages lies in the present.
        let to_the_present = !(leads_on || steps_over) || matches!(self.purpose, Purpose::LookUp { .. });
        let looked = (confirmed && to_the_present).then_some((self.began, self.from));
        let sure = self.sure.or(self.reached);
        Progress { messages: page, newest, done, confirmed, sure, hole, gap, looked, ..Progress::default() }
    }
}

#[cfg(test)]
mod tests {
    use chatroom_wire::User;

    use super::*;

    fn room(count: usize) -> Vec<Message> {
        (0..count)
            .map(|number| Message {
                id: Some(format!("{number:06}").into()),
                // Two messages share each stamp.
                received_at: Some(
                    format!(
                        "2026-01-01T00:{:02}:{:02}.{:03}Z",
                        number / 120_000,
                        number / 2_000 % 60,
                        number / 2 % 1_000
                    )
                    .parse()
                    .unwrap(),
                ),
                ..Message::text_by(User::named("ada"), number.to_string())
            })
            .collect()
    }

    /// What a service answers: borders excluded, as the harder case.
    fn answer(room: &[Message], query: &MessagesQuery) -> Vec<Message> {
        let inside = room.iter().filter(|message| {
            query.before_at.is_none_or(|border| message.received_at < Some(border))
                && query.after_at.is_none_or(|border| message.received_at > Some(border))
        });
        let limit = usize::from(query.limit.unwrap());
        if query.from_oldest {
            inside.take(limit).cloned().collect()
        } else {
            inside.rev().take(limit).cloned().collect()
        }
    }

    fn run(history: &mut History, room: &[Message]) -> (Vec<String>, Option<GapReason>) {
        run_in_pages_of(usize::from(PAGE_MAX), history, room)
    }

    /// The service cuts its pages short: they may hold no more than `most`.
    fn run_in_pages_of(most: usize, history: &mut History, room: &[Message]) -> (Vec<String>, Option<GapReason>) {
        let mut ids = Vec::new();
        for call in 0..10_000 {
            let query = history.wanted().expect("a read that is not over wants a page");
            history.asked(CallId(call));
            let page = answer(
                room,
                &MessagesQuery {
                    limit: query.limit.map(|limit| limit.min(u16::try_from(most).unwrap())),
                    ..query.clone()
                },
            );
            let full = page.len() >= usize::from(query.limit.unwrap());
            let progress = history.answered(Duration::ZERO, CallId(call), page, full).expect("the call is known");
            for message in progress.messages {
                let id = message.id.unwrap().to_string();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            if progress.done {
                return (ids, progress.gap);
            }
        }
        panic!("the read does not end");
    }

    #[test]
    fn the_last_messages_come_in_order_though_they_are_read_backwards() {
        let mut history = History::default();
        history.first(Duration::ZERO, 250, &[]);
        let (ids, gap) = run(&mut history, &room(1_000));
        assert_eq!(ids, (750..1_000).map(|number| format!("{number:06}")).collect::<Vec<_>>());
        assert_eq!(gap, None);
    }

    #[test]
    fn a_room_with_less_than_wanted_gives_what_it_has() {
        let mut history = History::default();
        history.first(Duration::ZERO, 250, &[]);
        assert_eq!(run(&mut history, &room(7)).0.len(), 7);
        history.first(Duration::ZERO, 250, &[]);
        assert_eq!(run(&mut history, &[]).0.len(), 0);
    }

    #[test]
    fn only_messages_that_count_are_counted_and_what_lies_between_them_is_told() {
        let mut room = room(1_000);
        for (number, message) in room.iter_mut().enumerate() {
            if number % 100 != 0 {
                message.payload = chatroom_wire::Payload::Mute;
            }
        }
        let mut history = History::default();
        history.first(Duration::ZERO, 3, &[Kind::Text]);
        let (ids, _) = run(&mut history, &room);
        assert_eq!(ids, (700..1_000).map(|number| format!("{number:06}")).collect::<Vec<_>>());
        history.first(Duration::ZERO, 3, &[Kind::Sticker]);
        assert_eq!(run(&mut history, &room).0.len(), 1_000, "all that is there, where not enough of it counts");
        history.first(Duration::ZERO, 0, &[Kind::Text]);
        assert_eq!(run(&mut history, &room).0.len(), 0);
    }

    #[test]
    fn joining_without_history_tells_nothing_and_learns_where_the_room_stands() {
        let mut history = History::default();
        history.first(Duration::ZERO, 0, &[]);
        history.asked(CallId(0));
        let room = room(9);
        let progress = history.answered(Duration::ZERO, CallId(0), vec![room[8].clone()], true).unwrap();
        let newest = room[8].received_at;
        let known = Progress { untold: vec![room[8].clone()], floor: newest, newest, ..Progress::default() };
        assert_eq!(progress, Progress { done: true, confirmed: true, sure: newest, ..known });
    }

    #[test]
    fn a_catch_up_misses_nothing_between_pages_though_stamps_are_equal() {
        let mut history = History::default();
        let room = room(1_001);
        history.catch_up(Duration::ZERO, room[301].received_at.map(Time::just_before), None, 100_000);
        let (ids, gap) = run(&mut history, &room);
        assert_eq!(ids, (300..1_001).map(|number| format!("{number:06}")).collect::<Vec<_>>());
        assert_eq!(gap, None);
    }

    #[test]
    fn reads_on_behind_pages_that_are_not_full() {
        // Pairs share a stamp, so pages of two and three end among messages of one time.
        let room = room(1_001);
        for most in [2, 3, 7, 99] {
            let mut history = History::default();
            history.catch_up(Duration::ZERO, room[301].received_at.map(Time::just_before), None, 100_000);
            let (ids, gap) = run_in_pages_of(most, &mut history, &room);
            assert_eq!(ids, (300..1_001).map(|number| format!("{number:06}")).collect::<Vec<_>>(), "pages of {most}");
            assert_eq!(gap, None);
            history.first(Duration::ZERO, 250, &[]);
            let (ids, _) = run_in_pages_of(most, &mut history, &room);
            assert_eq!(ids, (751..1_001).map(|number| format!("{number:06}")).collect::<Vec<_>>(), "pages of {most}");
        }
    }

    #[test]
    fn a_catch_up_that_is_too_long_ends_in_a_gap() {
        let mut history = History::default();
        history.catch_up(Duration::ZERO, None, None, 300);
        let (ids, gap) = run(&mut history, &room(5_000));
        assert!(ids.len() >= 300 && ids.len() <= 400, "{}", ids.len());
        assert_eq!(gap, Some(GapReason::TooMuch(300)));
    }

    #[test]
    fn a_message_without_a_stamp_does_not_keep_a_read_going() {
        let mut history = History::default();
        let mut room = room(5);
        room[0].received_at = None;
        history.first(Duration::ZERO, 20, &[]);
        assert_eq!(run(&mut history, &room).0.len(), 5);
    }

    #[test]
    fn a_read_of_a_busy_room_ends_where_the_live_messages_begin() {
        let mut history = History::default();
        let room = room(5_000);
        history.catch_up(Duration::ZERO, None, None, 100_000);
        history.said(room[400].received_at, Duration::ZERO);
        let (ids, gap) = run(&mut history, &room);
        assert!(ids.len() > 400 && ids.len() < 600, "{}", ids.len());
        assert_eq!(gap, None);
    }

    #[test]
    fn a_page_full_of_one_stamp_is_a_gap_and_no_end() {
        let mut history = History::default();
        let mut room = room(300);
        let stamp = room[0].received_at;
        for message in &mut room {
            message.received_at = stamp;
        }
        history.catch_up(Duration::ZERO, None, None, 100_000);
        assert_eq!(run(&mut history, &room).1, Some(GapReason::NoProgress));
    }

    #[test]
    fn a_page_that_fails_again_and_again_is_given_up_with_its_reason() {
        let mut history = History::default();
        let mut random = Random::new(3);
        let mut now = Duration::ZERO;
        history.catch_up(Duration::ZERO, None, None, 300);
        for call in 0..u64::from(TRIES_TO_CATCH_UP) - 1 {
            assert!(history.wanted().is_some());
            history.asked(CallId(call));
            assert_eq!(history.failed(CallId(call), CallError::TimedOut, now, &mut random), None);
            assert!(history.wanted().is_none(), "not at once");
            now = history.deadline().unwrap();
            history.handle_timeout(now);
        }
        history.asked(CallId(99));
        let progress = history.failed(CallId(99), CallError::TimedOut, now, &mut random).unwrap();
        assert_eq!(progress.gap, Some(GapReason::HistoryFailed(CallError::TimedOut)));
        assert!(!history.is_reading());
    }

    #[test]
    fn an_answer_to_an_older_read_is_ignored() {
        let mut history = History::default();
        history.first(Duration::ZERO, 5, &[]);
        history.asked(CallId(1));
        history.cancel();
        history.catch_up(Duration::ZERO, None, None, 300);
        history.asked(CallId(2));
        assert_eq!(history.answered(Duration::ZERO, CallId(1), room(3), false), None);
    }
}
