//! Own messages: each ends once, and says how.

use std::time::Duration;

use chatroom_mqtt::ReasonCode;
use chatroom_session::{Access, Delivery, Draft, Event, Input, LinkError, Options, Rejection, SendError};

use crate::world::{World, config};

const SECOND: Duration = Duration::from_secs(1);

fn texts(world: &World) -> Vec<&str> {
    world.log.iter().filter_map(chatroom_wire::Message::text).collect()
}

#[test]
fn a_server_that_refuses_for_now_is_told_with_its_reason_once() {
    let mut world = World::new();
    let ada = world.join();
    let delays = |world: &World| {
        let delay = |event: &Event| match event {
            Event::Delayed { cause, retry_in } => Some((cause.to_string(), *retry_in)),
            _ => None,
        };
        world.clients[ada].events.iter().filter_map(delay).collect::<Vec<_>>()
    };
    world.faults.puback.extend([(ReasonCode::QUOTA_EXCEEDED, Some(3_000)); 4]);
    world.send(ada, "a");
    world.send(ada, "b");
    assert_eq!(delays(&world).len(), 1, "{:?}", delays(&world));
    assert!(delays(&world)[0].0.starts_with("the server takes no messages for now: "), "{:?}", delays(&world));
    assert_eq!(delays(&world)[0].1, SECOND * 3);
    world.run_for(SECOND * 30);
    assert_eq!(delays(&world).len(), 1, "{:?}", delays(&world));
    world.faults.puback.push_back((ReasonCode::UNSPECIFIED, Some(3_000)));
    world.send(ada, "c");
    assert_eq!(delays(&world).len(), 2, "another reason");
}

#[test]
fn a_message_is_queued_sent_and_delivered() {
    let mut world = World::new();
    let ada = world.join();
    let id = world.send(ada, "hello");
    let steps: Vec<Delivery> = world.clients[ada]
        .events
        .iter()
        .filter_map(|event| match event {
            Event::MessageAdded { delivery, .. } => delivery.clone(),
            Event::DeliveryChanged { delivery, .. } => Some(delivery.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(steps[0], Delivery::Queued);
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
    assert_eq!(texts(&world), ["hello"]);
    assert_eq!(world.log[0].user.custom_name, "ada", "the name comes from the config");
}

#[test]
fn what_is_sent_before_the_room_is_joined_goes_out_after_it() {
    let mut world = World::new();
    world.faults.unreachable = true;
    let ada = world.join();
    let ids: Vec<_> = ["a", "b", "c"].map(|text| world.send(ada, text)).into();
    world.run_for(SECOND * 20);
    world.faults.unreachable = false;
    world.run_for(SECOND * 60);
    assert_eq!(texts(&world), ["a", "b", "c"]);
    for id in ids {
        assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
    }
}

#[test]
fn a_publish_lost_with_its_link_is_sent_again_once_and_in_order() {
    let mut world = World::new();
    let ada = world.join();
    let bob = world.join();
    world.run_for(SECOND * 60);
    world.send(ada, "0");
    world.faults.cut_before_store = 1;
    world.send(ada, "1");
    world.send(ada, "2");
    world.run_for(SECOND * 10);
    assert_eq!(texts(&world), ["0", "1", "2"]);
    assert_eq!(world.clients[bob].heard(), ["0", "1", "2"]);
    world.clients[ada].assert_once_and_in_order(&world.log);
}

#[test]
fn a_publish_that_was_stored_before_its_link_broke_is_not_sent_again() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 60);
    world.faults.cut_after_store = 1;
    let id = world.send(ada, "0");
    world.run_for(SECOND * 10);
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
    assert_eq!(texts(&world), ["0"]);
    assert_eq!(world.clients[ada].heard(), ["0"]);
}

#[test]
fn a_refusal_is_told_with_the_servers_reason() {
    let mut world = World::new();
    let ada = world.join();
    world.faults.puback.push_back((ReasonCode::NOT_AUTHORIZED, None));
    let id = world.send(ada, "0");
    let fate = world.clients[ada].fate(&id);
    let reason = ReasonCode::NOT_AUTHORIZED;
    assert_eq!(fate, Some(Delivery::Rejected(Rejection::Server { reason, text: None })));
    assert!(world.log.is_empty());
}

#[test]
fn too_fast_is_no_refusal_but_a_pause_and_the_order_stays() {
    let mut world = World::new();
    let ada = world.join();
    let too_fast = (ReasonCode::QUOTA_EXCEEDED, Some(2_000));
    world.faults.puback.extend([too_fast, too_fast]);
    let first = world.send(ada, "0");
    world.send(ada, "1");
    world.run_for(SECOND);
    assert!(world.log.is_empty());
    world.run_for(SECOND * 10);
    assert_eq!(texts(&world), ["0", "1"]);
    assert!(matches!(world.clients[ada].fate(&first), Some(Delivery::Delivered { .. })));
}

#[test]
fn absurd_waits_overflow_nothing() {
    let mut world = World::new();
    let mut options = Options::new(world.access());
    options.patience = Some(Duration::MAX);
    options.limits.time_to_live = Duration::MAX;
    options.limits.echo = Duration::MAX;
    let ada = world.client(options);
    world.faults.puback.push_back((ReasonCode::QUOTA_EXCEEDED, Some(u64::MAX)));
    world.send(ada, "0");
    world.run_for(SECOND * 600);
    assert_eq!(world.clients[ada].end(), None);
}

#[test]
fn a_servers_words_can_t_drive_a_terminal() {
    let reason = ReasonCode::NOT_AUTHORIZED;
    let text = Some("\u{1b}]0;owned\u{7}no".to_owned());
    let shown = Rejection::Server { reason, text }.to_string();
    assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
}

#[test]
fn acknowledged_is_not_delivered() {
    let mut world = World::new();
    world.faults.swallow = true;
    let ada = world.join();
    let id = world.send(ada, "0");
    world.run_for(SECOND * 14);
    assert_eq!(world.clients[ada].fate(&id), None);
    world.run_for(SECOND * 3);
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Unconfirmed));
}

#[test]
fn the_fate_of_an_acknowledged_message_stays_open_until_the_history_can_be_asked() {
    let mut world = World::new();
    world.faults.swallow = true;
    let ada = world.join();
    let id = world.send(ada, "0");
    world.faults.unreachable = true;
    world.disconnect(ada, ReasonCode::SERVER_BUSY);
    world.run_for(SECOND * 600);
    assert_eq!(world.clients[ada].fate(&id), None);
    world.faults.unreachable = false;
    world.run_for(SECOND * 120);
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Unconfirmed));
}

#[test]
fn without_a_history_an_acknowledged_message_gets_its_last_word_also_when_the_link_stays_away() {
    let mut world = World::new();
    world.faults.swallow = true;
    let ada = world.client(Options::new(Access::Config(Box::new(config()))));
    let id = world.send(ada, "0");
    world.faults.unreachable = true;
    world.disconnect(ada, ReasonCode::SERVER_BUSY);
    world.run_for(SECOND * 121);
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Unconfirmed));
}

#[test]
fn what_may_have_arrived_is_not_said_to_have_expired_before_the_history_is_sure() {
    let mut world = World::new();
    let ada = world.join();
    world.faults.cut_before_store = 1;
    let lost = world.send(ada, "lost");
    world.faults.unreachable = true;
    world.run_for(SECOND * 200);
    assert_eq!(world.clients[ada].fate(&lost), None, "nobody can know");
    world.faults.unreachable = false;
    world.run_for(SECOND * 120);
    assert_eq!(world.clients[ada].fate(&lost), Some(Delivery::Expired));
    assert!(world.log.is_empty(), "it was not sent again");
}

#[test]
fn what_arrived_and_was_not_acknowledged_is_delivered_also_after_its_time_to_live() {
    let mut world = World::new();
    let ada = world.join();
    world.faults.cut_after_store = 1;
    let id = world.send(ada, "there");
    world.faults.unreachable = true;
    world.run_for(SECOND * 200);
    world.faults.unreachable = false;
    world.run_for(SECOND * 120);
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
}

#[test]
fn an_echo_that_was_lost_is_found_in_the_history() {
    let mut world = World::new();
    world.numbered = false;
    let ada = world.join();
    world.faults.lose_deliveries = 1;
    let id = world.send(ada, "0");
    assert_eq!(world.clients[ada].fate(&id), None);
    world.run_for(SECOND * 6);
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
}

#[test]
fn what_never_went_out_within_its_time_to_live_expires() {
    let mut world = World::new();
    world.faults.unreachable = true;
    let ada = world.join();
    let id = world.send(ada, "0");
    world.run_for(SECOND * 121);
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Expired));
    world.faults.unreachable = false;
    world.run_for(SECOND * 200);
    assert!(world.log.is_empty(), "what the user was told has expired is not sent later");
}

#[test]
fn every_message_gets_its_last_word_when_the_session_ends() {
    let mut world = World::new();
    world.faults.unreachable = true;
    let ada = world.join();
    let id = world.send(ada, "0");
    world.input(ada, Input::Close);
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Rejected(Rejection::SessionEnded)));
    let now = world.now();
    assert_eq!(world.clients[ada].session.send(now, Draft::from("late")), Err(SendError::Ended));
}

#[test]
fn an_empty_or_huge_message_is_not_taken() {
    let mut world = World::new();
    let ada = world.join();
    let now = world.now();
    let session = &mut world.clients[ada].session;
    assert_eq!(session.send(now, Draft::from("")), Err(SendError::Empty));
    let huge = session.send(now, Draft::from("x".repeat(200_000)));
    assert!(matches!(huge, Err(SendError::TooLarge { max: 102_399, .. })));
}

#[test]
fn a_full_outbox_says_so_and_takes_nothing() {
    let mut world = World::new();
    world.faults.unreachable = true;
    let mut options = Options::new(world.access());
    options.limits.outbox = 3;
    let ada = world.client(options);
    for text in ["a", "b", "c"] {
        world.send(ada, text);
    }
    let now = world.now();
    assert_eq!(world.clients[ada].session.send(now, Draft::from("d")), Err(SendError::Full(3)));
}

#[test]
fn with_a_config_alone_the_echo_is_the_only_proof() {
    let mut world = World::new();
    let ada = world.client(Options::new(Access::Config(Box::new(config()))));
    let id = world.send(ada, "0");
    assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })));
    world.faults.swallow = true;
    let id = world.send(ada, "1");
    world.run_for(SECOND * 11);
    assert_eq!(world.clients[ada].fate(&id), Some(Delivery::Unconfirmed));
}

#[test]
fn two_hundred_messages_through_a_link_that_breaks_all_the_time_arrive_once_and_in_order() {
    for seed in 0..20 {
        let mut world = World::new();
        let mut options = Options::new(world.access());
        options.seed = seed;
        let ada = world.client(options);
        let bob = world.join();
        world.run_for(SECOND * 60);
        let mut ids = Vec::new();
        for number in 0..200u64 {
            match (number * 7 + seed) % 23 {
                3 => world.faults.cut_before_store += 1,
                9 => world.faults.cut_after_store += 1,
                15 => world.faults.lose_deliveries += 1,
                20 => world.cut(bob),
                _ => {}
            }
            if number % 40 == 7 {
                world.faults.link_errors.push_back(LinkError::TimedOut);
            }
            ids.push(world.send(ada, &number.to_string()));
            world.run_for(SECOND * 7);
        }
        world.run_for(SECOND * 300);
        let all: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        assert_eq!(texts(&world), all, "seed {seed}");
        assert_eq!(world.clients[bob].heard(), all, "seed {seed}");
        world.clients[ada].assert_once_and_in_order(&world.log);
        for id in ids {
            assert!(matches!(world.clients[ada].fate(&id), Some(Delivery::Delivered { .. })), "seed {seed}");
        }
    }
}
