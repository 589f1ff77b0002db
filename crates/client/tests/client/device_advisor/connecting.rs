//! CONNECT, DISCONNECT and RECONNECT.

use std::{collections::BTreeSet, time::Duration};

use chatroom_client::{Cause, ReasonCode};
use chatroom_mqtt::{CloseCause, ServerEvent};
use chatroom_testkit::{
    certs::{Certs, Leaf},
    scripted::Script,
};

use super::{
    bench::{Bench, Conduct, Connack, SECOND},
    join,
};
use crate::joined;

/// "Validates that the device under test sends a CONNECT request." Over real sockets.
#[tokio::test]
async fn mqtt_connect() {
    let certs = Certs::new();
    let (server, heard) = Script::start_in_turn([Script::default()], Some(certs.server(Leaf::Good))).await;
    let (_room, mut events) = join(&certs, &server);
    joined(&mut events).await;
    let connect = match &heard.on(0)[0] {
        ServerEvent::Connect(connect) => connect.clone(),
        other => panic!("the first packet is {other:?}"),
    };
    assert_eq!(connect.client_id, "client-of-the-test");
    assert!((30..=1200).contains(&connect.keep_alive), "{}", connect.keep_alive);
    assert!(connect.user_name.is_some() && !connect.has_password && !connect.has_will);
    assert_eq!(heard.on(0).iter().filter(|event| matches!(event, ServerEvent::Connect(_))).count(), 1);
}

/// Five CONNECTs without an answer, the sixth passes; and the same again: twelve in all. Under virtual time.
#[test]
fn mqtt_connect_jitter_backoff_retries() {
    let silent_but_every_sixth = |number| if number % 6 == 5 { Connack::Accept } else { Connack::Silence };
    let waits = |seed| {
        let mut bench = Bench::new(seed, Conduct { connack: Box::new(silent_but_every_sixth), ..Conduct::good() });
        bench.run_until("first return", |bench| bench.joins() == 1);
        assert_eq!(bench.connects().len(), 6);
        bench.cut();
        bench.run_until("second return", |bench| bench.joins() == 2);
        assert_eq!(bench.connects().len(), 12);
        let late = |cause: &Cause| *cause == Cause::Mqtt(CloseCause::ConnackTimeout);
        assert_eq!(bench.interruptions().iter().filter(|(cause, _)| late(cause)).count(), 10);
        bench.connects().windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect::<Vec<_>>()
    };
    let first = waits(1);
    assert!(first.iter().all(|wait| *wait >= SECOND), "{first:?}");
    // Jitter: no two clients wait alike, and none waits by a rule.
    let second = waits(2);
    assert!(first.iter().zip(&second).all(|(first, second)| first != second), "{first:?} {second:?}");
    let doubles = first.windows(2).filter(|pair| pair[1] == pair[0] * 2).count();
    assert_eq!(doubles, 0, "{first:?}");
}

/// The waits grow exponentially, seen over many clients, as each is jittered. Under virtual time.
#[test]
fn mqtt_connect_exponential_backoff_retries() {
    const CLIENTS: u32 = 300;
    let mut sums = [Duration::ZERO; 6];
    for seed in 0..u64::from(CLIENTS) {
        let mut bench = Bench::new(seed, Conduct { connack: Box::new(|_| Connack::Silence), ..Conduct::good() });
        bench.run_until("seventh CONNECT", |bench| bench.connects().len() == 7);
        for (attempt, (_, wait)) in bench.interruptions().into_iter().enumerate() {
            assert!(wait <= window(attempt), "{attempt}: {wait:?}");
            sums[attempt] += wait;
        }
    }
    let means = sums.map(|sum| sum.as_secs_f64() / f64::from(CLIENTS));
    assert!((0.85..1.15).contains(&means[0]), "U(0, 2 s): {means:?}");
    // Each wait is 0.6 of all before it on average, from where that is more than the least.
    assert!(means.windows(2).skip(2).all(|pair| (1.4..1.8).contains(&(pair[1] / pair[0]))), "{means:?}");
}

/// The broker ends a connection at once after it succeeded: the next CONNECT comes a second later at least. A case that
/// newer versions of AWS's list leave out. Under virtual time.
#[test]
fn mqtt_reconnection_after_successful_connection() {
    for seed in 0..50 {
        let first_is_cut = |number| if number == 0 { Connack::AcceptThenCut } else { Connack::Accept };
        let mut bench = Bench::new(seed, Conduct { connack: Box::new(first_is_cut), ..Conduct::good() });
        bench.run_until("return", |bench| bench.joins() == 1);
        let connects = bench.connects();
        assert!(connects[1] >= connects[0] + SECOND, "{connects:?}");
    }
}

/// The broker ends the connection, and then leaves five CONNECTs without an answer. Under virtual time.
#[test]
fn mqtt_reconnect_backoff_retries_on_server_disconnect() {
    for reason in [ReasonCode::SHUTTING_DOWN, ReasonCode::UNSPECIFIED, ReasonCode::SERVER_BUSY] {
        let conduct = move |number| match number {
            0 => Connack::GrantThenDisconnect(reason),
            1..=5 => Connack::Silence,
            _ => Connack::Accept,
        };
        let mut last_waits = BTreeSet::new();
        for seed in 0..20 {
            let mut bench = Bench::new(seed, Conduct { connack: Box::new(conduct), ..Conduct::good() });
            bench.run_until("return", |bench| bench.joins() == 2);
            assert_eq!(bench.connects().len(), 7);
            assert_eq!(bench.interruptions()[0].0, Cause::Disconnected { reason, text: None });
            assert_backs_off(&bench);
            last_waits.insert(bench.interruptions()[5].1);
        }
        assert!(last_waits.len() >= 18 && last_waits.last() > Some(&(SECOND * 6)), "{last_waits:?}");
    }
}

/// Each of five connections is ended as soon as it has succeeded: success alone sets nothing back. Under virtual time.
#[test]
fn mqtt_reconnect_backoff_retries_on_unstable_connection() {
    let unstable: [fn(usize) -> Connack; 2] = [
        |number| if number < 6 { Connack::AcceptThenCut } else { Connack::Accept },
        |number| {
            if number < 6 { Connack::GrantThenDisconnect(ReasonCode::SHUTTING_DOWN) } else { Connack::Accept }
        },
    ];
    for connack in unstable {
        let mut last_waits = BTreeSet::new();
        for seed in 0..20 {
            let mut bench = Bench::new(seed, Conduct { connack: Box::new(connack), ..Conduct::good() });
            bench.run_until("seventh CONNECT", |bench| bench.connects().len() == 7);
            bench.run_for(SECOND * 60);
            assert!(bench.joins() >= 1 && bench.end().is_none(), "{:?}", bench.end());
            assert_backs_off(&bench);
            last_waits.insert(bench.interruptions()[5].1);
        }
        // A back-off that a CONNACK resets never waits for longer than two seconds, and one without jitter waits alike.
        assert!(last_waits.len() >= 18 && last_waits.last() > Some(&(SECOND * 6)), "{last_waits:?}");
    }
}

/// Every wait is within its window, the windows grow, and CONNECTs keep a second apart.
fn assert_backs_off(bench: &Bench) {
    let waits: Vec<Duration> = bench.interruptions().into_iter().map(|(_, wait)| wait).collect();
    for (attempt, wait) in waits.iter().enumerate() {
        assert!(*wait <= window(attempt), "{waits:?}");
    }
    let connects = bench.connects();
    assert!(connects.windows(2).all(|pair| pair[1] >= pair[0] + SECOND), "{connects:?}");
}

/// How long is waited at most before which attempt, from 0: 2, 2, 3.2, 5.8, … seconds.
fn window(attempt: usize) -> Duration {
    let (mut waited, mut window) = (Duration::ZERO, SECOND * 2);
    for _ in 0..attempt {
        waited += window;
        window = (waited * 4 / 5).clamp(SECOND * 2, SECOND * 60);
    }
    window
}
