//! A store that was closed.

use super::*;
use crate::store::contract::{clock_record, numbers};

#[tokio::test]
async fn after_a_close_a_copy_of_the_one_file_is_whole() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    for stamp in 1..=50 {
        store.append(&room, vec![text(&stamp.to_string(), stamp)]).await.unwrap();
        // So that there are readers, too.
        store.position(&room).await.unwrap();
    }
    let last = store.append(&room, vec![text("51", 51)]);
    store.keep_clock(clock_record(7)).await.unwrap();
    store.close().await;
    last.await.unwrap();
    let refused = store.append(&room, vec![text("52", 52)]).await.unwrap_err();
    assert_eq!(refused.to_string(), "the store can't take this now: the store is closed");
    assert!(store.position(&room).await.is_err());

    let copy = FileBed::new();
    fs::copy(bed.path(), copy.path()).unwrap();
    let copied = copy.open().await;
    assert_eq!(copied.found().clock, Some(clock_record(7)));
    assert_eq!(copied.found().newest, Some(at(51)));
    let page = copied.messages(&room, &"ada".into(), MessagesQuery::default()).await.unwrap();
    assert_eq!(numbers(&page), (1..=51).collect::<Vec<_>>());
    drop(store);
    assert_eq!(fs::read_dir(bed.dir.path()).unwrap().count(), 1, "nothing else is left");
}

#[tokio::test]
async fn a_store_that_is_dropped_is_closed_too() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![text("1", 1)]).await.unwrap();
    store.position(&room).await.unwrap();
    drop(store);
    assert_eq!(fs::read_dir(bed.dir.path()).unwrap().count(), 1);
}
