//! Calls of the application's own: each is answered once, and a dead token costs one renewal.

use std::time::Duration;

use chatroom_mqtt::ReasonCode;
use chatroom_session::{Access, CallError, End, Event, Options};
use chatroom_wire::rest::{ErrorBody, ErrorDetail, TOKEN_INVALID};

use crate::world::{World, config, status};

fn dead_token() -> CallError {
    let details = vec![ErrorDetail { reason: TOKEN_INVALID.to_owned(), ..ErrorDetail::default() }];
    CallError::Status { status: 403, body: ErrorBody { details, ..ErrorBody::default() }, retry_after: None }
}

fn renewals(world: &World, client: usize) -> usize {
    world.clients[client].events.iter().filter(|event| matches!(event, Event::TokenRenewed(_))).count()
}

#[test]
fn a_call_is_made_with_the_sessions_token_and_answered_once() {
    let mut world = World::new();
    let ada = world.join();
    let id = world.request(ada, "/chatrooms:mute");
    assert_eq!(world.clients[ada].answered, [(id, Ok("/chatrooms:mute".into()))]);
    assert_eq!(renewals(&world, ada), 0);
}

#[test]
fn a_dead_token_is_renewed_once_and_every_call_made_again() {
    let mut world = World::new();
    let ada = world.join();
    world.faults.api.extend([dead_token(), status(401)]);
    let before = world.clients[ada].tokens_used.len();
    let [one, two] = world.requests(ada, ["/one", "/two"]);
    world.run_for(Duration::from_secs(60));
    let mut answered = world.clients[ada].answered.clone();
    answered.sort_by_key(|(id, _)| *id);
    assert_eq!(answered, [(one, Ok("/one".into())), (two, Ok("/two".into()))]);
    assert_eq!(renewals(&world, ada), 1);
    assert!(world.clients[ada].tokens_used.len() >= before + 4);
    assert_eq!(world.clients[ada].interruptions(), 0, "a renewal is no interruption");
}

#[test]
fn a_call_that_is_refused_with_the_fresh_token_too_is_answered_so() {
    let mut world = World::new();
    let ada = world.join();
    world.faults.api.extend([dead_token(), dead_token()]);
    let id = world.request(ada, "/one");
    world.run_for(Duration::from_secs(60));
    assert_eq!(world.clients[ada].answered, [(id, Err(dead_token()))]);
    assert_eq!(renewals(&world, ada), 1);
}

#[test]
fn where_no_fresh_token_is_to_be_had_the_refusal_is_the_answer_and_the_session_goes_on() {
    let mut world = World::new();
    let ada = world.join();
    world.faults.api.push_back(dead_token());
    world.faults.refresh.push_back(status(401));
    let id = world.request(ada, "/one");
    world.run_for(Duration::from_secs(60));
    assert_eq!(world.clients[ada].answered, [(id, Err(dead_token()))]);
    world.said("still here");
    assert_eq!(world.clients[ada].heard(), ["still here"]);
}

#[test]
fn a_refusal_that_is_not_about_the_token_costs_no_renewal() {
    let mut world = World::new();
    let ada = world.join();
    world.faults.api.push_back(status(403));
    let id = world.request(ada, "/one");
    assert_eq!(world.clients[ada].answered, [(id, Err(status(403)))]);
    assert_eq!(renewals(&world, ada), 0);
}

#[test]
fn a_call_outlives_the_link() {
    let mut world = World::new();
    world.faults.unreachable = true;
    let ada = world.join();
    let id = world.request(ada, "/one");
    assert_eq!(world.clients[ada].answered, [(id, Ok("/one".into()))]);
}

#[test]
fn with_a_config_alone_and_after_the_end_there_are_no_calls() {
    let mut world = World::new();
    let ada = world.client(Options::new(Access::Config(Box::new(config()))));
    let id = world.request(ada, "/one");
    assert_eq!(world.clients[ada].answered, [(id, Err(CallError::NoToken))]);
    let ben = world.join();
    world.close(ben);
    assert!(matches!(world.clients[ben].events.last(), Some(Event::Ended(End::Left))));
    let id = world.request(ben, "/one");
    assert_eq!(world.clients[ben].answered, [(id, Err(CallError::Ended))]);
}

#[test]
fn a_call_that_is_refused_after_the_token_was_renewed_is_made_again_without_another_renewal() {
    let mut world = World::new();
    let ada = world.join();
    world.faults.slow_api = true;
    world.faults.api.extend([dead_token(), dead_token()]);
    let [one, two] = world.requests(ada, ["/one", "/two"]);
    world.faults.slow_api = false;
    world.release_one();
    assert_eq!(renewals(&world, ada), 1);
    world.release_one();
    assert_eq!(world.clients[ada].answered, [(one, Ok("/one".into())), (two, Ok("/two".into()))]);
    assert_eq!(renewals(&world, ada), 1);
}

#[test]
fn a_renewal_that_fails_on_its_way_is_told_as_such_and_costs_the_session_nothing() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(Duration::from_secs(60));
    world.faults.api.push_back(dead_token());
    world.faults.refresh.push_back(status(503));
    let id = world.request(ada, "/one");
    assert_eq!(world.clients[ada].answered, [(id, Err(status(503)))], "not the token is to blame");
    world.faults.config.push_back(status(401));
    world.cut(ada);
    world.run_for(Duration::from_secs(60));
    assert_eq!((world.clients[ada].end(), world.clients[ada].joins()), (None, 2));
}

#[test]
fn calls_that_succeed_do_not_keep_a_refused_session_trying_for_ever() {
    let mut world = World::new();
    world.faults.connack.extend([ReasonCode::BAD_CREDENTIALS; 100]);
    let ada = world.join();
    for _ in 0..20 {
        world.request(ada, "/one");
        world.run_for(Duration::from_secs(2));
    }
    assert_eq!(world.clients[ada].end().as_deref(), Some("the service does not accept the credentials"));
    assert_eq!(renewals(&world, ada), 1);
}

#[test]
fn a_token_that_was_taken_once_more_may_be_renewed_once_more() {
    let mut world = World::new();
    let ada = world.join();
    for _ in 0..3 {
        // Even a refusal shows that the service knew the token.
        world.faults.api.extend([dead_token(), status(404)]);
        let id = world.request(ada, "/one");
        world.run_for(Duration::from_secs(2));
        assert_eq!(world.clients[ada].answered.pop(), Some((id, Err(status(404)))));
    }
    assert_eq!(renewals(&world, ada), 3);
}
