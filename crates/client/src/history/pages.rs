//! Which page comes next, and what in it is new.

use std::{cmp::Ordering, collections::BTreeSet};

use chatroom_wire::{
    Kind, Message, MessageId, Time,
    envelope::Element,
    rest::{MessagesQuery, PAGE_MAX},
};
use serde_json::Value;

use super::{From, HistoryError};

#[derive(Debug)]
pub(super) struct Pages {
    from: From,
    pub(super) types: Vec<Kind>,
    pub(super) after: Option<Time>,
    pub(super) before: Option<Time>,
    size: u16,
    /// The outermost time that was read.
    edge: Option<Time>,
    bound: Bound,
    /// What a page that begins at the edge may bring again.
    seen: BTreeSet<(Option<Time>, Key)>,
    /// How much a page has held at most: the service may give less than it is asked for.
    largest: usize,
    /// Where a page was full of what was known.
    crowd: Option<Time>,
    goal: Goal,
    ended: bool,
}

/// How a page's bound stands to the edge. Tried in this order until something new comes.
#[derive(Debug, Clone, Copy)]
enum Bound {
    /// A step before: brings what bears the time of the edge, whether the bound is inclusive or not.
    Overlapping,
    /// At the edge: leads on if a full page came a step before, and the bound is exclusive …
    Meeting,
    /// … or a step behind, if it is inclusive.
    Beyond,
}

/// Where a stream that goes forwards ends.
#[derive(Debug)]
enum Goal {
    /// Where nothing new comes: there is much to read yet.
    Far,
    /// At the newest message, which is to be asked for.
    Asked,
    /// At this one.
    At(Time, Key),
    /// Where nothing new comes: the service does not tell better.
    Unknown,
}

/// What tells a message from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Id(MessageId),
    /// Without an id, all of it.
    Whole(String),
}

struct Entry {
    at: Option<Time>,
    key: Key,
    element: Element,
}

impl Pages {
    pub(super) fn new(from: From) -> Self {
        Self {
            from,
            types: Vec::new(),
            after: None,
            before: None,
            size: PAGE_MAX,
            edge: None,
            bound: Bound::Overlapping,
            seen: BTreeSet::new(),
            largest: 0,
            crowd: None,
            goal: Goal::Far,
            ended: false,
        }
    }

    pub(super) fn set_size(&mut self, messages: u16) {
        self.size = messages.clamp(1, PAGE_MAX);
    }

    /// There is nobody left to ask.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// What to ask for; nothing after the end. The same until an answer is taken.
    pub(super) fn query(&self) -> Option<MessagesQuery> {
        let bounded = MessagesQuery {
            before_at: self.before,
            after_at: self.after,
            limit: Some(self.limit()),
            from_oldest: matches!(self.from, From::Oldest),
            types: self.types.clone(),
        };
        let edge = self.edge.map(|edge| match self.bound {
            Bound::Overlapping => self.inwards(edge),
            Bound::Meeting => edge,
            Bound::Beyond => self.outwards(edge),
        });
        match (&self.goal, self.from) {
            _ if self.ended => None,
            (Goal::Asked, _) => Some(MessagesQuery { limit: Some(1), from_oldest: false, ..bounded }),
            (_, From::Newest) => Some(MessagesQuery { before_at: edge.or(self.before), ..bounded }),
            (_, From::Oldest) => Some(MessagesQuery { after_at: edge.or(self.after), ..bounded }),
        }
    }

    /// Takes the answer to [`Pages::query`]: what in it is new, in the stream's order.
    pub(super) fn take(&mut self, elements: Vec<Element>) -> Vec<Result<Message, HistoryError>> {
        let entries = sorted(elements);
        if matches!(self.goal, Goal::Asked) {
            let newest = entries.into_iter().last();
            self.goal = newest.and_then(|entry| Some(Goal::At(entry.at?, entry.key))).unwrap_or(Goal::Unknown);
            self.end_at_goal();
            return Vec::new();
        }
        let (count, limit) = (entries.len(), usize::from(self.limit()));
        let fresh = entries.iter().any(|entry| !self.seen.contains(&(entry.at, entry.key.clone())));
        if !fresh {
            return self.nothing_new(&entries, count >= limit.min(self.largest));
        }
        let mut items = Vec::new();
        items.extend(self.crowd.take().map(|at| Err(HistoryError::Crowded(at))));
        let outermost = match self.from {
            From::Newest => entries.first(),
            From::Oldest => entries.last(),
        };
        self.edge = outermost.and_then(|entry| entry.at).or(self.edge);
        self.bound = Bound::Overlapping;
        self.largest = self.largest.max(count);
        let known = std::mem::take(&mut self.seen);
        let page = entries.iter().map(|entry| (entry.at, entry.key.clone()));
        let seam = known.iter().filter(|(at, _)| self.at_edge(*at)).cloned();
        self.seen = page.chain(seam).collect();
        let new = entries.into_iter().filter(|entry| !known.contains(&(entry.at, entry.key.clone())));
        let wanted = new.filter(|entry| entry.at.is_none_or(|at| self.wants(at)));
        let told = wanted.map(|entry| entry.element.map_err(HistoryError::Unreadable));
        match self.from {
            From::Newest => items.extend(told.rev()),
            From::Oldest => items.extend(told),
        }
        if self.edge.is_none() {
            // Without a single time there is nothing by which to ask for more.
            self.ended = true;
            items.push(Err(HistoryError::NoProgress));
        }
        if matches!((self.from, &self.goal, self.before), (From::Oldest, Goal::Far, None)) && count < limit {
            self.goal = Goal::Asked;
        }
        self.end_at_goal();
        items
    }

    fn nothing_new(&mut self, entries: &[Entry], full: bool) -> Vec<Result<Message, HistoryError>> {
        // A page may end early, by its size, so an empty one alone shows that there are no more.
        if entries.is_empty() {
            self.ended = true;
            return Vec::new();
        }
        // Times on the near side of the edge show that the bound is inclusive, and that it may lead on from the edge. One
        // message alone is no crowd: a page holds at least two where there are two.
        if (full || entries.len() > 1) && entries.iter().all(|entry| entry.at == self.edge) {
            self.crowd = self.edge.filter(|edge| self.wants(*edge));
        }
        match self.bound {
            Bound::Overlapping => self.bound = Bound::Meeting,
            Bound::Meeting => self.bound = Bound::Beyond,
            Bound::Beyond => {
                self.ended = true;
                // A service that minds no bounds, and said all that it has.
                return if full { vec![Err(HistoryError::NoProgress)] } else { Vec::new() };
            }
        }
        Vec::new()
    }

    fn end_at_goal(&mut self) {
        if let (Goal::At(goal, key), Some(edge)) = (&self.goal, self.edge) {
            // Others may bear the time of the newest one, and a page may have ended among them.
            let read = self.seen.iter().any(|(_, seen)| seen == key);
            self.ended |= edge.instant() > goal.instant() || (edge.instant() == goal.instant() && read);
        }
    }

    /// As many as are wanted, and those that a page brings again.
    fn limit(&self) -> u16 {
        let again = self.seen.iter().filter(|(at, _)| self.at_edge(*at)).count();
        u16::try_from(again).unwrap_or(PAGE_MAX).saturating_add(self.size).min(PAGE_MAX)
    }

    fn at_edge(&self, at: Option<Time>) -> bool {
        let (Some(at), Some(edge)) = (at, self.edge) else { return at == self.edge };
        let (at, inner) = (at.instant(), self.inwards(edge).instant());
        match self.from {
            From::Newest => (edge.instant()..=inner).contains(&at),
            From::Oldest => (inner..=edge.instant()).contains(&at),
        }
    }

    /// Whether the caller's bounds, which are exclusive, allow it.
    fn wants(&self, at: Time) -> bool {
        self.after.is_none_or(|after| at.instant() > after.instant())
            && self.before.is_none_or(|before| at.instant() < before.instant())
    }

    /// A step back to what was read.
    fn inwards(&self, time: Time) -> Time {
        match self.from {
            From::Newest => time.just_after(),
            From::Oldest => time.just_before(),
        }
    }

    /// A step on.
    fn outwards(&self, time: Time) -> Time {
        match self.from {
            From::Newest => time.just_before(),
            From::Oldest => time.just_after(),
        }
    }
}

/// The elements by their times; one without a time stays beside its neighbour.
fn sorted(elements: Vec<Element>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = elements.into_iter().map(Entry::of).collect();
    let first = entries.iter().find_map(|entry| entry.at);
    let mut last = first;
    for entry in &mut entries {
        entry.at = entry.at.or(last);
        last = entry.at;
    }
    entries.sort_by(Entry::place);
    entries
}

impl Entry {
    fn of(element: Element) -> Self {
        let (at, id) = match &element {
            Ok(message) => (message.received_at, message.id.clone()),
            Err(bad) => {
                let fields: Value = bad.raw.parse().unwrap_or_default();
                let text = |name: &str| fields.get(name).and_then(Value::as_str);
                (text("received_at").and_then(|at| at.parse().ok()), text("id").map(MessageId::from))
            }
        };
        let whole = || match &element {
            // What was read can be written.
            Ok(message) => serde_json::to_string(message).unwrap_or_default(),
            Err(bad) => bad.raw.as_str().to_owned(),
        };
        Self { at, key: id.map_or_else(|| Key::Whole(whole()), Key::Id), element }
    }

    fn place(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at).then_with(|| self.key.cmp(&other.key))
    }
}
