//! Links that are dead and do not say so.

use std::time::Duration;

use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_dead_link_is_found_where_the_server_wants_no_keep_alive() {
    let mut world = World::new();
    world.keep_alive = 0;
    let ada = world.join();
    world.faults.half_open = true;
    world.said("missed");
    world.run_for(SECOND * 45);
    assert!(world.clients[ada].interruptions() > 0);
    world.faults.half_open = false;
    world.run_for(SECOND * 60);
    assert_eq!(world.clients[ada].heard(), ["missed"]);
}
