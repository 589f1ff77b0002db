//! From one link to the next when the token is renewed.

use std::time::Duration;

use chatroom_session::{CallError, Delivery, Input};

use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

/// Runs until just before the first renewal.
fn world(own_client_ids: bool) -> (World, usize) {
    let mut world = World::new();
    world.own_client_ids = own_client_ids;
    world.token_life = 1_000;
    let ada = world.join();
    world.run_for(SECOND * 799);
    (world, ada)
}

#[test]
fn the_room_is_joined_over_the_new_link_before_the_old_one_is_left() {
    let (mut world, ada) = world(true);
    world.said("before");
    world.run_for(SECOND);
    assert_eq!(world.clients[ada].links.len(), 2, "both are open for a moment");
    world.said("between");
    world.run_for(SECOND * 6);
    assert_eq!(world.clients[ada].links.len(), 1);
    world.said("after");
    assert_eq!(world.clients[ada].heard(), ["before", "between", "after"]);
    assert_eq!((world.clients[ada].interruptions(), world.clients[ada].gaps()), (0, 0));
}

#[test]
fn with_one_client_id_the_old_link_is_left_first_and_nothing_is_missed() {
    let (mut world, ada) = world(false);
    world.run_for(SECOND);
    assert_eq!(world.clients[ada].links.len(), 1);
    world.said("between");
    world.run_for(SECOND * 6);
    world.said("after");
    assert_eq!(world.clients[ada].heard(), ["between", "after"]);
    assert_eq!((world.clients[ada].connects.len(), world.clients[ada].interruptions()), (2, 0));
}

#[test]
fn what_the_old_link_still_owed_is_seen_by_the_numbers_of_the_new_one() {
    let (mut world, ada) = world(true);
    world.faults.lose_deliveries = 1;
    world.said("owed");
    world.run_for(SECOND * 2);
    assert_eq!((world.clients[ada].connects.len(), world.clients[ada].heard()), (2, vec!["owed".to_owned()]));
}

#[test]
fn what_the_old_link_owed_is_found_though_that_never_said_where_the_room_stood() {
    let (mut world, ada) = world(true);
    world.faults.lose_places = 1;
    world.cut(ada);
    world.input(ada, Input::Retry);
    assert_eq!((world.clients[ada].connects.len(), world.clients[ada].links.len()), (2, 1));
    world.faults.lose_deliveries = 1;
    world.said("owed");
    world.run_for(SECOND * 10);
    assert_eq!((world.clients[ada].connects.len(), world.clients[ada].heard()), (3, vec!["owed".to_owned()]));
}

#[test]
fn what_waits_for_its_puback_over_the_old_link_is_not_overtaken() {
    for own in [true, false] {
        let (mut world, ada) = world(own);
        world.faults.half_open = true;
        let first = world.send(ada, "first");
        world.faults.half_open = false;
        world.run_for(SECOND * 2);
        let second = world.send(ada, "second");
        world.run_for(SECOND * 120);
        for id in [first, second] {
            assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
        }
        assert_eq!(world.clients[ada].heard(), ["first", "second"]);
    }
}

#[test]
fn a_move_that_fails_leaves_the_old_link_as_it_was_and_is_tried_again() {
    let (mut world, ada) = world(true);
    world.faults.config.push_back(CallError::TimedOut);
    world.run_for(SECOND * 2);
    world.said("meanwhile");
    assert_eq!((world.clients[ada].connects.len(), world.clients[ada].heard()), (1, vec!["meanwhile".to_owned()]));
    world.run_for(SECOND * 31);
    assert_eq!((world.clients[ada].connects.len(), world.clients[ada].interruptions()), (2, 0));
}

#[test]
fn a_link_that_is_cut_while_it_is_replaced_is_an_interruption_like_any_other() {
    let (mut world, ada) = world(true);
    world.run_for(SECOND);
    world.cut(ada);
    world.said("missed");
    world.run_for(SECOND * 120);
    assert_eq!(world.clients[ada].heard(), ["missed"]);
    assert_eq!((world.clients[ada].links.len(), world.clients[ada].interruptions()), (1, 1));
}
