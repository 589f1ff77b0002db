//! Presses of counters: gathered for a while, so that a thousand of them are one message (docs/protocol.md, section E).

use std::{collections::BTreeMap, time::Duration};

use chatroom_wire::{MessageId, Time, chatroom::CustomCounter};
use serde_json::json;

/// The batch of a counter leaves when it has this many bytes: quotes in it are written with a backslash, and the rest of
/// the message wants a place too. The vendor's clients stop at 102,400.
const FULL: usize = 96 * 1024;
/// What a press without a text counts for, as the vendor's clients count.
const BARE: usize = 4;

/// Presses that have not gone out yet, and what is told of counters.
#[derive(Debug, Default)]
pub(crate) struct Presses {
    batches: BTreeMap<String, Batch>,
    /// What was told of each counter, and when; what has happened since.
    told: BTreeMap<String, Told>,
    /// The next telling.
    due: Option<Duration>,
    /// What each message that has not gone out yet stands for.
    queued: BTreeMap<MessageId, (String, i64)>,
}

#[derive(Debug, Default)]
struct Batch {
    since: Duration,
    count: i64,
    /// The elements of the array: only where a press came with a text.
    items: Vec<String>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Told {
    total: i64,
    /// Presses that have not gone out yet. The room's total may hold what has, whether or not an answer came.
    own: i64,
    /// Whether the room said what it has come to: before, nothing can be told of it.
    known: bool,
    changed: bool,
}

/// A batch that is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) key: String,
    pub(crate) count: i64,
    /// The array as text; empty where no press came with a text.
    pub(crate) value: String,
}

/// What a counter has come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) key: String,
    pub(crate) increment: i64,
    pub(crate) total: i64,
}

impl Presses {
    /// Takes one press; gives back the batch that is full with it.
    pub(crate) fn press(
        &mut self,
        now: Duration,
        tell_every: Duration,
        key: &str,
        value: Option<&str>,
        at: Time,
        id: &MessageId,
    ) -> Option<Full> {
        let batch = self.batches.entry(key.to_owned()).or_default();
        if batch.count == 0 {
            batch.since = now;
        }
        // A batch holds either texts or a bare number: a mixed one would be counted by its texts alone.
        let before = (batch.count > 0 && batch.items.is_empty() != value.is_none())
            .then(|| std::mem::replace(batch, Batch { since: now, ..Batch::default() }).full(key));
        batch.count += 1;
        match value {
            Some(value) => {
                let item = json!({ "id": id, "value": value, "sent_at": at }).to_string();
                batch.bytes += item.len() + item.matches(['"', '\\']).count() + 1;
                batch.items.push(item);
            }
            None => batch.bytes += BARE,
        }
        let told = self.told.entry(key.to_owned()).or_default();
        told.own += 1;
        told.changed = true;
        self.due.get_or_insert(now + tell_every);
        let full = (batch.bytes >= FULL).then(|| self.batches.remove(key).map(|batch| batch.full(key))).flatten();
        before.or(full)
    }

    /// The batches that were begun longer than `wait` ago.
    pub(crate) fn due(&mut self, now: Duration, wait: Duration) -> Vec<Full> {
        let due: Vec<String> =
            self.batches.iter().filter(|(_, batch)| batch.since + wait <= now).map(|(key, _)| key.clone()).collect();
        due.into_iter().filter_map(|key| self.batches.remove(&key).map(|batch| batch.full(&key))).collect()
    }

    /// All batches.
    pub(crate) fn all(&mut self) -> Vec<Full> {
        std::mem::take(&mut self.batches).into_iter().map(|(key, batch)| batch.full(&key)).collect()
    }

    /// A batch waits to go out as this message.
    pub(crate) fn queued(&mut self, id: MessageId, key: String, count: i64) {
        self.queued.insert(id, (key, count));
    }

    /// A message has gone out, or never will; it may be one of these.
    pub(crate) fn left(&mut self, id: &MessageId) {
        let Some((key, count)) = self.queued.remove(id) else { return };
        if let Some(told) = self.told.get_mut(&key) {
            told.own = told.own.saturating_sub(count).max(0);
        }
    }

    /// The room says what a counter has come to. What it was when it was first seen is nothing that is told.
    pub(crate) fn changed(&mut self, now: Duration, tell_every: Duration, counter: &CustomCounter) {
        let told = self.told.entry(counter.key.clone()).or_default();
        if !std::mem::replace(&mut told.known, true) {
            told.total = counter.value;
        }
        if told.total < counter.value.saturating_add(told.own) {
            told.changed = true;
            self.due.get_or_insert(now + tell_every);
        }
    }

    /// What has changed since it was told last, if it is time.
    pub(crate) fn totals(&mut self, now: Duration, counters: &[CustomCounter]) -> Vec<Tally> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = None;
        let mut totals = Vec::new();
        for (key, told) in self.told.iter_mut().filter(|(_, told)| told.known) {
            if !std::mem::take(&mut told.changed) {
                continue;
            }
            let known = counters.iter().find(|counter| counter.key == *key).map_or(0, |counter| counter.value);
            let total = known.saturating_add(told.own).max(told.total);
            if total > told.total {
                totals.push(Tally { key: key.clone(), increment: total - told.total, total });
                told.total = total;
            }
        }
        totals
    }

    /// When something is due; batches wait for the room.
    pub(crate) fn deadline(&self, wait: Duration, joined: bool) -> Option<Duration> {
        let batch = self.batches.values().map(|batch| batch.since + wait).min();
        [batch.filter(|_| joined), self.due].into_iter().flatten().min()
    }
}

impl Batch {
    fn full(self, key: &str) -> Full {
        let value = if self.items.is_empty() { String::new() } else { format!("[{}]", self.items.join(",")) };
        Full { key: key.to_owned(), count: self.count, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TELL: Duration = Duration::from_secs(2);
    const WAIT: Duration = Duration::from_secs(5);

    fn at() -> Time {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn second(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[test]
    fn presses_are_gathered_until_the_first_of_them_has_waited() {
        let mut presses = Presses::default();
        for now in 0..5 {
            assert_eq!(presses.press(second(now), TELL, "like", None, at(), &"i".into()), None);
        }
        assert!(presses.due(second(4), WAIT).is_empty());
        assert_eq!(presses.due(second(5), WAIT), [Full { key: "like".to_owned(), count: 5, value: String::new() }]);
        assert!(presses.due(second(99), WAIT).is_empty());
    }

    #[test]
    fn a_batch_of_texts_is_an_array_with_one_element_for_each() {
        let mut presses = Presses::default();
        presses.press(second(0), TELL, "cheer", Some("go \"reds\""), at(), &"i".into());
        presses.press(second(0), TELL, "cheer", Some("go blues"), at(), &"i".into());
        let [full] = &presses.all()[..] else { panic!("one batch") };
        let items: Vec<serde_json::Value> = serde_json::from_str(&full.value).unwrap();
        assert_eq!((full.count, items.len(), &items[0]["value"]), (2, 2, &"go \"reds\"".into()));
    }

    #[test]
    fn texts_and_bare_presses_do_not_share_a_batch() {
        let mut presses = Presses::default();
        assert_eq!(presses.press(second(0), TELL, "like", None, at(), &"i".into()), None);
        let before = presses.press(second(0), TELL, "like", Some("x"), at(), &"i".into()).unwrap();
        assert_eq!((before.count, before.value.as_str()), (1, ""));
        assert_eq!(presses.all()[0].count, 1);
    }

    #[test]
    fn a_full_batch_leaves_at_once_and_fits_a_message() {
        let mut presses = Presses::default();
        let text = "\"\\".repeat(200);
        let mut sent = 0;
        for _ in 0..2_000 {
            if let Some(full) = presses.press(second(0), TELL, "like", Some(&text), at(), &"i".into()) {
                sent += full.count;
                assert!(serde_json::to_string(&full.value).unwrap().len() < 102_000);
            }
        }
        assert_eq!(sent + presses.all()[0].count, 2_000);
    }

    #[test]
    fn totals_are_told_once_in_a_while_and_never_fall() {
        let counter = |value| CustomCounter { key: "like".to_owned(), value, ..CustomCounter::default() };
        let mut presses = Presses::default();
        presses.changed(second(0), TELL, &counter(10));
        presses.press(second(0), TELL, "like", None, at(), &"i".into());
        presses.press(second(1), TELL, "like", None, at(), &"i".into());
        assert!(presses.totals(second(1), &[counter(10)]).is_empty());
        let told = |increment, total| [Tally { key: "like".to_owned(), increment, total }];
        assert_eq!(presses.totals(second(2), &[counter(10)]), told(2, 12));
        presses.queued("m1".into(), "like".to_owned(), 2);
        presses.left(&"m1".into());
        presses.changed(second(3), TELL, &counter(12));
        assert!(presses.totals(second(5), &[counter(12)]).is_empty(), "nobody else pressed");
        presses.changed(second(6), TELL, &counter(15));
        assert_eq!(presses.totals(second(8), &[counter(15)]), told(3, 15));
    }
}
