//! One connection, from its accept: its plan, its TLS, its traffic.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::counters::Tally;
use super::farewell::{End, Farewell};
use super::plan::{Hit, Plan, When};
use super::point::Direction;
use super::script::Fault;
use super::secure::Tls;
use super::socket::{Socket, reset};
use super::traffic::Traffic;
use super::{Cut, Settings};

/// What a connection knows of its proxy.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) tls: Option<Tls>,
    pub(super) settings: watch::Receiver<Arc<Settings>>,
    pub(super) cuts: watch::Receiver<Cut>,
    pub(super) tally: Tally,
}

/// Serves the connection of this number until its end.
pub(super) async fn serve(number: u64, client: TcpStream, surroundings: Surroundings) {
    let Surroundings { tls, mut settings, cuts, tally } = surroundings;
    let now = Arc::clone(&settings.borrow_and_update());
    let plan = Plan::new(&now.script, number);
    let mut bye = Farewell { cuts, tally };
    // Small slices would be gathered by the system.
    if client.set_nodelay(true).is_err() {
        return;
    }
    if let Some((hit, end)) = plan.hits.iter().find_map(|hit| Some((hit, end_at_start(hit)?))) {
        bye.count(hit);
        return bye.say(end, vec![client]).await;
    }
    let Ok(server) = TcpStream::connect(now.upstream).await else {
        bye.tally.count(|sum| sum.unreachable += 1);
        return reset(client);
    };
    if server.set_nodelay(true).is_err() {
        return;
    }
    let sides = match tls {
        None => (Socket::Plain(client), Socket::Plain(server)),
        Some(tls) => {
            if let Some((hit, direction, bytes)) = plan.hits.iter().find_map(cut_in_handshake) {
                // Its end tells the server that nobody comes.
                drop(server);
                if let Some(client) = tls.part(client, direction, bytes).await {
                    bye.count(hit);
                    bye.say(End::of(&hit.fault), vec![client]).await;
                }
                return;
            }
            let secured = tokio::select! {
                secured = tls.secure(client, server) => secured,
                // The sockets are dropped with the handshake.
                _ = bye.cuts.changed() => None,
            };
            let Some(sides) = secured else { return };
            sides
        }
    };
    let mut traffic = Traffic::new(number, sides, settings, bye);
    let end = match traffic.begin(&plan) {
        Some(end) => end,
        None => traffic.run().await,
    };
    traffic.end(end).await;
}

/// How a connection ends before anybody is dialled.
fn end_at_start(hit: &Hit) -> Option<End> {
    (hit.when == When::Start && hit.fault.is_an_end() && !matches!(hit.fault, Fault::HalfOpen(_)))
        .then(|| End::of(&hit.fault))
}

fn cut_in_handshake(hit: &Hit) -> Option<(&Hit, Direction, u64)> {
    match hit.when {
        When::Handshake { direction, bytes } if hit.fault.is_an_end() => Some((hit, direction, bytes)),
        _ => None,
    }
}
