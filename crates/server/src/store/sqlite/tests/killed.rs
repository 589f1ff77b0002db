//! A store that was never closed: the process was killed, or the power went.

use std::path::Path;

use chatroom_wire::poll::PollStatus;

use super::*;
use crate::store::contract::{count, numbers, poll, read, room_with_counter, vote, with};

/// Each message of the log changes something in the same commit.
const MESSAGES: u64 = 30;

#[tokio::test]
async fn all_that_was_answered_is_there_after_a_kill() {
    let (bed, store, room) = at_work().await;
    let copy = bed.as_left_by_a_kill(None);
    let record = read(&store, &room).await;
    let reopened = copy.open().await;
    assert_eq!(read(&reopened, &room).await, record);
    assert_eq!(reopened.position(&room).await.unwrap(), store.position(&room).await.unwrap());
    let polls = reopened.polls(&room, None, 9).await.unwrap();
    assert_eq!(polls, store.polls(&room, None, 9).await.unwrap());
    assert_eq!(polls[0].votes_count, i64::try_from(MESSAGES).unwrap());
    let next = text("next", 1_000);
    assert_eq!(
        reopened.append(&room, vec![text("1", 1), next]).await.unwrap(),
        [Appended::Duplicate, stored(MESSAGES + 1)]
    );
}

#[tokio::test]
async fn a_write_that_was_cut_off_is_there_whole_or_not_at_all() {
    let (bed, _store, room) = at_work().await;
    let log = fs::metadata(bed.log()).unwrap().len();
    let mut lengths = Vec::new();
    for part in 0..=40 {
        let copy = bed.as_left_by_a_kill(Some(log * part / 40));
        let store = copy.open().await;
        let page = numbers(&store.messages(&room, &"ada".into(), MessagesQuery::default()).await.unwrap());
        let length = u64::try_from(page.len()).unwrap();
        assert_eq!(page, (1..=length).collect::<Vec<_>>());
        assert_eq!(store.position(&room).await.unwrap().seq, length);
        let (record, length) = (read(&store, &room).await, i64::try_from(length).unwrap());
        assert_eq!(record.custom_counters[0].value, length);
        assert_eq!(record.active_poll.unwrap().votes_count, length);
        assert_eq!(record.blocked_users.len(), page.len());
        lengths.push(page.len());
    }
    assert!(lengths.is_sorted());
    assert_eq!((lengths[0], lengths[40]), (0, usize::try_from(MESSAGES).unwrap()));
}

/// A store in the middle of its life: opened before, and written to since, one commit after the other.
async fn at_work() -> (FileBed, SqliteStore, RoomId) {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = room_with_counter(&store).await;
    store.change(&room, vec![Change::Poll(poll("p", PollStatus::Active))], at(0)).await.unwrap();
    drop(store);
    let store = bed.open().await;
    for number in 1..=MESSAGES {
        let user = format!("u{number}");
        let changes = [count("likes", 1), vote(&user, "p", &["a"]), crate::store::contract::block(&user, "x")];
        let message = with(text(&number.to_string(), number), changes);
        assert_eq!(store.append(&room, vec![message]).await.unwrap(), [stored(number)]);
    }
    (bed, store, room)
}

impl FileBed {
    pub(super) fn log(&self) -> PathBuf {
        self.dir.path().join("chatroom.db-wal")
    }

    /// A copy of the files as they are on the disk now, the write-ahead log no longer than this.
    pub(super) fn as_left_by_a_kill(&self, log: Option<u64>) -> Self {
        let copy = Self::new();
        fs::copy(self.path(), copy.path()).unwrap();
        fs::copy(self.log(), copy.log()).unwrap();
        if let Some(length) = log {
            cut(&copy.log(), length);
        }
        copy
    }
}

fn cut(path: &Path, length: u64) {
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}
