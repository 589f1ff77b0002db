//! Messages that not everybody sees, or nobody any more.

use chatroom_wire::UserId;

use super::*;

pub(crate) async fn what_is_deleted_is_in_no_page_and_its_id_stays_taken(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![text("a", 1), text("b", 2)]).await.unwrap();
    let deletion = with(text("c", 3), [Change::Delete("a".into())]);
    assert_eq!(store.append(&room, vec![deletion]).await.unwrap(), [stored(3)]);
    assert_eq!(numbers(&all(&store, &room).await), [2, 3]);
    assert_eq!(store.message(&room, &"a".into()).await.unwrap(), None);
    assert_eq!(store.message(&room, &"b".into()).await.unwrap().map(|message| message.seq), Some(2));
    assert_eq!(store.author_of(&room, &"a".into()).await.unwrap(), Some("ada".into()));
    assert_eq!(store.author_of(&room, &"nothing".into()).await.unwrap(), None);
    assert_eq!(store.append(&room, vec![text("a", 4)]).await.unwrap(), [Appended::Duplicate]);
    assert_eq!(numbers(&all(&store, &room).await), [2, 3]);
}

pub(crate) async fn what_is_for_its_author_alone_is_in_no_page_of_others(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![text("a", 1), hidden("b", 2), text("c", 3), hidden("d", 4)]).await.unwrap();
    for kinds in [vec![], vec![Kind::Text]] {
        for from_oldest in [false, true] {
            let query = MessagesQuery { types: kinds.clone(), from_oldest, ..MessagesQuery::default() };
            let page = |reader: &str| store.messages(&room, &UserId::from(reader), query.clone());
            assert_eq!(numbers(&page("ada").await.unwrap()), [1, 3]);
            let own = page("eve").await.unwrap();
            assert_eq!(numbers(&own), [1, 2, 3, 4]);
            assert_eq!((own[0].audience, own[1].audience), (Audience::Everyone, Audience::Author));
        }
    }
    let found = store.message(&room, &"b".into()).await.unwrap().unwrap();
    assert_eq!(found.audience, Audience::Author);
}

pub(crate) async fn a_page_is_full_however_much_of_the_log_is_hidden(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let log: Vec<NewMessage> = (0..900)
        .map(|number: u64| match number % 3 {
            1 => hidden(&number.to_string(), number),
            _ => text(&number.to_string(), number),
        })
        .collect();
    store.append(&room, log).await.unwrap();
    let deletions = (0..300_u64).map(|number| Change::Delete((number * 3 + 2).to_string().as_str().into())).collect();
    store.change(&room, deletions, at(2_000)).await.unwrap();
    let query = MessagesQuery { limit: Some(100), ..MessagesQuery::default() };
    let page = store.messages(&room, &"ada".into(), query).await.unwrap();
    assert_eq!(page.len(), 100, "a short page would mean that there is no more");
    let all: Vec<u64> = numbers(&all(&store, &room).await);
    assert_eq!(all, (0..300).map(|number| number * 3 + 1).collect::<Vec<u64>>());
}

pub(crate) async fn what_is_hidden_and_deleted_is_gone_for_its_author_too(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![hidden("a", 1), hidden("b", 2)]).await.unwrap();
    change(&store, &room, [Change::Delete("a".into()), Change::Delete("a".into())]).await;
    let own = store.messages(&room, &"eve".into(), MessagesQuery::default()).await.unwrap();
    assert_eq!(numbers(&own), [2]);
    assert_eq!(store.message(&room, &"a".into()).await.unwrap(), None);
    assert_eq!(store.append(&room, vec![hidden("a", 3)]).await.unwrap(), [Appended::Duplicate]);
    let taken = NewMessage { user: "ada".into(), ..text("a", 3) };
    assert_eq!(store.append(&room, vec![taken]).await.unwrap(), [Appended::IdTaken]);
}

pub(crate) async fn every_reader_pages_through_all_that_they_see_and_no_more(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let log = (1..=90_u64).map(|number| {
        let id = number.to_string();
        let message = if number % 5 < 2 { hidden(&id, number) } else { text(&id, number) };
        NewMessage { kind: if number.is_multiple_of(4) { Kind::Custom } else { Kind::Text }, ..message }
    });
    store.append(&room, log.collect()).await.unwrap();
    let deletions = (1..=12).map(|number| Change::Delete((7 * number).to_string().into()));
    change(&store, &room, deletions).await;
    for (reader, limit) in [("ada", 1), ("ada", 7), ("eve", 1), ("eve", 7)] {
        for types in [vec![], vec![Kind::Text], vec![Kind::Text, Kind::Custom]] {
            let in_sight = |number: &u64| {
                !number.is_multiple_of(7)
                    && (reader == "eve" || number % 5 >= 2)
                    && (types.len() != 1 || !number.is_multiple_of(4))
            };
            for from_oldest in [false, true] {
                let mut query =
                    MessagesQuery { limit: Some(limit), from_oldest, types: types.clone(), ..MessagesQuery::default() };
                let mut met = Vec::new();
                loop {
                    let page = numbers(&store.messages(&room, &reader.into(), query.clone()).await.unwrap());
                    if from_oldest {
                        query.after_at = page.last().map(|number| Time::nanoseconds(at(*number)));
                    } else {
                        query.before_at = page.first().map(|number| Time::nanoseconds(at(*number)));
                    }
                    met.extend_from_slice(&page);
                    if page.len() < usize::from(limit) {
                        break;
                    }
                }
                met.sort_unstable();
                assert_eq!(met, (1..=90).filter(in_sight).collect::<Vec<u64>>(), "{reader} {types:?}");
            }
        }
    }
}
