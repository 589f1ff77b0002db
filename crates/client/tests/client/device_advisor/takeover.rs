//! Two clients with one client id, as when a file with a room's details is used twice: each throws the other out. They
//! do not do so for ever.

use chatroom_client::{Builder, End, Rest, Trust, wire::Token};
use chatroom_server::{Options, Server};
use chatroom_testkit::{
    certs::{Certs, Leaf},
    mosquitto::Mosquitto,
    relay,
};

use super::{
    bench::{Bench, Conduct},
    config,
};
use crate::{ended, joined};

/// A server that says 0x8E: who is thrown out ends at once. Over real sockets.
#[tokio::test]
async fn at_chatroom_serve_who_is_thrown_out_ends_with_that_word() {
    let server = Server::start(Options::ephemeral()).await.expect("this machine has a port left");
    let trust = Trust::new().add_ca_pem(server.ca_pem().expect("it has an authority").as_bytes());
    let rest = Rest::new(server.tls_api().expect("it has TLS"), &trust).expect("the URL is good");
    let token = std::fs::read_to_string(server.viewer_token_file()).expect("it is written");
    let config = rest.config(&Token::new(token)).await.expect("the token is good");
    let join = || Builder::with_config(config.clone()).trust(&trust).build().expect("all is said");
    let (_first, mut first_events) = join();
    joined(&mut first_events).await;
    let (second, mut second_events) = join();
    joined(&mut second_events).await;
    assert_eq!(ended(&mut first_events).await, End::TakenOver);
    second.deliver("still here").await.expect("the second one stays");
}

/// Mosquitto closes without a word, so that each comes back and throws the other out: until one gives way. Over real
/// sockets.
#[tokio::test]
async fn at_mosquitto_one_gives_way_after_three_rounds() {
    let certs = Certs::new();
    let broker = Mosquitto::start().await;
    let endpoint = relay::tls_websocket(certs.server(Leaf::Good), broker.address()).await;
    let join = || Builder::with_config(config(&endpoint.host())).ca_file(certs.ca_file()).build().expect("all is said");
    let (_first, mut first_events) = join();
    joined(&mut first_events).await;
    let (_second, mut second_events) = join();
    joined(&mut second_events).await;
    let end = tokio::select! {
        end = ended(&mut first_events) => end,
        end = ended(&mut second_events) => end,
    };
    assert_eq!(end, End::ShortLives(3));
}

/// A broker that closes without a word: after three rounds one of them gives way, and says why. Under virtual time.
#[test]
fn where_links_are_closed_without_a_word_one_gives_way_after_three_rounds() {
    let mut most = 0;
    for seed in 0..500 {
        let mut pair = [Bench::new(seed, Conduct::good()), Bench::new(seed + 1_000, Conduct::good())];
        pair[0].cut();
        while pair.iter().all(|bench| bench.end().is_none()) {
            let turn = usize::from(pair[1].due() < pair[0].due());
            let now = pair[turn].due();
            let before = pair[turn].connects().len();
            pair[turn].wake(now);
            if pair[turn].connects().len() > before {
                pair[1 - turn].now = now;
                pair[1 - turn].cut();
            }
        }
        let loser = pair.iter().find(|bench| bench.end().is_some()).expect("one has ended");
        assert_eq!(
            loser.end().map(End::to_string).as_deref(),
            Some(
                "the server closed the connection shortly after each of 3 connects; \
                 another client with the same client id may be taking over"
            )
        );
        most = most.max(loser.connects().len());
    }
    assert_eq!(most, 3, "rounds of who gives way");
}
