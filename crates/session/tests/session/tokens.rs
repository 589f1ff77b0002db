//! Tokens: checked before dialling, renewed in time, and never refreshed in circles.

use std::time::Duration;

use chatroom_mqtt::ReasonCode;
use chatroom_session::{Access, Blame, CallError, End, Event, Input, LinkError, Options};
use chatroom_wire::{
    RefreshToken, Token,
    rest::{ErrorBody, ErrorDetail, TOKEN_INVALID},
};

use crate::world::{World, status, token};

const SECOND: Duration = Duration::from_secs(1);

fn ended(world: &World, client: usize) -> &End {
    match world.clients[client].events.last() {
        Some(Event::Ended(end)) => end,
        other => panic!("it goes on: {other:?}"),
    }
}

#[test]
fn tries_a_token_that_can_not_be_read() {
    let mut world = World::new();
    world.faults.config.push_back(status(401));
    let ada = world.client(Options::new(Access::api(Token::new("secret"))));
    assert_eq!(world.clients[ada].tokens_used.len(), 1, "the service decides");
    assert_eq!(ended(&world, ada).blame(), Some(Blame::Credentials));
}

/// This machine's clock may be two days ahead.
#[test]
fn the_service_decides_on_a_token_that_is_over_by_the_local_clock() {
    let mut world = World::new();
    let ada = world.client(Options::new(Access::api(token(world.exp(-170_000)))));
    assert_eq!((world.clients[ada].joins(), world.clients[ada].end()), (1, None));
    world.cut(ada);
    world.run_for(SECOND * 5);
    assert_eq!(world.clients[ada].joins(), 2, "also when it comes back");
}

#[test]
fn a_refused_token_that_is_over_by_the_local_clock_ends_the_session_after_one_attempt() {
    let mut world = World::new();
    world.faults.config.push_back(status(401));
    let ada = world.client(Options::new(Access::api(token(world.exp(-170_000)))));
    assert!(matches!(ended(&world, ada), End::TokenExpired { .. }));
    assert_eq!(ended(&world, ada).blame(), Some(Blame::Credentials));
    assert_eq!(world.clients[ada].tokens_used.len(), 1);
}

#[test]
fn a_token_that_is_over_by_the_local_clock_is_tried_where_no_other_is_to_be_had() {
    let mut world = World::new();
    world.faults.refresh.push_back(status(401));
    let (old, refresh_token) = (token(world.exp(-170_000)), Some(RefreshToken::new("refresh")));
    let ada = world.client(Options::new(Access::Api { token: old.clone(), refresh_token: refresh_token.clone() }));
    assert_eq!((world.clients[ada].joins(), world.clients[ada].end()), (1, None));

    world.faults.refresh.push_back(status(401));
    world.faults.config.push_back(status(401));
    let ben = world.client(Options::new(Access::Api { token: old, refresh_token }));
    assert!(matches!(ended(&world, ben), End::TokenExpired { .. }));
    assert!(world.faults.refresh.is_empty() && world.faults.config.is_empty());
}

#[test]
fn a_fresh_token_that_is_over_by_the_local_clock_is_used() {
    let mut world = World::new();
    // The service says nothing of its life, and this machine's clock is ahead.
    world.token_life = 0;
    world.epoch += SECOND * 170_000;
    let refresh_token = Some(RefreshToken::new("refresh"));
    let ada = world.client(Options::new(Access::Api { token: token(world.exp(-170_000)), refresh_token }));
    world.run_for(SECOND * 20);
    assert_eq!((world.clients[ada].joins(), world.clients[ada].end()), (1, None));
}

#[test]
fn an_expired_token_is_renewed_before_anything_is_dialled() {
    let mut world = World::new();
    let expired = token(world.exp(-100));
    let refresh_token = Some(RefreshToken::new("refresh"));
    let ada = world.client(Options::new(Access::Api { token: expired.clone(), refresh_token }));
    assert_eq!(world.clients[ada].joins(), 1);
    assert!(!world.clients[ada].tokens_used.contains(&expired.expose().to_owned()));
}

#[test]
fn a_token_is_renewed_ahead_of_its_end_and_nothing_is_lost() {
    let mut world = World::new();
    world.token_life = 1_000;
    let ada = world.join();
    for number in 0..100 {
        world.said(&number.to_string());
        world.run_for(SECOND * 50);
    }
    let renewals = world.clients[ada].events.iter().filter(|event| matches!(event, Event::TokenRenewed(_))).count();
    assert_eq!(renewals, 6, "5,000 s, a renewal every 800 s");
    assert_eq!(world.clients[ada].interruptions(), 0, "a renewal is no interruption");
    let all: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(world.clients[ada].heard(), all);
}

#[test]
fn refused_credentials_cost_one_refresh_and_then_end_the_session() {
    for refused in [ReasonCode::BAD_CREDENTIALS, ReasonCode::NOT_AUTHORIZED] {
        let mut world = World::new();
        world.faults.connack.extend([refused; 50]);
        let ada = world.join();
        world.run_for(SECOND * 600);
        assert!(matches!(ended(&world, ada), End::NotAuthorized(_)));
        assert_eq!(world.clients[ada].connects.len(), 2);
        let renewals = world.clients[ada].events.iter().filter(|event| matches!(event, Event::TokenRenewed(_))).count();
        assert_eq!(renewals, 1);
    }
}

#[test]
fn refused_credentials_without_a_refresh_token_end_the_session_at_once() {
    let mut world = World::new();
    world.faults.connack.push_back(ReasonCode::NOT_AUTHORIZED);
    let ada = world.client(Options::new(Access::api(token(world.exp(1_000)))));
    assert!(matches!(ended(&world, ada), End::NotAuthorized(_)));
    assert_eq!(world.clients[ada].connects.len(), 1);
}

#[test]
fn a_fresh_token_after_a_refusal_joins() {
    let mut world = World::new();
    world.faults.connack.push_back(ReasonCode::NOT_AUTHORIZED);
    let ada = world.join();
    world.run_for(SECOND * 5);
    assert_eq!(world.clients[ada].joins(), 1);
}

#[test]
fn a_dead_token_at_the_service_is_renewed_whatever_the_status() {
    for number in [400, 401, 403] {
        let mut world = World::new();
        let detail = ErrorDetail { reason: TOKEN_INVALID.into(), ..ErrorDetail::default() };
        let body = ErrorBody { details: vec![detail], ..ErrorBody::default() };
        world.faults.config.push_back(CallError::Status { status: number, body, retry_after: None });
        let ada = world.join();
        world.run_for(SECOND * 5);
        assert_eq!(world.clients[ada].joins(), 1, "{number}");
    }
}

#[test]
fn missing_rights_end_the_session_with_the_blame_on_the_credentials() {
    let mut world = World::new();
    world.faults.config.push_back(status(403));
    let ada = world.join();
    assert_eq!(ended(&world, ada).blame(), Some(Blame::Credentials));
}

#[test]
fn a_refresh_that_is_refused_ends_the_session() {
    let mut world = World::new();
    world.faults.config.push_back(status(401));
    world.faults.refresh.push_back(status(401));
    let ada = world.join();
    assert!(matches!(ended(&world, ada), End::NotAuthorized(_)));
}

#[test]
fn a_refresh_behind_a_captive_portal_is_waited_out_by_who_had_joined() {
    let mut world = World::new();
    let ada = world.join();
    world.run_for(SECOND * 60);
    world.faults.config.push_back(status(401));
    world.faults.refresh.push_back(CallError::Answer("a login page".into()));
    world.cut(ada);
    world.run_for(SECOND * 20);
    assert_eq!((world.clients[ada].joins(), world.clients[ada].end()), (2, None));
}

#[test]
fn a_refresh_that_finds_nobody_is_tried_again_and_still_counts_as_one() {
    let mut world = World::new();
    world.faults.config.push_back(status(401));
    world.faults.refresh.push_back(CallError::Unreachable("down".into()));
    world.faults.config.push_back(status(401));
    let ada = world.join();
    world.run_for(SECOND * 10);
    assert_eq!(world.clients[ada].joins(), 1);
}

#[test]
fn a_fresh_token_whose_life_goes_by_without_a_link_is_renewed_as_well() {
    let mut world = World::new();
    world.token_life = 300;
    let ada = world.join();
    world.run_for(SECOND * 4);
    world.faults.unreachable = true;
    world.cut(ada);
    for life in 1..=3 {
        world.run_for(SECOND * 301);
        world.faults.config.push_back(status(401));
        world.input(ada, Input::Retry);
        let renewals = world.clients[ada].events.iter().filter(|event| matches!(event, Event::TokenRenewed(_))).count();
        assert_eq!((renewals, world.clients[ada].end()), (life, None));
    }
    world.faults.unreachable = false;
    world.run_for(SECOND * 120);
    assert_eq!(world.clients[ada].joins(), 2);
}

#[test]
fn a_close_right_after_connect_is_taken_for_a_dead_token_once() {
    let mut world = World::new();
    world.faults.close_on_connect = 1;
    let ada = world.join();
    world.run_for(SECOND * 5);
    let renewals = world.clients[ada].events.iter().filter(|event| matches!(event, Event::TokenRenewed(_))).count();
    assert_eq!((renewals, world.clients[ada].joins()), (1, 1));
}

#[test]
fn an_upgrade_refused_with_403_is_taken_for_a_dead_token() {
    let mut world = World::new();
    let refused = LinkError::Upgrade { status: 403, retry_after: None };
    world.faults.link_errors.extend([refused.clone(), refused]);
    let ada = world.join();
    world.run_for(SECOND * 5);
    assert!(matches!(ended(&world, ada), End::NotAuthorized(_)));
    assert_eq!(ended(&world, ada).blame(), Some(Blame::Credentials));
}

#[test]
fn a_jump_of_the_date_past_the_tokens_end_renews_it() {
    let mut world = World::new();
    world.token_life = 100_000;
    let ada = world.join();
    world.run_for(SECOND * 60);
    world.epoch += Duration::from_secs(99_000);
    world.said("wake");
    world.run_for(SECOND * 60);
    assert!(world.clients[ada].events.iter().any(|event| matches!(event, Event::TokenRenewed(_))));
    assert_eq!(world.clients[ada].end(), None);
}
