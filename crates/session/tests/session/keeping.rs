//! Own messages over the end of a program.

use std::time::Duration;

use chatroom_mqtt::ReasonCode;
use chatroom_session::{Delivery, Event, Input, Options};
use chatroom_wire::{Message, User};

use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

fn durable(world: &mut World) -> usize {
    let options: Options = world.durable();
    world.client(options)
}

#[test]
fn what_the_disk_refuses_was_not_taken_and_is_not_sent() {
    let mut world = World::new();
    let ada = durable(&mut world);
    world.faults.disk.push_back("no space left on device");
    let id = world.hand_over(ada, "lost");
    world.settle();
    let told = world.clients[ada].events.iter().any(
        |event| matches!(event, Event::NotKept { id: told, reason } if *told == id && reason.contains("no space")),
    );
    assert!(told);
    world.run_for(SECOND * 200);
    assert!(world.log.is_empty());
    assert_eq!(world.clients[ada].fate(&id), None, "it never began");
}

#[test]
fn what_is_delivered_is_not_kept() {
    let mut world = World::new();
    let ada = durable(&mut world);
    let id = world.send(ada, "0");
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
    assert_eq!(world.clients[ada].disk, []);
}

#[test]
fn what_a_program_was_told_is_queued_is_sent_by_the_next_one_in_order() {
    let mut world = World::new();
    let ada = durable(&mut world);
    world.faults.unreachable = true;
    world.cut(ada);
    let ids = ["a", "b", "c"].map(|text| world.send(ada, text));
    let ada = world.crash(ada);
    world.faults.unreachable = false;
    let last = world.send(ada, "d");
    world.run_for(SECOND * 60);
    for id in ids.iter().chain([&last]) {
        assert!(matches!(world.clients[ada].fate(id), Some(Delivery::Delivered { .. })));
    }
    assert_eq!(world.clients[ada].heard(), ["a", "b", "c", "d"]);
    assert_eq!(world.clients[ada].disk, []);
}

#[test]
fn what_had_arrived_when_the_program_died_is_found_and_not_said_again() {
    let mut world = World::new();
    let ada = durable(&mut world);
    world.said("before");
    world.faults.cut_after_store = 1;
    let id = world.send(ada, "there");
    let ada = world.crash(ada);
    world.run_for(SECOND * 60);
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
    assert_eq!((world.log.len(), world.publishes), (2, 1), "a service that knows no ids would say it twice");
    assert_eq!(world.clients[ada].heard(), ["there"], "others' messages were not asked for");
}

#[test]
fn what_is_too_old_at_the_next_start_is_not_sent_and_is_said_to_have_expired() {
    let mut world = World::new();
    let ada = durable(&mut world);
    world.faults.unreachable = true;
    world.cut(ada);
    let id = world.send(ada, "stale");
    world.epoch += SECOND * 3_600;
    let ada = world.crash(ada);
    world.faults.unreachable = false;
    world.run_for(SECOND * 30);
    assert_eq!(world.clients[ada].fate(&id), None, "the program before may have sent it a moment ago");
    world.run_for(SECOND * 90);
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Expired));
    assert!(world.log.is_empty());
    assert_eq!(world.clients[ada].disk, []);
}

#[test]
fn a_refusal_is_told_only_when_the_disk_has_forgotten_the_message() {
    let mut world = World::new();
    let ada = durable(&mut world);
    world.faults.puback.push_back((ReasonCode::NOT_AUTHORIZED, None));
    let id = world.hand_over(ada, "no");
    world.faults.slow_disk_from = Some(1);
    world.settle();
    assert_eq!(world.clients[ada].fate(&id), None, "the next program might send it yet");
    world.close(ada);
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Rejected(_))));
}

#[test]
fn a_last_word_for_which_the_disk_has_no_room_is_written_and_told_when_it_has() {
    let mut world = World::new();
    let ada = durable(&mut world);
    world.run_for(SECOND * 60);
    world.faults.unreachable = true;
    world.cut(ada);
    let id = world.send(ada, "no");
    world.faults.unreachable = false;
    world.faults.puback.push_back((ReasonCode::NOT_AUTHORIZED, None));
    world.faults.disk.extend(["no space left on device"; 2]);
    world.input(ada, Input::Retry);
    for _ in 0..2 {
        assert_eq!((world.clients[ada].fate(&id), world.clients[ada].disk.len()), (None, 1));
        world.run_for(SECOND * 5);
    }
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Rejected(_))));
    assert_eq!((world.clients[ada].disk.len(), world.publishes), (0, 1), "it is not sent again meanwhile");
}

#[test]
fn an_echo_that_comes_before_the_last_word_is_on_the_disk_makes_it_void() {
    let mut world = World::new();
    world.numbered = false;
    let ada = durable(&mut world);
    world.faults.swallow = true;
    let id = world.send(ada, "slow");
    world.faults.slow_disk_from = Some(1);
    world.run_for(SECOND * 20);
    assert_eq!(world.clients[ada].fate(&id), None, "that it is unconfirmed is not on the disk yet");
    world.publish(Message { id: Some(id.clone()), ..Message::text_by(User::named("ada"), "slow") });
    world.settle();
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
    world.faults.slow_disk_from = None;
    world.release();
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
    assert_eq!(world.clients[ada].disk, []);
}

#[test]
fn what_is_of_yesterday_has_expired_as_soon_as_the_history_was_read() {
    let mut world = World::new();
    let ada = durable(&mut world);
    world.faults.unreachable = true;
    world.cut(ada);
    let id = world.send(ada, "stale");
    world.epoch += SECOND * 86_400;
    world.faults.unreachable = false;
    let ada = world.crash(ada);
    world.run_for(SECOND * 10);
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Expired));
    assert!(world.log.is_empty());
}

#[test]
fn a_session_that_ends_keeps_what_waits() {
    let mut world = World::new();
    let ada = durable(&mut world);
    world.faults.unreachable = true;
    world.cut(ada);
    let id = world.send(ada, "later");
    world.close(ada);
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Kept));
    assert_eq!(world.clients[ada].disk.len(), 1);
}

#[test]
fn what_the_disk_has_not_answered_for_at_the_end_does_not_come_back() {
    let mut world = World::new();
    let ada = durable(&mut world);
    world.faults.slow_disk_from = Some(0);
    let id = world.hand_over(ada, "too late");
    world.close(ada);
    assert!(
        world.clients[ada].events.iter().any(|event| matches!(event, Event::NotKept { id: told, .. } if *told == id))
    );
    assert_eq!(world.clients[ada].disk, []);
}
