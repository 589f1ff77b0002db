//! What moderators do, in a room in memory: as a test of a program that moderates would see it.

use chatroom_client::{
    CallError, Event, EventStream,
    memory::MemoryRoom,
    wire::{Kind, Message, Payload, rest::MessagesQuery},
};

use crate::{joined, message, next};

async fn kind(events: &mut EventStream, kind: Kind) -> Message {
    loop {
        let message = message(events).await;
        if message.kind() == kind {
            return message;
        }
    }
}

fn status(error: &CallError) -> u16 {
    match error {
        CallError::Status { status, .. } => *status,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_blocked_persons_messages_reach_that_person_alone() {
    let memory = MemoryRoom::new();
    let (host, mut seen_by_host) = memory.join_admin("host").build().unwrap();
    let (eve, mut seen_by_eve) = memory.join("eve").build().unwrap();
    joined(&mut seen_by_host).await;
    joined(&mut seen_by_eve).await;
    eve.deliver("before").await.unwrap();
    let said = kind(&mut seen_by_host, Kind::Text).await;
    host.block(&said.user).await.unwrap();
    host.block(&said.user).await.unwrap();
    eve.deliver("hidden").await.unwrap();
    host.unblock(said.user.id.as_ref().unwrap()).await.unwrap();
    eve.deliver("after").await.unwrap();
    let mut told = Vec::new();
    while told.last().is_none_or(|last| last != "after") {
        let next = message(&mut seen_by_host).await;
        told.push(next.text().map_or_else(|| next.kind().name().to_owned(), str::to_owned));
    }
    assert_eq!(told, ["INTERACTION_TYPE_BLOCK_USER", "INTERACTION_TYPE_UNBLOCK_USER", "after"]);
    let texts = |page: chatroom_client::wire::rest::MessagesPage| -> Vec<String> {
        page.messages.0.into_iter().flatten().filter_map(|message| message.text().map(str::to_owned)).collect()
    };
    let query = MessagesQuery::default();
    assert_eq!(texts(host.messages_page(&query).await.unwrap()), ["before", "after"]);
    assert_eq!(texts(eve.messages_page(&query).await.unwrap()), ["before", "hidden", "after"]);
}

#[tokio::test]
async fn a_deleted_message_is_unpinned_first_and_gone_from_the_history() {
    let memory = MemoryRoom::new();
    let (host, mut events) = memory.join_admin("host").name("Grace").build().unwrap();
    joined(&mut events).await;
    memory.say("ada", "look");
    let said = kind(&mut events, Kind::Text).await;
    host.pin(&said).await.unwrap();
    let id = said.id.clone().unwrap();
    host.delete(&id, said.received_at).await.unwrap();
    host.delete(&id, None).await.unwrap();
    let pinned = kind(&mut events, Kind::PinMessage).await;
    let Payload::PinMessage(pin) = &pinned.payload else { unreachable!("it is one") };
    assert_eq!((&*pin.message.text, &*pinned.user.custom_name), ("look", "Grace"));
    assert_eq!(pinned.user.id, Some("user-host".into()));
    kind(&mut events, Kind::UnpinMessage).await;
    loop {
        if let Event::MessageDeleted { id: deleted } = next(&mut events).await {
            break assert_eq!(deleted, id);
        }
    }
    let kinds: Vec<_> = memory.messages().iter().map(Message::kind).collect();
    assert_eq!(kinds, [Kind::PinMessage, Kind::UnpinMessage, Kind::DeleteMessage]);
    assert_eq!(status(&host.pin(&said).await.unwrap_err()), 404);
    assert_eq!(status(&host.delete(&"never there".into(), None).await.unwrap_err()), 404);
}

#[tokio::test]
async fn a_viewer_may_not_moderate() {
    let memory = MemoryRoom::new();
    memory.say("ben", "hello");
    let ada = memory.visitor(memory.token("ada"));
    let said = memory.messages().remove(0);
    for result in [
        ada.mute().await,
        ada.block(&said.user).await,
        ada.pin(&said).await,
        ada.delete(said.id.as_ref().unwrap(), None).await,
        ada.show_viewers(true).await,
        ada.create_poll(&chatroom_client::wire::poll::Poll::default()).await.map(drop),
    ] {
        assert_eq!(status(&result.unwrap_err()), 403);
    }
    assert!(ada.chatroom().await.is_ok() && memory.messages().len() == 1);
}

#[tokio::test]
async fn a_new_name_is_written_from_now_on() {
    let memory = MemoryRoom::new();
    let (room, mut events) = memory.join_admin("ada").build().unwrap();
    joined(&mut events).await;
    room.deliver("one").await.unwrap();
    room.rename("Ada L.").await.unwrap();
    room.deliver("two").await.unwrap();
    room.mute().await.unwrap();
    let names: Vec<_> = memory.messages().into_iter().map(|message| message.user.custom_name).collect();
    assert_eq!(names, ["ada", "Ada L.", "Ada L."]);
    let again = memory.visitor(memory.admin_token("ada"));
    assert_eq!(again.config().await.unwrap().user.custom_name, "Ada L.");
}

#[tokio::test]
async fn the_number_of_viewers_is_shown_or_not() {
    let memory = MemoryRoom::new();
    let (host, mut events) = memory.join_admin("host").build().unwrap();
    joined(&mut events).await;
    host.show_viewers(true).await.unwrap();
    while !host.state().viewer_info.as_ref().is_some_and(|info| info.enabled && info.count == 1) {
        next(&mut events).await;
    }
    host.show_viewers(false).await.unwrap();
    host.show_viewers(false).await.unwrap();
    let kinds: Vec<_> = memory.messages().iter().map(Message::kind).collect();
    assert_eq!(kinds, [Kind::ViewerInfoEnabled, Kind::ViewerInfoDisabled]);
}

#[tokio::test]
async fn a_call_of_a_session_that_has_ended_is_answered() {
    let memory = MemoryRoom::new();
    let (host, mut events) = memory.join_admin("host").build().unwrap();
    joined(&mut events).await;
    host.leave().await;
    assert_eq!(host.mute().await, Err(CallError::Ended));
    let (by_config, _events) =
        chatroom_client::Builder::with_config(memory.config("ada")).memory(&memory).build().unwrap();
    assert_eq!(by_config.chatroom().await, Err(CallError::NoToken));
}
