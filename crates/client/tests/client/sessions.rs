//! Sessions in a room in memory: the handle, the events and the driver between them.

use std::time::Duration;

use chatroom_client::{
    BuildError, Builder, Cause, DeliverError, Delivery, End, Event, Lagged, LinkError, SendError, memory::MemoryRoom,
    wire::Token,
};
use chatroom_testkit::within;
use tokio::time::{Instant, sleep};

use crate::{ended, interrupted, joined, message, next};

#[tokio::test]
async fn two_members_see_all_that_is_said_in_the_same_order() {
    let memory = MemoryRoom::new();
    let (ada, mut seen_by_ada) = memory.join("ada").build().unwrap();
    let (ben, mut seen_by_ben) = memory.join("ben").build().unwrap();
    joined(&mut seen_by_ada).await;
    joined(&mut seen_by_ben).await;
    for turn in 0..20 {
        ada.deliver(format!("ada {turn}")).await.unwrap();
        ben.deliver(format!("ben {turn}")).await.unwrap();
    }
    let said: Vec<_> = memory.messages().into_iter().map(|message| message.id).collect();
    assert_eq!(said.len(), 40);
    for (room, events) in [(&ada, &mut seen_by_ada), (&ben, &mut seen_by_ben)] {
        let mut told = Vec::new();
        while told.len() < 40 {
            told.push(message(events).await.id);
        }
        assert_eq!(told, said);
        let kept: Vec<_> = room.messages().await.into_iter().map(|message| message.id).collect();
        assert_eq!(kept, said);
    }
}

#[tokio::test]
async fn a_message_sent_before_the_room_is_joined_is_delivered_once_it_is() {
    let memory = MemoryRoom::new();
    let (room, mut events) = memory.join("ada").build().unwrap();
    let id = room.send("early").await.unwrap();
    assert_eq!(message(&mut events).await.id.as_ref(), Some(&id), "the local echo");
    loop {
        if let Event::DeliveryChanged { id: changed, delivery: Delivery::Delivered { .. }, .. } =
            next(&mut events).await
        {
            break assert_eq!(changed, id);
        }
    }
    assert_eq!(memory.messages()[0].user.custom_name, "ada");
}

#[tokio::test]
async fn what_becomes_of_a_message_does_not_depend_on_reading_events() {
    let memory = MemoryRoom::new();
    let (room, events) = memory.join("ada").events(1).build().unwrap();
    room.deliver("nobody reads").await.unwrap();
    drop(events);
    let receipt = room.deliver("nobody ever will").await.unwrap();
    assert_eq!(memory.messages()[1].id.as_ref(), Some(&receipt.id));
}

#[tokio::test]
async fn many_messages_may_be_on_their_way_at_once_and_arrive_in_their_order() {
    let memory = MemoryRoom::new();
    let (room, _events) = memory.join("ada").build().unwrap();
    let mut pending = Vec::new();
    for number in 0..200 {
        pending.push(room.submit(number.to_string()).await.unwrap());
    }
    for one in pending {
        assert!(matches!(within("a delivery", one).await, Delivery::Delivered { .. }));
    }
    let texts: Vec<_> = memory.messages().iter().map(|message| message.text().unwrap().to_owned()).collect();
    assert_eq!(texts, (0..200).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_slow_reader_is_told_how_much_was_left_out_and_gets_the_rest() {
    let memory = MemoryRoom::new();
    let (room, mut events) = memory.join("ada").events(4).build().unwrap();
    for number in 0..10 {
        room.deliver(number.to_string()).await.unwrap();
    }
    let Lagged(left_out) = within("the gap", events.next()).await.unwrap().unwrap_err();
    assert!(left_out >= 1 + 10 * 2 - 4, "joined, and each message added and delivered: {left_out}");
    assert_eq!(message(&mut events).await.text(), Some("9"));
    room.leave().await;
    assert_eq!(ended(&mut events).await, End::Left);
}

#[tokio::test]
async fn dropping_the_last_handle_leaves_the_room() {
    let memory = MemoryRoom::new();
    let (room, mut events) = memory.join("ada").build().unwrap();
    let second = room.clone();
    joined(&mut events).await;
    drop(room);
    second.deliver("still here").await.unwrap();
    drop(second);
    assert_eq!(ended(&mut events).await, End::Left);
    assert_eq!(memory.connections(), 0);
}

#[tokio::test]
async fn leaving_says_goodbye_and_ends_every_handle() {
    let memory = MemoryRoom::new();
    let (room, mut events) = memory.join("ada").build().unwrap();
    joined(&mut events).await;
    let other = room.clone();
    within("the end", room.leave()).await;
    assert_eq!(memory.connections(), 0);
    assert_eq!(other.send("?").await, Err(SendError::Ended));
    assert_eq!(other.deliver("?").await, Err(DeliverError::Send(SendError::Ended)));
    assert!(other.messages().await.is_empty());
    within("a second time", other.leave()).await;
    assert_eq!(ended(&mut events).await, End::Left);
}

#[tokio::test]
async fn a_message_that_waits_as_the_session_ends_gets_its_last_word() {
    let memory = MemoryRoom::new();
    let (room, _events) = Builder::with_token(Token::new("no jwt")).memory(&memory).build().unwrap();
    // Either the end comes first, or the message; it never hangs.
    let error = within("an answer", room.deliver("hello?")).await.unwrap_err();
    assert!(matches!(error, DeliverError::Send(SendError::Ended) | DeliverError::Failed { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn after_an_interruption_the_session_returns_and_tells_what_was_said_meanwhile() {
    let memory = MemoryRoom::new();
    let (room, mut events) = memory.join("ada").build().unwrap();
    joined(&mut events).await;
    memory.say("ben", "before");
    assert_eq!(message(&mut events).await.text(), Some("before"));
    memory.interrupt();
    assert_eq!(interrupted(&mut events).await, Cause::Link(LinkError::Closed));
    memory.say("ben", "meanwhile");
    room.send("mine").await.unwrap();
    assert_eq!(message(&mut events).await.text(), Some("mine"));
    assert_eq!(message(&mut events).await.text(), Some("meanwhile"));
    while !matches!(next(&mut events).await, Event::Joined { first: false, .. }) {}
    sleep(Duration::from_secs(60)).await;
    let texts: Vec<_> = memory.messages().iter().map(|message| message.text().unwrap().to_owned()).collect();
    assert_eq!(texts, ["before", "meanwhile", "mine"]);
}

#[tokio::test(start_paused = true)]
async fn retry_ends_the_wait_at_once() {
    let memory = MemoryRoom::new();
    let (room, mut events) = memory.join("ada").build().unwrap();
    joined(&mut events).await;
    sleep(Duration::from_secs(600)).await;
    memory.interrupt();
    interrupted(&mut events).await;
    let then = Instant::now();
    room.retry();
    joined(&mut events).await;
    assert_eq!(then.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn the_state_of_the_room_is_followed() {
    let memory = MemoryRoom::new();
    let (room, mut events) = memory.join("ada").build().unwrap();
    let (host, _) = Builder::with_token(memory.admin_token("host")).memory(&memory).build().unwrap();
    joined(&mut events).await;
    assert!(!room.state().muted);
    memory.mute();
    while !matches!(next(&mut events).await, Event::RoomChanged(_)) {}
    assert!(room.state().muted);
    let error = room.deliver("me too").await.unwrap_err();
    assert!(matches!(error, DeliverError::Failed { delivery: Delivery::Rejected(_), .. }), "{error:?}");
    host.deliver("a moderator may").await.unwrap();
    memory.unmute();
    while !matches!(next(&mut events).await, Event::RoomChanged(_)) {}
    room.deliver("thanks").await.unwrap();
}

#[tokio::test]
async fn a_config_alone_is_enough_to_join() {
    let memory = MemoryRoom::new();
    let builder = Builder::with_config(memory.config("ada")).memory(&memory);
    let (room, _events) = builder.build().unwrap();
    room.deliver("hi").await.unwrap();
    assert_eq!(memory.messages()[0].user.custom_name, "ada");
}

#[tokio::test]
async fn a_second_session_with_the_same_client_id_takes_over() {
    let memory = MemoryRoom::new();
    let config = memory.config("ada");
    let (_first, mut events) = Builder::with_config(config.clone()).memory(&memory).build().unwrap();
    joined(&mut events).await;
    let (second, _) = Builder::with_config(config).memory(&memory).build().unwrap();
    second.deliver("mine now").await.unwrap();
    assert_eq!(ended(&mut events).await, End::TakenOver);
}

#[tokio::test]
async fn a_token_that_the_room_does_not_know_is_not_authorized() {
    let stranger = MemoryRoom::new().token("eve");
    let (_room, mut events) = Builder::with_token(stranger).memory(&MemoryRoom::new()).build().unwrap();
    assert!(matches!(ended(&mut events).await, End::NotAuthorized(_)));
}

#[test]
fn without_a_runtime_there_is_no_session() {
    let memory = MemoryRoom::new();
    assert!(matches!(memory.join("ada").build(), Err(BuildError::NoRuntime)));
}

#[tokio::test]
async fn what_can_not_be_used_is_said_before_anything_is_dialled() {
    let builder = |api| Builder::with_token(Token::new("a.b.c")).api(api);
    let refusal = |builder: Builder| builder.build().err().unwrap().to_string();
    assert!(refusal(builder("chat.example")).starts_with("the URL of the service can't be used"));
    assert_eq!(refusal(builder("http://chat.example")), "http://chat.example is neither encrypted nor on this machine");
    assert_eq!(refusal(builder("https://chat.example").ca_file("/nowhere/ca.pem")), "/nowhere/ca.pem can't be read");
    assert_eq!(
        refusal(builder("https://chat.example").add_ca_pem(b"none")),
        "the added PEM can't be used as authorities to trust: it holds no certificate in PEM"
    );
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(refusal(builder("https://chat.example").add_ca_pem(broken)).starts_with("the added PEM can't be used"));
}
