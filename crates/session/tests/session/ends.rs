//! Own messages and presses: that they end, and with the right word.

use std::time::Duration;

use chatroom_session::{Delivery, Input, LinkError, Options};
use chatroom_wire::Message;

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
