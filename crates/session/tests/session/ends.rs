//! Own messages and presses: that they end, and with the right word.

use std::time::Duration;

use chatroom_mqtt::ReasonCode;
use chatroom_session::{Delivery, Event, Input, LinkError, Options, Rejection};
use chatroom_wire::{Message, MessageId, Payload, Time, User};
use jiff::SignedDuration;

use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

fn texts(world: &World) -> Vec<&str> {
    world.log.iter().filter_map(Message::text).collect()
}

#[test]
fn a_session_whose_echoes_are_given_no_time_does_not_spin() {
    let mut world = World::new();
    world.faults.swallow = true;
    let mut options = Options::new(world.access());
    options.limits.echo = Duration::ZERO;
    let ada = world.client(options);
    world.faults.slow_history = true;
    world.send(ada, "a");
    world.run_for(SECOND * 60);
}

#[test]
fn a_message_that_waited_longer_than_its_time_to_live_as_the_machine_slept_is_not_sent() {
    let mut world = World::new();
    world.faults.unreachable = true;
    let ada = world.join();
    let id = world.send(ada, "good morning");
    world.run_for(SECOND * 5);
    // The monotonic clock stands still while a machine sleeps.
    world.epoch += SECOND * 8 * 3_600;
    world.faults.unreachable = false;
    world.run_for(SECOND * 60);
    assert_eq!(texts(&world), Vec::<&str>::new(), "it has waited for 8 hours; its time to live is 2 minutes");
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Expired));
}

#[test]
fn what_is_sent_first_after_a_sleep_has_all_its_time() {
    let mut world = World::new();
    world.faults.unreachable = true;
    let ada = world.join();
    let old = world.send(ada, "good night");
    world.run_for(SECOND * 5);
    world.epoch += SECOND * 8 * 3_600;
    let new = world.send(ada, "good morning");
    world.faults.unreachable = false;
    world.run_for(SECOND * 60);
    assert_eq!(texts(&world), ["good morning"]);
    assert_eq!(world.clients[ada].fate(&old), Some(Delivery::Expired));
    assert!(matches!(world.clients[ada].fate(&new), Some(Delivery::Delivered { .. })));
}

#[test]
fn what_a_hung_disk_takes_after_its_time_to_live_is_not_sent() {
    let mut world = World::new();
    let options = world.durable();
    let ada = world.client(options);
    world.faults.slow_disk_from = Some(0);
    let id = world.send(ada, "late");
    world.run_for(SECOND * 300);
    world.faults.slow_disk_from = None;
    world.release();
    world.run_for(SECOND);
    assert_eq!(texts(&world), Vec::<&str>::new());
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Expired));
    assert_eq!(world.clients[ada].disk, []);
}

#[test]
fn what_is_in_flight_over_the_new_link_is_not_sent_again_when_the_old_one_ends() {
    let mut world = World::new();
    world.own_client_ids = true;
    world.token_life = 1_000;
    let ada = world.join();
    world.run_for(SECOND * 800);
    assert_eq!(world.clients[ada].links.len(), 2);
    // The new link is slow: the PUBLISH is under way when the old link ends.
    world.faults.half_open = true;
    let id = world.send(ada, "once");
    world.faults.half_open = false;
    let old = world.clients[ada].links.remove(0);
    world.input(ada, Input::LinkClosed(old.id, LinkError::Closed));
    assert_eq!(world.publishes, 0, "sent again over a live link, which MQTT 5 forbids (section 4.4)");
    world.run_for(SECOND * 600);
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })), "once that link has ended too");
}

#[test]
fn two_moves_in_a_row_lose_no_message() {
    let mut world = World::new();
    world.own_client_ids = true;
    world.token_life = 8;
    let ada = world.join();
    world.run_for(Duration::from_millis(3_900));
    world.faults.half_open = true;
    let id = world.send(ada, "stuck");
    world.faults.half_open = false;
    world.run_for(SECOND * 600);
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
    assert_eq!(texts(&world), ["stuck"]);
}

/// A message was lost with its link, and is too large for the server of the next one.
fn too_large_the_second_time() -> (World, usize, MessageId) {
    let mut world = World::new();
    let ada = world.join();
    world.faults.cut_before_store = 1;
    world.server_options.maximum_packet_size = 300;
    let id = world.send(ada, &"x".repeat(400));
    world.run_for(SECOND * 10);
    (world, ada, id)
}

#[test]
fn too_large_is_told_only_when_no_earlier_copy_can_be_taken() {
    let (mut world, ada, id) = too_large_the_second_time();
    assert_eq!(world.clients[ada].fate(&id), None);
    world.run_for(SECOND * 120);
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Rejected(Rejection::TooLarge { .. }))));
}

#[test]
fn what_is_too_large_for_the_next_server_is_delivered_if_the_last_one_took_it() {
    let (mut world, ada, id) = too_large_the_second_time();
    // The copy that was under way over the first link arrives late.
    let text = "x".repeat(400);
    world.publish(Message { id: Some(id.clone()), ..Message::text_by(User::named("ada"), text) });
    world.settle();
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
    world.run_for(SECOND * 120);
    assert_eq!(world.publishes, 1, "it is not sent again");
}

fn counters(world: &mut World) {
    r#"{"id":"room","custom_counters":[{"key":"like"}]}"#.clone_into(&mut world.room);
}

fn presses(world: &World) -> Vec<i64> {
    let count = |message: &Message| match &message.payload {
        Payload::Custom(custom) => custom.incr.as_ref().map(|incr| incr.value),
        _ => None,
    };
    world.log.iter().filter_map(count).collect()
}

/// Ends a session after three presses: another takes its place, or it leaves while the room can't be reached.
fn ended_with_presses(world: &mut World, options: Options, taken_over: bool) -> usize {
    counters(world);
    let ada = world.client(options);
    world.run_for(SECOND * 60);
    world.press(ada, "like", 3);
    if taken_over {
        world.disconnect(ada, ReasonCode::TAKEN_OVER);
    } else {
        world.faults.unreachable = true;
        world.cut(ada);
        world.close(ada);
    }
    assert!(world.clients[ada].end().is_some());
    world.faults.unreachable = false;
    ada
}

#[test]
fn presses_that_were_taken_are_sent_by_the_next_session_if_there_is_an_outbox() {
    for taken_over in [true, false] {
        let mut world = World::new();
        let options = world.durable();
        let ada = ended_with_presses(&mut world, options, taken_over);
        assert_eq!(world.clients[ada].disk.len(), 1);
        world.crash(ada);
        world.run_for(SECOND * 60);
        assert_eq!(presses(&world), [3]);
    }
}

#[test]
fn presses_that_were_taken_are_told_as_rejected_if_nothing_keeps_them() {
    for taken_over in [true, false] {
        let mut world = World::new();
        let options = Options::new(world.access());
        let ada = ended_with_presses(&mut world, options, taken_over);
        let rejected = |event: &Event| {
            let rejected = Delivery::Rejected(Rejection::SessionEnded);
            matches!(event, Event::DeliveryChanged { delivery, .. } if *delivery == rejected)
        };
        assert!(world.clients[ada].events.iter().any(rejected));
        assert!(matches!(world.clients[ada].events.last(), Some(Event::Ended(_))));
    }
}

/// An outbox with an old message, and a young one that was stored; more was said between them than is read at once.
fn old_and_young(reachable_at_once: bool) -> (World, usize, [MessageId; 2]) {
    let mut world = World::new();
    let options = world.durable();
    let ada = world.client(options);
    world.faults.unreachable = true;
    world.cut(ada);
    let old = world.send(ada, "old");
    for number in 0..400 {
        world.run_for(Duration::from_millis(100));
        world.said(&number.to_string());
    }
    let mut kept = world.clients[ada].disk.clone();
    let mut young = kept[0].clone();
    young.message.id = Some("young".into());
    young.message.payload = Message::text_by(User::default(), "young").payload;
    young.written_at = Time::milliseconds(world.now().wall);
    // The room was known up to its end when it was written.
    young.after = world.log.last().unwrap().received_at;
    kept.push(young.clone());
    world.publish(young.message);
    world.settle();
    if !reachable_at_once {
        world.run_for(SECOND * 200);
    }
    let mut options = world.durable();
    options.kept = kept;
    options.limits.catch_up = 300;
    world.faults.unreachable = false;
    let ada = world.client(options);
    (world, ada, [old, "young".into()])
}

#[test]
fn a_young_message_is_looked_for_though_an_old_one_can_not_be() {
    let (mut world, ada, [old, young]) = old_and_young(false);
    world.run_for(SECOND * 200);
    assert!(matches!(world.clients[ada].fate(&young), Some(Delivery::Delivered { .. })));
    assert_eq!(world.clients[ada].fate(&old), Some(Delivery::Unconfirmed));
}

#[test]
fn a_young_message_is_found_before_it_is_sent_again_though_an_old_one_can_not_be_looked_for() {
    let (world, ada, [_, young]) = old_and_young(true);
    assert!(matches!(world.clients[ada].fate(&young), Some(Delivery::Delivered { .. })));
    assert_eq!(world.publishes, 1, "the old one alone");
}

#[test]
fn a_message_that_can_not_be_looked_for_is_not_looked_for_for_ever() {
    let mut world = World::new();
    let mut options = Options::new(world.access());
    options.limits.catch_up = 300;
    let ada = world.client(options);
    world.said("before");
    world.faults.swallow = true;
    let id = world.send(ada, "swallowed");
    world.faults.swallow = false;
    for number in 0..600 {
        world.said(&number.to_string());
    }
    world.run_for(SECOND * 120);
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Unconfirmed));
    assert!(world.history_calls.len() < 20, "asked {} times", world.history_calls.len());
}

/// A message of a program whose date is wrong by so many hours arrives, and the program dies; the next one comes after the
/// time to live, and its date is wrong by so many. Answers what became of it, and how many pages were read to find out.
fn with_a_wrong_date(before: i64, after: i64) -> (Option<Delivery>, usize) {
    let mut world = World::new();
    for number in 0..2_700 {
        world.said(&number.to_string());
        world.run_for(SECOND * 40);
    }
    let right = world.epoch;
    world.faults.unreachable = true;
    world.epoch = right + SignedDuration::from_hours(before);
    let options = world.durable();
    let ada = world.client(options);
    let id = world.send(ada, "arrived");
    let message = world.clients[ada].disk[0].message.clone();
    world.close(ada);
    // The service's date is right.
    world.epoch = right;
    world.publish(message);
    world.run_for(SECOND * 200);
    world.said("later");
    world.faults.unreachable = false;
    world.epoch = right + SignedDuration::from_hours(after);
    let ada = world.crash(ada);
    world.run_for(SECOND * 300);
    (world.clients[ada].fate(&id), world.history_calls.len())
}

#[test]
fn what_arrived_is_not_said_to_have_expired_though_the_date_was_wrong() {
    for (before, after) in [(0, 0), (8, 8), (14, 14), (-14, -14), (14, 0), (0, 8), (-8, 0)] {
        let (fate, pages) = with_a_wrong_date(before, after);
        assert!(matches!(fate, Some(Delivery::Delivered { .. })), "{before} h, then {after} h: {fate:?}");
        // Ninety an hour are said. More hours are read where the date was behind, or was set meanwhile.
        let most = if before < 0 || before != after { 40 } else { 8 };
        assert!(pages < most, "{before} h, then {after} h: {pages} pages");
    }
}

#[test]
fn what_is_sent_once_the_room_is_known_is_looked_for_from_there_on() {
    let mut world = World::new();
    for number in 0..2_700 {
        world.said(&number.to_string());
        world.run_for(SECOND * 40);
    }
    let right = world.epoch;
    world.faults.unreachable = true;
    world.epoch += SECOND * 8 * 3_600;
    let ada = world.join();
    let id = world.send(ada, "sent");
    world.epoch = right;
    world.run_for(SECOND * 5);
    world.faults.unreachable = false;
    world.faults.puback.push_back((ReasonCode::QUOTA_EXCEEDED, Some(2_000)));
    world.faults.lose_deliveries = 1;
    world.run_for(SECOND * 60);
    let fate = world.clients[ada].fate(&id);
    assert!(matches!(fate, Some(Delivery::Delivered { .. })), "{fate:?}");
    assert!(world.history_calls.len() < 10, "{} pages", world.history_calls.len());
}
