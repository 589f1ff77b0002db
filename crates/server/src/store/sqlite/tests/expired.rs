//! What has expired is in no answer, whether it is pruned by now or not.

use std::sync::{Arc, Mutex};

use chatroom_wire::{
    Kind, Message, Payload, User, envelope,
    payload::{PinUnpin, PinnedMessage},
};

use super::*;
use crate::store::contract::{hidden, numbers};

#[tokio::test]
async fn what_was_received_before_the_horizon_is_in_no_answer() {
    let horizon = Arc::new(Mutex::new(None));
    let asked = Arc::clone(&horizon);
    let bed = FileBed::new();
    let store = bed.open().await.hide_before(move || *asked.lock().unwrap());
    let room = make_room(&store, "r").await;
    let quote = PinnedMessage { id: Some("2".into()), text: "a secret".to_owned(), ..PinnedMessage::default() };
    let pin = Payload::PinMessage(PinUnpin { message: quote, ..PinUnpin::default() });
    let json = envelope::encode(&Message::new(User::named("boss"), pin)).into();
    let pin = NewMessage { kind: Kind::PinMessage, json, ..text("4", 4) };
    store.append(&room, vec![hidden("1", 1), text("2", 2), text("3", 3), pin]).await.unwrap();
    let page = async |query: MessagesQuery| store.messages(&room, &"eve".into(), query).await.unwrap();
    for (before, wanted) in [(None, vec![1, 2, 3, 4]), (Some(at(2)), vec![2, 3, 4]), (Some(at(3)), vec![3, 4])] {
        *horizon.lock().unwrap() = before;
        let kinds = MessagesQuery { types: vec![Kind::Text, Kind::PinMessage], ..MessagesQuery::default() };
        let oldest = MessagesQuery { from_oldest: true, ..MessagesQuery::default() };
        for query in [MessagesQuery::default(), kinds, oldest] {
            let page = page(query).await;
            assert_eq!(numbers(&page), wanted);
            let quoted = str::from_utf8(&page.last().unwrap().json).unwrap().contains("a secret");
            assert_eq!(quoted, before < Some(at(3)), "a quote goes with its message");
        }
        let one = store.message(&room, &"2".into()).await.unwrap();
        assert_eq!(one.is_some(), before < Some(at(3)));
    }
    *horizon.lock().unwrap() = Some(at(99));
    assert_eq!(page(MessagesQuery::default()).await, []);
}
