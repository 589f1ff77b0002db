//! Presses of counters: many of them are one message, none is lost, and the totals are told.

use std::time::Duration;

use chatroom_mqtt::ReasonCode;
use chatroom_session::{Delivery, End, Event, Options, PressError};
use chatroom_wire::{Message, Payload, User, chatroom::CustomCounter};

use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

fn world() -> World {
    let mut world = World::new();
    r#"{"id":"room","custom_counters":[{"key":"like","value":7},{"key":"old","disabled":true}]}"#
        .clone_into(&mut world.room);
    world
}

/// The presses of each message in the room's log.
fn counted(world: &World) -> Vec<i64> {
    let presses = |message: &Message| match &message.payload {
        Payload::Custom(custom) => custom.incr.as_ref().map(|incr| incr.value),
        _ => None,
    };
    world.log.iter().filter_map(presses).collect()
}

fn totals(world: &World, client: usize) -> Vec<(i64, i64)> {
    let total = |event: &Event| match event {
        Event::Counted { increment, total, .. } => Some((*increment, *total)),
        _ => None,
    };
    world.clients[client].events.iter().filter_map(total).collect()
}

#[test]
fn a_thousand_presses_are_one_message() {
    let mut world = world();
    let ada = world.join();
    world.press(ada, "like", 1_000);
    world.run_for(SECOND * 4);
    assert!(counted(&world).is_empty());
    world.run_for(SECOND * 2);
    assert_eq!(counted(&world), [1_000]);
    assert_eq!(totals(&world, ada), [(1_000, 1_007)]);
}

#[test]
fn presses_wait_for_the_room_and_are_counted_once_over_a_lost_link() {
    let mut world = world();
    world.faults.unreachable = true;
    let ada = world.join();
    world.press(ada, "like", 10);
    world.run_for(SECOND * 30);
    assert!(counted(&world).is_empty());
    world.faults.unreachable = false;
    world.faults.cut_after_store = 1;
    world.run_for(SECOND * 120);
    assert_eq!(counted(&world), [10]);
}

#[test]
fn who_leaves_sends_its_presses_first() {
    let mut world = world();
    let ada = world.join();
    world.press(ada, "like", 3);
    world.close(ada);
    assert_eq!(counted(&world), [3]);
    assert!(matches!(world.clients[ada].events.last(), Some(Event::Ended(End::Left))));
}

#[test]
fn a_farewell_does_not_wait_for_ever() {
    let mut world = world();
    let ada = world.join();
    world.faults.half_open = true;
    world.press(ada, "like", 3);
    world.close(ada);
    assert!(!matches!(world.clients[ada].events.last(), Some(Event::Ended(_))));
    world.run_for(SECOND * 3);
    let events = &world.clients[ada].events;
    assert!(matches!(events.last(), Some(Event::Ended(End::Left))));
    let unconfirmed = |event: &Event| matches!(event, Event::DeliveryChanged { delivery: Delivery::Unconfirmed, .. });
    assert!(events.iter().any(unconfirmed), "what became of the presses is told");
}

#[test]
fn a_counter_that_is_not_there_or_counts_no_more_takes_no_press() {
    let mut world = world();
    let ada = world.join();
    let now = world.now();
    for key in ["love", "old"] {
        let refused = world.clients[ada].session.press(now, key, None);
        assert_eq!(refused, Err(PressError::NoSuchCounter(key.to_owned())));
    }
}

#[test]
fn what_others_press_is_told_in_totals_too() {
    let mut world = world();
    let ada = world.join();
    for value in [8, 9, 20] {
        let counter = CustomCounter { key: "like".to_owned(), value, ..CustomCounter::default() };
        let update = Payload::CustomCounterUpdate(counter);
        world.publish(Message { id: Some(format!("c{value}").into()), ..Message::new(User::named("System"), update) });
        world.settle();
        world.run_for(SECOND / 2);
    }
    world.run_for(SECOND * 5);
    assert_eq!(totals(&world, ada), [(13, 20)]);
}

/// A client whose outbox takes so few messages, in a room with two counters. The first message is refused for now.
fn crowded(outbox: usize) -> (World, usize) {
    let mut world = World::new();
    r#"{"id":"room","custom_counters":[{"key":"like"},{"key":"love"}]}"#.clone_into(&mut world.room);
    let mut options = Options::new(world.access());
    options.limits.outbox = outbox;
    let ada = world.client(options);
    world.press(ada, "like", 3);
    world.press(ada, "love", 4);
    world.faults.puback.push_back((ReasonCode::QUOTA_EXCEEDED, Some(30_000)));
    world.send(ada, "too fast");
    (world, ada)
}

#[test]
fn presses_that_were_taken_are_not_lost_in_an_outbox_that_has_filled_since() {
    for outbox in [1, 2] {
        let (mut world, _) = crowded(outbox);
        world.run_for(SECOND * 60);
        assert_eq!(counted(&world), [3, 4], "room for {outbox}");
    }
}

#[test]
fn who_leaves_with_a_full_outbox_is_told_what_became_of_its_presses() {
    let (mut world, ada) = crowded(1);
    world.close(ada);
    world.run_for(SECOND * 10);
    let is_press = |message: &Message| matches!(&message.payload, Payload::Custom(_));
    let told = |event: &&Event| matches!(event, Event::MessageAdded { message, .. } if is_press(message));
    assert_eq!(world.clients[ada].events.iter().filter(told).count(), 2);
}

#[test]
fn who_leaves_waits_for_presses_that_became_a_message_before() {
    let mut world = world();
    let ada = world.join();
    world.press(ada, "like", 3);
    world.faults.puback.push_back((ReasonCode::QUOTA_EXCEEDED, Some(1_000)));
    world.run_for(SECOND * 5);
    assert!(counted(&world).is_empty(), "the server was asked too fast");
    world.close(ada);
    world.run_for(SECOND * 5);
    assert_eq!(counted(&world), [3]);
    assert!(matches!(world.clients[ada].events.last(), Some(Event::Ended(End::Left))));
}

/// The service tells what a counter has come to.
fn told(world: &mut World, value: i64) {
    let counter = CustomCounter { key: "like".to_owned(), value, ..CustomCounter::default() };
    world.news(&Message::new(User::named("System"), Payload::CustomCounterUpdate(counter)));
}

#[test]
fn a_total_counts_no_press_twice_though_its_echo_is_lost() {
    let mut world = world();
    let ada = world.join();
    world.press(ada, "like", 10);
    world.run_for(SECOND * 4);
    world.faults.lose_deliveries = 1;
    world.run_for(SECOND * 2);
    assert_eq!(counted(&world), [10]);
    told(&mut world, 17);
    world.press(ada, "like", 1);
    world.run_for(SECOND * 3);
    assert_eq!(totals(&world, ada), [(10, 17), (1, 18)]);
}

#[test]
fn what_others_press_is_told_while_own_presses_wait() {
    let mut world = world();
    let ada = world.join();
    world.press(ada, "like", 10);
    world.run_for(SECOND * 5 / 2);
    told(&mut world, 10);
    world.run_for(SECOND * 2);
    assert_eq!(totals(&world, ada), [(10, 17), (3, 20)]);
}

#[test]
fn a_total_is_told_once_the_room_has_said_where_the_counter_stands() {
    let mut world = world();
    world.faults.unreachable = true;
    let ada = world.join();
    world.press(ada, "like", 10);
    world.run_for(SECOND * 20);
    assert_eq!(totals(&world, ada), []);
    world.faults.unreachable = false;
    world.run_for(SECOND * 120);
    told(&mut world, 18);
    world.run_for(SECOND * 5);
    assert_eq!(totals(&world, ada).iter().map(|(increment, _)| increment).sum::<i64>(), 11);
    assert_eq!(totals(&world, ada).last().map(|(_, total)| *total), Some(18));
}
