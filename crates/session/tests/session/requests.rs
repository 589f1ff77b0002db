//! Calls of the application's own: each is answered once, and a dead token costs one renewal.

use std::time::Duration;

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
