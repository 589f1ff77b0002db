//! Presses of counters: many of them are one message, none is lost, and the totals are told.

use std::time::Duration;

use chatroom_session::{Delivery, End, Event, PressError};
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
