//! Pages of a log.

use std::collections::BTreeSet;

use chatroom_wire::{
    Kind,
    rest::{MessagesQuery, PAGE_MAX},
};

use super::*;

pub(crate) async fn every_page_is_what_a_plain_list_would_give(bed: &impl Bed) {
    const KINDS: [Kind; 3] = [Kind::Text, Kind::Custom, Kind::Entrance];
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let other = make_room(&store, "other").await;
    // Stamps at even numbers, so that odd ones lie between.
    let list: Vec<NewMessage> =
        (0..7).map(|n| NewMessage { kind: KINDS[n % 3], ..text(&n.to_string(), 2 * n as u64) }).collect();
    store.append(&room, list.clone()).await.unwrap();
    store.append(&other, list.clone()).await.unwrap();

    let edges: Vec<Option<u64>> = std::iter::once(None).chain((0..14).map(Some)).collect();
    let filters: [&[Kind]; 4] =
        [&[], &[Kind::Text], &[Kind::Entrance, Kind::Text, Kind::Entrance], &[Kind::Mute, Kind::Unknown]];
    for &after in &edges {
        for &before in &edges {
            for types in filters {
                for limit in [None, Some(1), Some(3)] {
                    for from_oldest in [false, true] {
                        let query = MessagesQuery {
                            before_at: before.map(|n| Time::nanoseconds(at(n))),
                            after_at: after.map(|n| Time::nanoseconds(at(n))),
                            limit,
                            from_oldest,
                            types: types.to_vec(),
                        };
                        let expected = page_of_list(&list, &query);
                        let page = store.messages(&room, &"ada".into(), query.clone()).await.unwrap();
                        assert_eq!(numbers(&page), expected, "{query:?}");
                    }
                }
            }
        }
    }
}

pub(crate) async fn a_page_holds_at_most_a_hundred_whatever_is_asked(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, (1..=150).map(|n| text(&n.to_string(), n)).collect()).await.unwrap();
    for limit in [None, Some(0), Some(100), Some(101), Some(u16::MAX)] {
        let newest = MessagesQuery { limit, ..MessagesQuery::default() };
        assert_eq!(
            numbers(&store.messages(&room, &"ada".into(), newest).await.unwrap()),
            (51..=150).collect::<Vec<_>>()
        );
        let oldest = MessagesQuery { limit, from_oldest: true, types: vec![Kind::Text], ..MessagesQuery::default() };
        assert_eq!(
            numbers(&store.messages(&room, &"ada".into(), oldest).await.unwrap()),
            (1..=100).collect::<Vec<_>>()
        );
    }
    assert_eq!(PAGE_MAX, 100);
}

pub(crate) async fn paging_back_meets_each_message_once_while_new_ones_arrive(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, (1..=23).map(|n| text(&n.to_string(), n)).collect()).await.unwrap();
    let (mut met, mut before_at, mut next) = (Vec::new(), None, 24);
    loop {
        let query = MessagesQuery { before_at, limit: Some(5), ..MessagesQuery::default() };
        let page = store.messages(&room, &"ada".into(), query).await.unwrap();
        let Some(first) = page.first() else { break };
        before_at = Some(Time::nanoseconds(at(first.seq)));
        met.extend(numbers(&page).into_iter().rev());
        store.append(&room, vec![text(&next.to_string(), next)]).await.unwrap();
        next += 1;
    }
    assert_eq!(met, (1..=23).rev().collect::<Vec<_>>());
}

pub(crate) async fn paging_forward_meets_each_message_once_while_new_ones_arrive(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, (1..=23).map(|n| text(&n.to_string(), n)).collect()).await.unwrap();
    let (mut met, mut after_at, mut next) = (Vec::new(), None, 24);
    loop {
        let query = MessagesQuery { after_at, limit: Some(5), from_oldest: true, ..MessagesQuery::default() };
        let page = store.messages(&room, &"ada".into(), query).await.unwrap();
        let Some(last) = page.last() else { break };
        after_at = Some(Time::nanoseconds(at(last.seq)));
        met.extend(numbers(&page));
        if next <= 30 {
            store.append(&room, vec![text(&next.to_string(), next)]).await.unwrap();
            next += 1;
        }
    }
    assert_eq!(met, (1..=30).collect::<Vec<_>>());
}

fn page_of_list(list: &[NewMessage], query: &MessagesQuery) -> Vec<u64> {
    let types: BTreeSet<Kind> = query.types.iter().copied().collect();
    let fits = |message: &NewMessage| {
        query.before_at.is_none_or(|before| message.received_at < before.instant())
            && query.after_at.is_none_or(|after| message.received_at > after.instant())
            && (types.is_empty() || types.contains(&message.kind))
    };
    let fitting: Vec<u64> = (1..).zip(list).filter(|(_, message)| fits(message)).map(|(seq, _)| seq).collect();
    let limit = usize::from(query.limit.unwrap_or(PAGE_MAX)).min(fitting.len());
    if query.from_oldest { fitting[..limit].to_vec() } else { fitting[fitting.len() - limit..].to_vec() }
}
