//! The room in memory is the room in the store, whatever changes.

use std::collections::BTreeMap;

use chatroom_wire::{
    PollId,
    payload::{PinUnpin, PinnedMessage},
    poll::{MultiChoice, Poll, PollOption, PollStatus},
};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::{
    rules::Standing,
    store::{DictionaryStore as _, NewDictionary, ViewerInfoRecord},
};

/// Makes changes that make sense, out of numbers.
#[derive(Default)]
struct Moderator {
    polls: BTreeMap<usize, PollStatus>,
}

impl Moderator {
    fn change(&mut self, (what, which, on): (u8, usize, bool), at: Timestamp) -> Change {
        let name = format!("n{which}");
        match what {
            0 => Change::Muted(on),
            1 if on => Change::Block(User { id: Some(name.clone().into()), ..User::named(name) }),
            1 => Change::Unblock(name.into()),
            2 if on => {
                let message = PinnedMessage { id: Some(name.clone().into()), text: name, ..PinnedMessage::default() };
                Change::Pin(PinUnpin { message, ..PinUnpin::default() })
            }
            2 => Change::Unpin(name.into()),
            3 => Change::ViewerInfo(ViewerInfoRecord {
                enabled: on,
                count: i64::try_from(which).unwrap(),
                version: at.as_second(),
                updated_at: Some(at),
            }),
            4 => Change::Count { key: if which == 0 { name } else { "like".to_owned() }, by: i64::MAX / 3 },
            5 => Change::Dictionary(name.into(), on),
            6 => Change::StickerPack(name.into(), on),
            7 if on => Change::AdminName(User { id: Some("ada".into()), ..User::named(name) }),
            7 => Change::Rename { user: "ada".into(), name },
            8 => {
                Change::Vote { user: name.into(), poll: "p0".into(), options: vec![if on { "a" } else { "b" }.into()] }
            }
            _ => self.poll(which, on),
        }
    }

    /// The next step in a poll's life.
    fn poll(&mut self, which: usize, on: bool) -> Change {
        let id = PollId::from(format!("p{which}"));
        let nobody = self.polls.values().all(|status| *status != PollStatus::Active);
        let status = match self.polls.get(&which) {
            None => PollStatus::Queued,
            Some(PollStatus::Queued) if nobody => PollStatus::Active,
            Some(PollStatus::Queued) => PollStatus::Queued,
            Some(PollStatus::Active) => PollStatus::Closed,
            Some(_) if on => PollStatus::Archived,
            Some(_) => {
                self.polls.remove(&which);
                return Change::DeletePoll(id);
            }
        };
        self.polls.insert(which, status);
        let option = |id: &str| PollOption { id: Some(id.into()), text: id.to_owned(), ..PollOption::default() };
        let multi_choice =
            MultiChoice { question: "?".to_owned(), options: vec![option("a"), option("b")], ..MultiChoice::default() };
        Change::Poll(Poll { id: Some(id), status, multi_choice, ..Poll::default() })
    }
}

async fn run(steps: Vec<(u8, usize, bool)>) {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let room = RoomId::from(ROOM);
    let store = SqliteStore::in_memory().unwrap();
    let new = NewRoom { id: room.clone(), custom_counters: vec!["like".to_owned()], created_at: start };
    let mut standing = Standing::new(store.create_room(new).await.unwrap());
    for id in ["n0", "n1", "n2"] {
        let dictionary = NewDictionary { id: id.into(), name: String::new(), description: String::new(), at: start };
        store.create_dictionary(dictionary).await.unwrap();
    }
    let mut moderator = Moderator::default();
    for (step, numbers) in steps.into_iter().enumerate() {
        let at = start + i64::try_from(step + 1).unwrap().seconds();
        let change = moderator.change(numbers, at);
        if step % 2 == 0 {
            store.change(&room, vec![change.clone()], at).await.unwrap();
        } else {
            let message = NewMessage {
                id: step.to_string().into(),
                user: "ada".into(),
                kind: Kind::Text,
                received_at: at,
                json: Bytes::from_static(b"{}"),
                audience: Audience::Everyone,
                changes: vec![change.clone()],
            };
            store.append(&room, vec![message]).await.unwrap();
        }
        standing.apply(&change, at);
        if matches!(change, Change::Poll(_) | Change::DeletePoll(_)) {
            standing = Standing::new(store.room(&room).await.unwrap().unwrap());
        }
        let active = standing.record().active_poll.as_ref().and_then(|poll| poll.id.clone());
        if let Some(id) = active {
            standing.count_votes(store.poll(&room, &id).await.unwrap().unwrap());
        }
        let stored = store.room(&room).await.unwrap().unwrap();
        assert_eq!(*standing.record(), stored, "after {change:?}");
        assert_eq!(standing, Standing::new(stored));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_change_does_in_memory_what_it_does_in_the_store(
        steps in proptest::collection::vec((0u8..12, 0usize..3, any::<bool>()), 1..60),
    ) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run(steps));
    }
}
