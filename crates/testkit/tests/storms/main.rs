//! A fixed set of storms, and the proof that storms notice when a rule is broken.
//!
//! `cargo xtask storm --runs N` makes more of them, faster.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use chatroom_testkit::world::{Breach, Storm, Tally, run};

/// So many storms run in half a minute without optimisation, beside the other tests.
const STORMS: u64 = 40;

#[test]
fn storms_break_no_promise() {
    let mut all = Tally::default();
    for seed in 0..STORMS {
        let storm = Storm { seed, breach: None, traced: false };
        let outcome = run(storm);
        if let Some(violation) = outcome.violation {
            panic!("seed {seed}: {violation}\nagain, with all that happened: {storm}");
        }
        all.add(&outcome.tally);
    }
    // A storm in which nothing happens proves nothing.
    let happened = [all.delivered, all.rejected, all.expired, all.gaps, all.processes];
    assert!(happened.into_iter().all(|count| count > 20), "{all}");
}

#[test]
fn a_storm_is_the_same_whenever_it_is_made() {
    let storm = Storm { seed: 7, breach: None, traced: true };
    let (once, again) = (run(storm), run(storm));
    assert!(once.trace.len() > 100, "{:?}", once.trace);
    assert_eq!(once.trace, again.trace);
}

#[test]
fn an_acknowledgement_before_the_commit_is_noticed() {
    assert_noticed(Breach::AckBeforeCommit);
}

#[test]
fn a_server_that_stores_an_id_twice_is_noticed() {
    assert_noticed(Breach::NoDeduplication);
}

#[test]
fn a_disk_that_says_synced_before_it_is_is_noticed() {
    assert_noticed(Breach::DiskLies);
}

#[test]
fn a_history_that_leaves_something_out_is_noticed() {
    assert_noticed(Breach::HistoryOmits);
}

#[test]
fn numbers_that_hide_a_loss_are_noticed() {
    assert_noticed(Breach::NumbersHide);
}

#[test]
fn a_server_that_prunes_by_a_clock_that_leapt_is_noticed() {
    assert_noticed(Breach::TrustsClock);
}

/// Within a thousand storms.
fn assert_noticed(rule: Breach) {
    let noticed =
        (0..1_000).find(|seed| run(Storm { seed: *seed, breach: Some(rule), traced: false }).violation.is_some());
    assert!(noticed.is_some(), "{rule} was broken in a thousand storms, and nothing noticed");
}
