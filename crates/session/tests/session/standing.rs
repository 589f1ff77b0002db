//! How the room stands: as the service has it, in whatever order the news of it come.

use std::time::Duration;

use chatroom_session::CallError;
use chatroom_wire::{Message, Payload, Time, User, chatroom::CustomCounter, payload::BroadcastMessage};

use crate::world::{World, status};

const SECOND: Duration = Duration::from_secs(1);

fn said_at(world: &World, millisecond: u64, id: &str, payload: Payload) -> Message {
    let at = Some(Time::milliseconds(world.epoch + Duration::from_millis(millisecond)));
    Message { id: Some(id.into()), received_at: at, ..Message::new(User::named("host"), payload) }
}

#[test]
fn a_mute_that_comes_twice_does_not_undo_the_unmute_between() {
    let mut world = World::new();
    let ada = world.join();
    let mute = said_at(&world, 1, "m1", Payload::Mute);
    let unmute = said_at(&world, 2, "m2", Payload::Unmute);
    for message in [&mute, &unmute, &mute] {
        world.news(message);
    }
    assert!(!world.clients[ada].session.room().muted);
}

#[test]
fn an_unmute_that_comes_before_its_mute_is_the_last_word() {
    let mut world = World::new();
    let ada = world.join();
    world.news(&said_at(&world, 2, "m2", Payload::Unmute));
    world.news(&said_at(&world, 1, "m1", Payload::Mute));
    assert!(!world.clients[ada].session.room().muted);
}

#[test]
fn a_mute_that_the_history_brings_late_is_not_undone_by_what_is_known() {
    let mut world = World::new();
    world.numbered = false;
    let ada = world.join();
    world.faults.lose_deliveries = 1;
    world.publish(Message { id: Some("m1".into()), ..Message::new(User::named("host"), Payload::Unmute) });
    world.publish(Message { id: Some("m2".into()), ..Message::new(User::named("host"), Payload::Mute) });
    world.run_for(SECOND * 120);
    assert!(world.clients[ada].session.room().muted);
}

#[test]
fn a_state_that_could_not_be_read_is_read_later() {
    for trouble in [status(503), CallError::TimedOut] {
        let mut world = World::new();
        r#"{"id":"room","muted":true}"#.clone_into(&mut world.room);
        world.faults.room.extend([trouble.clone(), trouble]);
        let ada = world.join();
        assert_eq!(world.clients[ada].joins(), 1, "one can talk without it");
        world.run_for(SECOND * 120);
        assert!(world.clients[ada].session.room().muted);
    }
}

#[test]
fn a_state_that_is_refused_is_not_asked_for_again_and_again() {
    let mut world = World::new();
    world.faults.room.extend([status(403), status(403)]);
    world.join();
    world.run_for(SECOND * 600);
    assert_eq!(world.faults.room.len(), 1);
}

#[test]
fn a_state_that_was_asked_for_before_a_hole_is_asked_for_anew() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 60);
    world.faults.slow_room = true;
    world.cut(ada);
    world.run_for(SECOND * 10);
    world.said("0");
    // The answer is on its way, and knows nothing of what is lost now.
    r#"{"id":"room","custom_counters":[{"key":"like","value":9}]}"#.clone_into(&mut world.room);
    world.faults.slow_room = false;
    world.faults.lose_deliveries = 1;
    world.said("1");
    world.said("2");
    world.release();
    let counters: Vec<&CustomCounter> = world.clients[ada].session.room().counters.iter().collect();
    assert_eq!(counters.iter().map(|counter| counter.value).collect::<Vec<_>>(), [9]);
    assert_eq!(world.clients[ada].heard(), ["0", "1", "2"]);
}

#[test]
fn how_many_are_here_is_known_though_the_state_that_does_not_say_it_is_newer() {
    let mut world = World::new();
    world.run_for(SECOND);
    world.faults.slow_history = true;
    r#"{"id":"room","updated_at":"2026-01-01T00:00:01Z"}"#.clone_into(&mut world.room);
    let ada = world.join();
    let mut update = BroadcastMessage::default();
    update.viewer_metrics.concurrent.count = 5;
    world.news(&said_at(&world, 500, "b1", Payload::BroadcastUpdate(update)));
    world.release();
    let viewers = world.clients[ada].session.room().viewers.clone();
    assert_eq!(viewers.map(|viewers| viewers.concurrent.count), Some(5));
}

#[test]
fn a_mute_is_heard_however_much_is_said_while_the_state_is_read() {
    let mut world = World::new();
    world.faults.slow_room = true;
    let ada = world.join();
    for number in 0..10_001 {
        world.news(&Message { id: Some(number.to_string().into()), ..Message::text_by(User::named("bob"), "hi") });
    }
    world.news(&said_at(&world, 1, "m", Payload::Mute));
    world.release();
    assert!(world.clients[ada].session.room().muted);
}
