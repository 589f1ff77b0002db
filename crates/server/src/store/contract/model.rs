//! Changes of any kind in any order, against a plain model of a room.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    thread,
};

use chatroom_wire::{
    OptionId, PollId, User, UserId,
    poll::{Poll, PollOption, PollStatus},
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, subsequence},
    test_runner::TestRunner,
};
use tokio::runtime;

use super::*;
use crate::store::{RoomRecord, ViewerInfoRecord};

const PEOPLE: [&str; 3] = ["ada", "bob", "eve"];
const THINGS: [&str; 3] = ["a", "b", "c"];
const STATUSES: [PollStatus; 4] = [PollStatus::Queued, PollStatus::Active, PollStatus::Closed, PollStatus::Archived];

pub(crate) async fn any_changes_leave_what_a_plain_model_has(bed: &impl Bed) {
    let store = bed.open().await;
    make_dictionary(&store, "a").await;
    make_dictionary(&store, "b").await;
    // Each case waits for the store, so the cases have a thread and a runtime of their own.
    thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = runtime::Builder::new_current_thread().build().unwrap();
            let rooms = Cell::new(0);
            let mut runner =
                TestRunner::new(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() });
            let steps = vec((any::<bool>(), 0..90_u64, vec(a_change(), 0..14)), 0..12);
            let outcome = runner.run(&steps, |steps| {
                rooms.set(rooms.get() + 1);
                runtime.block_on(run(&store, &format!("r{}", rooms.get()), steps))
            });
            if let Err(error) = outcome {
                panic!("{error}");
            }
        });
    });
}

/// Each step is a change, or a message and the same message again; the store has what the model has after each.
async fn run(store: &impl Store, id: &str, steps: Vec<(bool, u64, Vec<Change>)>) -> Result<(), TestCaseError> {
    let new = NewRoom { id: id.into(), custom_counters: vec!["a".into(), "b".into()], created_at: at(0) };
    let record = store.create_room(new).await.unwrap();
    let mut model = Model { record, polls: Vec::new(), names: BTreeMap::new() };
    let room = model.record.id.clone();
    for (number, (alone, moment, changes)) in (100..).zip(steps) {
        let moment = if alone { moment } else { number };
        for change in &changes {
            model.apply(change, at(moment));
        }
        if alone {
            store.change(&room, changes, at(moment)).await.unwrap();
        } else {
            let message = with(text(&number.to_string(), number), changes);
            let answers = store.append(&room, vec![message.clone(), message]).await.unwrap();
            prop_assert_eq!(answers[1], Appended::Duplicate);
        }
        prop_assert_eq!(read(store, &room).await, model.record());
    }
    prop_assert_eq!(store.polls(&room, None, 100).await.unwrap(), model.polls());
    for person in PEOPLE {
        let name = store.name_of(&room, &person.into()).await.unwrap();
        prop_assert_eq!(name.as_ref(), model.names.get(&UserId::from(person)));
    }
    Ok(())
}

fn a_change() -> impl Strategy<Value = Change> {
    let person = || select(&PEOPLE[..]);
    let thing = || select(&THINGS[..]);
    let some = || subsequence(&THINGS[..], 0..=3);
    let a_poll = (select(&THINGS[..2]), subsequence(&THINGS[..], 1..=3), select(&STATUSES[..]), any::<i64>()).prop_map(
        |(id, options, status, claimed)| {
            let mut poll = poll(id, status);
            let option =
                |id: &&str| PollOption { id: Some(OptionId::from(*id)), votes_count: claimed, ..PollOption::default() };
            poll.multi_choice.options = options.iter().map(option).collect();
            Poll { votes_count: claimed, ..poll }
        },
    );
    let info = (any::<bool>(), any::<i64>(), any::<i64>(), proptest::option::of(0..90_u64));
    prop_oneof![
        1 => any::<bool>().prop_map(Change::Muted),
        1 => (person(), thing()).prop_map(|(id, name)| block(id, name)),
        1 => person().prop_map(|id| Change::Unblock(id.into())),
        1 => thing().prop_map(pin),
        1 => thing().prop_map(|id| Change::Unpin(id.into())),
        1 => thing().prop_map(|id| Change::Delete(id.into())),
        1 => info.prop_map(|(enabled, count, version, updated)| {
            Change::ViewerInfo(ViewerInfoRecord { enabled, count, version, updated_at: updated.map(at) })
        }),
        1 => (thing(), any::<i64>()).prop_map(|(key, by)| count(key, by)),
        1 => (person(), thing()).prop_map(|(user, name)| Change::Rename { user: user.into(), name: name.to_owned() }),
        1 => (person(), thing())
            .prop_map(|(user, name)| Change::AdminName(User { id: Some(user.into()), ..User::named(name) })),
        6 => a_poll.prop_map(Change::Poll),
        1 => thing().prop_map(|id| Change::DeletePoll(id.into())),
        16 => (person(), select(&THINGS[..2]), some()).prop_map(|(user, poll, options)| vote(user, poll, &options)),
        1 => (thing(), any::<bool>()).prop_map(|(id, used)| Change::Dictionary(id.into(), used)),
        1 => (thing(), any::<bool>()).prop_map(|(id, enabled)| Change::StickerPack(id.into(), enabled)),
    ]
}

/// A room as one would keep it without a store.
struct Model {
    record: RoomRecord,
    /// In the order in which they were made, with who chose what.
    polls: Vec<(Poll, BTreeMap<UserId, BTreeSet<OptionId>>)>,
    names: BTreeMap<UserId, String>,
}

impl Model {
    fn apply(&mut self, change: &Change, now: Timestamp) {
        let before = self.record.clone();
        let statuses = self.statuses();
        let record = &mut self.record;
        match change.clone() {
            Change::Muted(muted) => record.muted = muted,
            Change::Block(user) if record.blocked_users.iter().all(|other| other.id != user.id) => {
                record.blocked_users.push(user);
            }
            Change::Unblock(id) => record.blocked_users.retain(|user| user.id.as_ref() != Some(&id)),
            Change::Pin(pin) if record.pinned_messages.iter().all(|other| other.message.id != pin.message.id) => {
                record.pinned_messages.push(pin);
            }
            Change::Unpin(id) => record.pinned_messages.retain(|pin| pin.message.id.as_ref() != Some(&id)),
            Change::Block(_) | Change::Pin(_) | Change::Delete(_) => {}
            Change::ViewerInfo(info) => record.viewer_info = info,
            Change::Count { key, by } => {
                for counter in record.custom_counters.iter_mut().filter(|counter| counter.key == key) {
                    counter.value = counter.value.saturating_add(by);
                    counter.version += 1;
                    counter.updated_at = now;
                }
            }
            Change::Rename { user, name } => drop(self.names.insert(user, name)),
            Change::AdminName(user) if record.admins.contains(&user) => {}
            Change::AdminName(user) => record.admins.push(user),
            Change::Poll(poll) => match self.polls.iter_mut().find(|(other, _)| other.id == poll.id) {
                Some((other, _)) => *other = poll,
                None => self.polls.push((poll, BTreeMap::new())),
            },
            Change::DeletePoll(id) => self.polls.retain(|(poll, _)| poll.id.as_ref() != Some(&id)),
            Change::Vote { user, poll, options } => {
                let found = self.polls.iter_mut().find(|(other, _)| other.id.as_ref() == Some(&poll));
                if let Some((poll, votes)) = found {
                    let there = |id: &OptionId| poll.multi_choice.options.iter().any(|own| own.id.as_ref() == Some(id));
                    if !options.is_empty() && options.iter().all(there) {
                        votes.insert(user, options.into_iter().collect());
                    }
                }
            }
            Change::Dictionary(id, used) => {
                record.dictionaries.retain(|other| *other != id);
                if used && id.as_str() != "c" {
                    record.dictionaries.push(id);
                    record.dictionaries.sort();
                }
            }
            Change::StickerPack(id, enabled) => drop(record.sticker_packs.insert(id, enabled)),
        }
        let shown = |record: &RoomRecord| {
            (record.muted, record.blocked_users.clone(), record.pinned_messages.clone(), record.viewer_info.enabled)
        };
        if shown(&before) != shown(&self.record) || statuses != self.statuses() {
            self.record.updated_at = before.updated_at.max(now);
        }
    }

    fn statuses(&self) -> Vec<(Option<PollId>, PollStatus)> {
        self.polls.iter().map(|(poll, _)| (poll.id.clone(), poll.status)).collect()
    }

    fn record(&self) -> RoomRecord {
        let active_poll = self.polls().into_iter().find(|poll| poll.status == PollStatus::Active);
        RoomRecord { active_poll, ..self.record.clone() }
    }

    /// The newest first, counted.
    fn polls(&self) -> Vec<Poll> {
        let counted = |(poll, votes): &(Poll, BTreeMap<UserId, BTreeSet<OptionId>>)| {
            let mut poll = poll.clone();
            poll.votes_count = i64::try_from(votes.len()).unwrap();
            for option in &mut poll.multi_choice.options {
                let chosen = votes.values().filter(|chosen| chosen.contains(option.id.as_ref().unwrap()));
                option.votes_count = i64::try_from(chosen.count()).unwrap();
            }
            poll
        };
        self.polls.iter().rev().map(counted).collect()
    }
}
