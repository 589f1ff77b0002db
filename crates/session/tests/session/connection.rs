//! How a session comes to its room, and comes back.

use std::time::Duration;

use chatroom_mqtt::ReasonCode;
use chatroom_session::{Access, Blame, End, Event, Input, LinkError, Options, TlsFault};

use crate::world::{World, config, status};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_session_joins_and_hears() {
    let mut world = World::new();
    let ada = world.join();
    assert_eq!(world.clients[ada].joins(), 1);
    world.said("hello");
    assert_eq!(world.clients[ada].heard(), ["hello"]);
}

#[test]
fn a_lost_link_is_an_event_and_the_session_comes_back() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 60);
    world.cut(ada);
    assert_eq!(world.clients[ada].interruptions(), 1);
    world.run_for(SECOND * 5);
    assert_eq!(world.clients[ada].joins(), 2);
    assert_eq!(world.clients[ada].end(), None);
}

#[test]
fn connects_of_one_client_keep_a_second_apart() {
    let mut world = World::new();
    let ada = world.join();
    for _ in 0..20 {
        world.disconnect(ada, ReasonCode::SERVER_BUSY);
        world.run_for(SECOND * 90);
    }
    world.faults.unreachable = false;
    let connects = &world.clients[ada].connects;
    assert!(connects.len() > 10);
    assert!(connects.windows(2).all(|pair| pair[1] - pair[0] >= SECOND), "{connects:?}");
}

#[test]
fn a_bare_connack_does_not_reset_the_backoff() {
    let mut world = World::new();
    let ada = world.join();
    // Each connection lives for a moment and is ended with a reason, as an overloaded server does it.
    let mut waits = Vec::new();
    for _ in 0..8 {
        world.disconnect(ada, ReasonCode::SERVER_BUSY);
        let last = world.clients[ada].events.iter().rev().find_map(|event| match event {
            Event::Interrupted { retry_in, .. } => Some(*retry_in),
            _ => None,
        });
        waits.push(last.unwrap());
        world.run_for(last.unwrap());
    }
    assert!(waits.iter().skip(4).any(|wait| *wait > SECOND * 4), "{waits:?}");
}

#[test]
fn two_seconds_in_the_room_make_the_next_attempt_come_within_two_seconds() {
    let mut world = World::new();
    let ada = world.join();
    world.faults.unreachable = true;
    world.cut(ada);
    world.run_for(SECOND * 300);
    let last = |world: &World| {
        let waits = world.clients[ada].events.iter().rev().find_map(|event| match event {
            Event::Interrupted { retry_in, .. } => Some(*retry_in),
            _ => None,
        });
        waits.expect("it was interrupted")
    };
    let wait = last(&world);
    assert!(wait > SECOND * 14 && wait <= SECOND * 30, "{wait:?}");
    world.faults.unreachable = false;
    world.run_for(SECOND * 30);
    while world.clients[ada].links.is_empty() {
        world.run_for(SECOND);
    }
    world.run_for(SECOND * 2);
    world.cut(ada);
    assert!(last(&world) <= SECOND * 2, "{:?}", last(&world));
}

/// Six restarts of the server in twenty seconds, as of one that crashes at each start.
#[test]
fn a_reader_is_back_soon_after_the_last_of_many_restarts() {
    for seed in 0..200 {
        let mut world = World::new();
        let mut options = Options::new(world.access());
        options.seed = seed;
        let ada = world.client(options);
        world.run_for(SECOND * 60);
        for _ in 0..6 {
            world.faults.unreachable = true;
            if !world.clients[ada].links.is_empty() {
                world.cut(ada);
            }
            world.run_for(SECOND / 2);
            world.faults.unreachable = false;
            world.run_for(Duration::from_millis(2_800));
        }
        assert!(!world.clients[ada].links.is_empty(), "seed {seed}: not back 2.8 s after the last start");
    }
}

#[test]
fn a_half_open_link_is_found_within_one_and_a_half_keep_alives() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 100);
    world.faults.half_open = true;
    assert_eq!(world.clients[ada].interruptions(), 0);
    world.run_for(SECOND * 45);
    assert!(world.clients[ada].interruptions() >= 1);
    world.faults.half_open = false;
    world.run_for(SECOND * 20);
    assert_eq!(world.clients[ada].joins(), 2);
}

#[test]
fn impatience_skips_the_wait_but_not_the_second_between_connects() {
    let mut world = World::new();
    world.faults.unreachable = true;
    let ada = world.join();
    world.run_for(SECOND * 100);
    world.faults.unreachable = false;
    world.input(ada, Input::Retry);
    assert_eq!(world.clients[ada].joins(), 1);
}

#[test]
fn patience_ends_with_what_stood_in_the_way() {
    let mut world = World::new();
    world.faults.unreachable = true;
    let mut options = Options::new(world.access());
    options.patience = Some(SECOND * 30);
    let ada = world.client(options);
    world.run_for(SECOND * 29);
    assert_eq!(world.clients[ada].end(), None);
    world.run_for(SECOND);
    let Some(Event::Ended(end)) = world.clients[ada].events.last() else { panic!("it goes on") };
    assert!(matches!(end, End::GaveUp { last: Some(_), .. }));
    assert_eq!(end.blame(), Some(Blame::Network));
}

#[test]
fn patience_that_ends_during_the_first_attempt_names_what_was_awaited() {
    let mut world = World::new();
    world.faults.half_open = true;
    let mut options = Options::new(world.access());
    options.patience = Some(SECOND * 2);
    let ada = world.client(options);
    world.run_for(SECOND * 3);
    let Some(Event::Ended(End::GaveUp { last, .. })) = world.clients[ada].events.last() else { panic!("it goes on") };
    assert_eq!(last.as_ref().unwrap().to_string(), "the server did not answer the CONNECT in time");
}

#[test]
fn patience_begins_anew_after_each_interruption() {
    let mut world = World::new();
    let mut options = Options::new(world.access());
    options.patience = Some(SECOND * 30);
    let ada = world.client(options);
    world.run_for(SECOND * 300);
    world.cut(ada);
    world.run_for(SECOND * 20);
    assert_eq!(world.clients[ada].joins(), 2);
    assert_eq!(world.clients[ada].end(), None);
}

#[test]
fn a_client_that_took_over_ends_the_session_with_that_word() {
    let mut world = World::new();
    let ada = world.join();
    world.disconnect(ada, ReasonCode::TAKEN_OVER);
    assert_eq!(world.clients[ada].end().unwrap(), End::TakenOver.to_string());
}

#[test]
fn three_short_lives_in_a_row_end_the_session() {
    let mut world = World::new();
    world.numbered = false;
    let ada = three_short_lives(&mut world);
    assert_eq!(world.clients[ada].end().unwrap(), End::ShortLives(3).to_string());
}

#[test]
fn a_server_that_would_say_who_took_over_may_cut_as_often_as_it_likes() {
    let mut world = World::new();
    let ada = three_short_lives(&mut world);
    assert_eq!(world.clients[ada].end(), None);
    let waits: Vec<_> = world.clients[ada].connects.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.iter().all(|wait| *wait >= SECOND), "{waits:?}");
}

fn three_short_lives(world: &mut World) -> usize {
    let ada = world.join();
    for _ in 0..3 {
        world.run_for(SECOND * 2);
        while world.clients[ada].links.is_empty() {
            world.run_for(SECOND);
        }
        world.cut(ada);
    }
    ada
}

#[test]
fn a_link_is_probed_at_once_when_the_machine_wakes() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 31);
    world.faults.half_open = true;
    world.epoch += SECOND * 3_600;
    world.run_for(SECOND * 21);
    assert_eq!(world.clients[ada].interruptions(), 1, "10 s to see it, 10 s for the answer to the ping");
}

#[test]
fn nothing_is_waited_for_any_longer_when_the_machine_wakes() {
    let mut world = World::new();
    let ada = world.join();
    world.faults.unreachable = true;
    world.cut(ada);
    world.run_for(SECOND * 600);
    world.faults.unreachable = false;
    world.epoch += SECOND * 3_600;
    world.run_for(SECOND * 11);
    assert_eq!(world.clients[ada].joins(), 2);
}

#[test]
fn a_certificate_that_can_t_be_trusted_ends_the_session_at_once() {
    for fault in [TlsFault::UnknownIssuer, TlsFault::Expired, TlsFault::WrongName] {
        let mut world = World::new();
        let error = LinkError::Tls { host: "room.example".into(), fault, problem: "no".into() };
        world.faults.link_errors.push_back(error);
        let ada = world.join();
        assert!(world.clients[ada].end().is_some());
    }
}

#[test]
fn a_certificate_that_goes_bad_later_is_waited_out() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 60);
    let fault = TlsFault::UnknownIssuer;
    let error = LinkError::Tls { host: "room.example".into(), fault, problem: "a captive portal".into() };
    world.faults.link_errors.push_back(error);
    world.cut(ada);
    world.run_for(SECOND * 20);
    assert_eq!((world.clients[ada].joins(), world.clients[ada].end()), (2, None));
}

#[test]
fn a_refused_subscription_ends_the_session() {
    let mut world = World::new();
    world.faults.suback = Some(ReasonCode::TOPIC_FILTER_INVALID);
    let ada = world.join();
    assert!(world.clients[ada].end().is_some());
}

#[test]
fn a_server_that_closes_at_each_connect_ends_a_session_that_never_joined() {
    let mut world = World::new();
    world.faults.close_on_connect = 100;
    let ada = world.client(Options::new(Access::Config(Box::new(config()))));
    world.run_for(SECOND * 60);
    assert_eq!(world.clients[ada].end().unwrap(), End::ClosedOnConnect.to_string());
    assert_eq!(world.clients[ada].connects.len(), 3);
}

#[test]
fn a_service_in_trouble_is_tried_again_and_its_word_on_when_is_kept() {
    let mut world = World::new();
    let mut busy = status(503);
    if let chatroom_session::CallError::Status { retry_after, .. } = &mut busy {
        *retry_after = Some(SECOND * 40);
    }
    world.faults.config.push_back(busy);
    let ada = world.join();
    world.run_for(SECOND * 39);
    assert_eq!(world.clients[ada].joins(), 0);
    world.run_for(SECOND * 22);
    assert_eq!(world.clients[ada].joins(), 1);
}

#[test]
fn leaving_ends_the_session_and_says_so_last() {
    let mut world = World::new();
    let ada = world.join();
    world.input(ada, Input::Close);
    world.run_for(SECOND * 600);
    assert!(matches!(world.clients[ada].events.last(), Some(Event::Ended(End::Left))));
    assert!(world.clients[ada].links.is_empty());
}

#[test]
fn what_comes_after_the_end_is_not_taken_in() {
    let mut world = World::new();
    let ada = world.join();
    world.input(ada, Input::Close);
    let told = world.clients[ada].events.len();
    for late in [Input::Timeout, Input::Retry, Input::Close, Input::Start] {
        world.input(ada, late);
    }
    assert_eq!(world.clients[ada].events.len(), told, "the end is told once");
}
