//! What is told: once, in order, and without silent holes.

use std::time::Duration;

use chatroom_mqtt::ReasonCode;
use chatroom_session::{Access, CallError, Event, GapReason, Options};
use chatroom_wire::{Message, User};

use crate::world::{World, config};

const SECOND: Duration = Duration::from_secs(1);

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn the_history_before_joining_comes_first_and_in_order() {
    let mut world = World::new();
    for number in 0..250 {
        world.said(&number.to_string());
    }
    let mut options = Options::new(world.access());
    options.history = 120;
    let ada = world.client(options);
    world.said("250");
    assert_eq!(world.clients[ada].heard(), numbers(130..251));
    world.clients[ada].assert_once_and_in_order(&world.log);
}

#[test]
fn without_history_nothing_of_the_past_is_told() {
    let mut world = World::new();
    world.said("old");
    let ada = world.join();
    world.said("new");
    assert_eq!(world.clients[ada].heard(), ["new"]);
}

#[test]
fn what_was_said_during_an_interruption_is_told_once_and_in_order() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 60);
    world.said("0");
    world.cut(ada);
    for number in 1..500 {
        world.said(&number.to_string());
    }
    world.run_for(SECOND * 10);
    world.said("500");
    assert_eq!(world.clients[ada].heard(), numbers(0..501));
    assert_eq!(world.clients[ada].gaps(), 0);
}

#[test]
fn an_empty_room_at_joining_leaves_no_hole_after_an_interruption() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 60);
    world.cut(ada);
    world.said("0");
    world.run_for(SECOND * 10);
    assert_eq!(world.clients[ada].heard(), ["0"]);
}

#[test]
fn deliveries_that_come_twice_are_told_once() {
    let mut world = World::new();
    world.faults.double = true;
    let ada = world.join();
    for number in 0..50 {
        world.said(&number.to_string());
    }
    assert_eq!(world.clients[ada].heard(), numbers(0..50));
}

#[test]
fn a_hole_in_the_numbers_is_filled_from_the_history_before_anything_newer_is_told() {
    let mut world = World::new();
    let ada = world.join();
    world.said("0");
    world.faults.lose_deliveries = 3;
    for number in 1..6 {
        world.said(&number.to_string());
    }
    assert_eq!(world.clients[ada].heard(), numbers(0..6));
    assert_eq!(world.clients[ada].gaps(), 0);
}

#[test]
fn a_hole_is_filled_though_an_announcement_without_a_number_came_after_it() {
    let mut world = World::new();
    let ada = world.join();
    world.said("0");
    world.faults.lose_deliveries = 1;
    world.said("1");
    world.run_for(SECOND * 10);
    world.announce("eve");
    world.run_for(SECOND * 10);
    world.said("2");
    assert_eq!(world.clients[ada].heard(), numbers(0..3));
    assert_eq!(world.clients[ada].gaps(), 0);
}

#[test]
fn a_hole_that_comes_while_the_history_is_read_is_filled_by_a_second_read() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 60);
    world.said("0");
    world.disconnect(ada, ReasonCode::SERVER_BUSY);
    world.faults.slow_history = true;
    while world.clients[ada].links.is_empty() {
        world.run_for(Duration::from_millis(100));
    }
    world.release();
    // The last page is on its way, and knows nothing of what follows.
    world.faults.lose_deliveries = 1;
    world.said("1");
    world.said("2");
    assert_eq!(world.clients[ada].heard(), numbers(0..1));
    world.faults.slow_history = false;
    world.release();
    assert_eq!(world.clients[ada].heard(), numbers(0..3));
    assert_eq!(world.clients[ada].gaps(), 0);
}

#[test]
fn a_hole_that_comes_while_the_first_read_goes_on_is_filled_by_a_second_read() {
    for history in [0, 10] {
        let mut world = World::new();
        world.said("0");
        world.faults.slow_history = true;
        let mut options = Options::new(world.access());
        options.history = history;
        let ada = world.client(options);
        // The first page is on its way, and knows nothing of what follows.
        world.faults.lose_deliveries = 1;
        world.said("1");
        world.said("2");
        world.release_one();
        assert_eq!(world.clients[ada].joins(), 0, "nobody has joined who misses something");
        world.faults.slow_history = false;
        world.release();
        let first = usize::from(history == 0);
        assert_eq!((world.clients[ada].heard(), world.clients[ada].joins()), (numbers(first..3), 1));
        assert_eq!(world.clients[ada].gaps(), 0);
    }
}

#[test]
fn a_look_for_lost_messages_that_fails_is_no_gap_and_is_made_again() {
    let mut world = World::new();
    world.numbered = false;
    let ada = world.join();
    world.said("0");
    world.faults.lose_deliveries = 1;
    world.said("1");
    world.faults.history.extend([const { CallError::TimedOut }; 3]);
    world.run_for(SECOND * 120);
    assert_eq!(world.clients[ada].heard(), ["0", "1"]);
    assert_eq!(world.clients[ada].gaps(), 0);
}

#[test]
fn without_numbers_a_lost_delivery_is_found_by_reading_again() {
    let mut world = World::new();
    world.numbered = false;
    let ada = world.join();
    world.said("0");
    world.faults.lose_deliveries = 1;
    world.said("1");
    assert_eq!(world.clients[ada].heard(), ["0"]);
    world.run_for(SECOND * 40);
    assert_eq!(world.clients[ada].heard(), ["0", "1"]);
}

#[test]
fn a_service_with_numbers_is_not_asked_again_and_again() {
    let mut world = World::new();
    world.join();
    world.said("0");
    let before = world.history_calls.len();
    world.run_for(SECOND * 600);
    assert_eq!(world.history_calls.len(), before);
}

#[test]
fn a_hole_that_can_t_be_filled_is_shown() {
    let mut world = World::new();
    let ada = world.join();
    world.said("0");
    world.faults.lose_deliveries = 1;
    world.faults.history.extend([const { CallError::TimedOut }; 8]);
    world.said("1");
    world.said("2");
    world.run_for(SECOND * 60);
    assert_eq!(world.clients[ada].heard(), ["0", "2"]);
    let gap = world.clients[ada].events.iter().find_map(|event| match event {
        Event::Gap(gap) => Some(gap.clone()),
        _ => None,
    });
    let gap = gap.expect("the hole is told");
    assert_eq!(gap.reason, GapReason::HistoryFailed(CallError::TimedOut));
    assert_eq!((gap.after, gap.before), (world.log[0].received_at, world.log[2].received_at));
}

#[test]
fn with_a_config_alone_an_interruption_is_a_gap() {
    let mut world = World::new();
    let ada = world.client(Options::new(Access::Config(Box::new(config()))));
    world.said("0");
    world.run_for(SECOND * 60);
    world.cut(ada);
    world.said("1");
    world.run_for(SECOND * 10);
    world.said("2");
    assert_eq!(world.clients[ada].heard(), ["0", "2"]);
    assert_eq!(world.clients[ada].gaps(), 1);
}

#[test]
fn one_bad_element_does_not_take_its_neighbours_with_it() {
    let mut world = World::new();
    let ada = world.join();
    let payload =
        br#"[{"type":"INTERACTION_TYPE_TEXT","text_message":{"text":"a"},"id":"1"}, 7, {"type":"FUTURE","id":"2"},
        {"type":"INTERACTION_TYPE_TEXT","text_message":{"text":"b"},"id":"3"}]"#;
    let packet = chatroom_mqtt::encode_publish(crate::world::SUB, payload, &[]).unwrap();
    world.received(ada, packet);
    assert_eq!(world.clients[ada].heard(), ["a", "b"]);
    let unreadable = world.clients[ada].events.iter().filter(|event| matches!(event, Event::Unreadable(_))).count();
    assert_eq!(unreadable, 1);
    assert_eq!(world.clients[ada].session.messages().count(), 3, "an unknown type is kept");
}

#[test]
fn a_deleted_message_is_gone_and_does_not_return_with_the_history() {
    let mut world = World::new();
    let ada = world.join();
    world.said("0");
    world.run_for(SECOND * 60);
    world.delete(&"x-0".into());
    world.cut(ada);
    world.run_for(SECOND * 10);
    assert_eq!(world.clients[ada].heard(), ["0"]);
    let gone = world.clients[ada].events.iter().filter(|event| matches!(event, Event::MessageDeleted { .. })).count();
    assert_eq!(gone, 1);
    assert!(world.clients[ada].session.messages().all(|message| message.text().is_none()));
}

#[test]
fn custom_messages_are_told_like_texts() {
    let mut world = World::new();
    let ada = world.join();
    world.custom("wave");
    let told = world.clients[ada].events.iter().any(
        |event| matches!(event, Event::MessageAdded { message, .. } if message.kind() == chatroom_wire::Kind::Custom),
    );
    assert!(told);
}

#[test]
fn what_is_said_while_a_long_history_is_read_waits_its_turn() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 60);
    world.said("0");
    world.disconnect(ada, ReasonCode::SERVER_BUSY);
    for number in 1..1_500 {
        world.said(&number.to_string());
    }
    // The first page fails once, so that live messages come while the catch-up is under way.
    world.faults.history.push_back(CallError::TimedOut);
    while world.clients[ada].links.is_empty() {
        world.run_for(Duration::from_millis(100));
    }
    world.said("1500");
    assert_eq!(world.clients[ada].heard(), numbers(0..1));
    world.run_for(SECOND * 10);
    assert_eq!(world.clients[ada].heard(), numbers(0..1_501));
}

#[test]
fn a_late_message_is_marked() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 2);
    world.said("0");
    let late = Message {
        id: Some("late".into()),
        received_at: "2026-01-01T00:00:01Z".parse().ok(),
        ..Message::text_by(User::named("eve"), "late")
    };
    let payload = chatroom_wire::envelope::encode(&late);
    let packet = chatroom_mqtt::encode_publish(crate::world::SUB, &payload, &[]).unwrap();
    world.received(ada, packet);
    let marked = world.clients[ada].events.iter().any(
        |event| matches!(event, Event::MessageAdded { message, late: true, .. } if message.text() == Some("late")),
    );
    assert!(marked);
    let texts: Vec<_> = world.clients[ada].session.messages().filter_map(Message::text).collect();
    assert_eq!(texts, ["late", "0"]);
}
