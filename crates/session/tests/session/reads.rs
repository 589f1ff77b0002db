//! Reads of the history: that they end, that they leave no silent hole, and that they tell nothing twice.

use std::time::Duration;

use chatroom_session::{CallError, Cause, Delivery, End, Event, Gap, Options};

use crate::world::{World, status};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_history_that_keeps_a_session_from_joining_is_told_and_named_when_it_gives_up() {
    let mut world = World::new();
    world.faults.history.extend(std::iter::repeat_n(status(503), 100));
    let mut options = Options::new(world.access());
    (options.history, options.patience) = (10, Some(Duration::from_secs(1)));
    let ada = world.client(options);
    let told = |event: &Event| matches!(event, Event::Delayed { cause: Cause::Call(_), .. });
    assert_eq!(world.clients[ada].events.iter().filter(|event| told(event)).count(), 1);
    world.run_for(Duration::from_secs(1));
    let Some(Event::Ended(End::GaveUp { last, .. })) = world.clients[ada].events.last() else { panic!("it goes on") };
    assert!(matches!(last, Some(Cause::Call(_))), "{last:?}");
}

#[test]
fn a_busy_room_is_joined_with_messages_of_an_earlier_program() {
    let mut world = World::new();
    let options = world.durable();
    let ada = world.client(options);
    world.said("before");
    world.faults.unreachable = true;
    world.cut(ada);
    let id = world.send(ada, "kept");
    world.faults.unreachable = false;
    world.faults.slow_history = true;
    let ada = world.crash(ada);
    // 10 messages a second, and a page takes 100 ms.
    for number in 0..1_000 {
        world.said(&format!("m{number}"));
        world.run_for(Duration::from_millis(100));
        world.release();
    }
    assert_eq!(world.clients[ada].joins(), 1, "after 100 s; the history was asked {} times", world.history_calls.len());
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
}

#[test]
fn a_hole_before_the_first_joined_is_filled_or_shown() {
    let mut world = World::new();
    let mut options = Options::new(world.access());
    options.history = 10;
    for number in 0..10 {
        world.said(&format!("a{number}"));
    }
    world.faults.slow_room = true;
    let ada = world.client(options);
    world.said("a10");
    world.cut(ada);
    for number in 11..60 {
        world.run_for(Duration::from_millis(1));
        world.said(&format!("a{number}"));
    }
    world.faults.slow_room = false;
    world.run_for(SECOND * 30);
    let heard = world.clients[ada].heard();
    let last: Vec<String> = (60 - heard.len()..60).map(|number| format!("a{number}")).collect();
    assert!((heard.len() >= 10 && heard == last) || world.clients[ada].gaps() > 0, "{heard:?} of 60, and no gap");
}

#[test]
fn what_was_told_is_not_told_again_after_the_history_was_away_for_long() {
    let mut world = World::new();
    world.numbered = false;
    let ada = world.join();
    world.run_for(SECOND * 60);
    for minute in 0..45 {
        world.faults.history.clear();
        world.faults.history.extend([const { CallError::TimedOut }; 6]);
        for number in 0..1_000 {
            world.said(&format!("{minute}: {number}"));
        }
        world.run_for(SECOND * 60);
    }
    world.faults.history.clear();
    assert_eq!(world.clients[ada].heard().len(), 45_000);
    world.run_for(SECOND * 120);
    assert_eq!(world.clients[ada].heard().len(), 45_000);
    assert!(world.clients[ada].gaps() > 0, "what could not be looked for may be missing");
}

#[test]
fn an_old_duplicate_does_not_end_a_catch_up() {
    for numbered in [true, false] {
        let mut world = World::new();
        world.numbered = numbered;
        let ada = world.join();
        world.said("old");
        let old = world.log[0].clone();
        world.run_for(SECOND * 60);
        world.cut(ada);
        for number in 0..350 {
            world.said(&format!("m{number}"));
        }
        world.faults.slow_history = true;
        world.run_for(SECOND * 3);
        world.news(&old);
        world.faults.slow_history = false;
        world.release();
        world.said("last");
        world.run_for(SECOND * 3_600);
        let heard = world.clients[ada].heard().len();
        assert!(heard == 352 || world.clients[ada].gaps() > 0, "{heard} of 352 told, and no gap");
    }
}

#[test]
fn a_gap_of_the_first_read_stands_where_it_is() {
    let mut world = World::new();
    for number in 0..300 {
        world.run_for(Duration::from_millis(10));
        world.said(&number.to_string());
    }
    world.faults.slow_history = true;
    let mut options = Options::new(world.access());
    options.history = 300;
    let ada = world.client(options);
    world.faults.slow_history = false;
    world.faults.history.extend([CallError::TimedOut, CallError::TimedOut, CallError::TimedOut]);
    world.release();
    world.run_for(SECOND * 60);
    let place = world.clients[ada].events.iter().find_map(|event| match event {
        Event::Gap(Gap { after, before, .. }) => Some((*after, *before)),
        _ => None,
    });
    let (after, before) = place.unwrap();
    assert!(
        after < world.log[200].received_at || before.is_some(),
        "the gap is told behind the newest message, where nothing is missing"
    );
}

#[test]
fn what_the_history_has_no_longer_is_a_gap() {
    let mut world = World::new();
    world.retained = 100;
    let ada = world.join();
    world.said("first");
    world.run_for(SECOND * 60);
    world.cut(ada);
    for number in 0..350 {
        world.said(&format!("m{number}"));
    }
    world.run_for(SECOND * 600);
    world.said("last");
    let heard = world.clients[ada].heard().len();
    assert!(heard == 352 || world.clients[ada].gaps() > 0, "{heard} of 352 told, and no gap");
}

#[test]
fn an_application_that_keeps_no_messages_is_told_none_twice() {
    for timeline in [0, 10, 100] {
        let mut world = World::new();
        let mut options = Options::new(world.access());
        options.limits.timeline = timeline;
        let ada = world.client(options);
        world.run_for(SECOND * 60);
        for number in 0..500 {
            world.said(&number.to_string());
            world.run_for(Duration::from_millis(5));
        }
        world.cut(ada);
        world.run_for(SECOND * 30);
        let heard = world.clients[ada].heard().len();
        assert_eq!(heard, 500);
    }
}

#[test]
fn what_another_server_stamped_earlier_is_found_though_a_page_was_slow() {
    let mut world = World::new();
    world.numbered = false;
    let ada = world.join();
    world.run_for(SECOND * 60);
    world.said("0");
    world.faults.slow_history = true;
    world.cut(ada);
    world.run_for(SECOND * 3);
    // The first page is on its way, and behind what it shows the next one begins.
    world.faults.lose_deliveries = 1;
    world.epoch -= SECOND * 4;
    world.said("1");
    world.epoch += SECOND * 4;
    world.run_for(SECOND * 10);
    world.said("2");
    world.faults.slow_history = false;
    world.release();
    world.run_for(SECOND * 60);
    assert_eq!(world.clients[ada].heard(), ["0", "2", "1"]);
}

#[test]
fn what_was_said_before_joining_is_not_told_by_a_return() {
    let mut world = World::new();
    for number in 0..10 {
        world.run_for(Duration::from_millis(300));
        world.said(&format!("before {number}"));
    }
    let ada = world.join();
    world.said("after");
    world.cut(ada);
    world.said("missed");
    world.run_for(SECOND * 30);
    assert_eq!(world.clients[ada].heard(), ["after", "missed"]);
}
