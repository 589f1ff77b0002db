//! A TCP proxy that does harm, as a script says and a seed decides.
//!
//! It stands between a client and a server. It passes TCP on as it is, or takes TLS off and puts it on again ([`Tls`]), and
//! then sees the HTTP upgrade, WebSocket frames and MQTT packets in the stream, so that it can cut a connection exactly
//! before a PUBACK, or in the middle of a frame. Everything is decided without IO, by the number of the connection and the
//! seed, and then carried out on sockets.
//!
//! Read [`Script`] and [`ChaosProxy`] first.
//!
//! - [`script`]: what is to happen, as JSON; [`point`]: when; [`number`]: numbers that the seed picks; [`dice`]: how
//! - [`plan`]: what the seed decides for one connection
//! - `scan`: the boundaries in a stream; `shape`: latency, bandwidth, slices, gathering, corruption; `lane`: these two for
//!   one direction. All of it pure
//! - `way`, `traffic`, `connection`: the same on sockets; `socket`, `farewell`: RST, FIN and silence; [`secure`]: TLS, and
//!   half of its handshake
//! - [`counters`]: what was done
//!
//! ```
//! use chatroom_testkit::chaos_proxy::{ChaosProxy, Script};
//! use tokio::net::{TcpListener, TcpStream};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! let server = TcpListener::bind("127.0.0.1:0").await?;
//! let proxy = ChaosProxy::start(server.local_addr()?, None, Script::calm()).await;
//! let client = TcpStream::connect(proxy.address()).await?;
//! let (accepted, _) = server.accept().await?;
//! proxy.set(Script::from_json(r#"{"rules": [{"fault": {"latency": {"ms": 20}}}]}"#)?);
//! # drop((client, accepted));
//! # Ok(()) }
//! ```

mod connection;
pub mod counters;
pub mod dice;
mod farewell;
mod lane;
pub mod number;
pub mod plan;
pub mod point;
mod scan;
pub mod script;
pub mod secure;
mod shape;
mod socket;
mod traffic;
mod way;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use self::connection::{Surroundings, serve};
use self::counters::Tally;

pub use self::counters::{Counters, Passed};
pub use self::dice::Dice;
pub use self::number::{Chance, Span};
pub use self::plan::Plan;
pub use self::point::{At, Direction, Packet, PacketKind, Place};
pub use self::script::{Fault, Script};
pub use self::secure::Tls;

/// A running proxy; it and all of its connections end when this is dropped.
#[derive(Debug)]
pub struct ChaosProxy {
    address: SocketAddr,
    settings: watch::Sender<Arc<Settings>>,
    cuts: watch::Sender<Cut>,
    tally: Tally,
    listening: AbortHandle,
}

/// How all connections are ended at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// RST.
    Reset,
    /// FIN, without a word of TLS, WebSocket or MQTT.
    Close,
}

#[derive(Clone, Debug)]
struct Settings {
    upstream: SocketAddr,
    script: Script,
}

impl ChaosProxy {
    /// Listens on a free port of 127.0.0.1 and passes connections on to `upstream`. Without `tls` it reads what is
    /// plain, and passes TLS on unread.
    ///
    /// # Cancel safety
    /// Nothing listens if it is dropped.
    pub async fn start(upstream: SocketAddr, tls: Option<Tls>, script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (settings, cuts) =
            (watch::Sender::new(Arc::new(Settings { upstream, script })), watch::Sender::new(Cut::Reset));
        let tally = Tally::default();
        let surroundings =
            Surroundings { tls, settings: settings.subscribe(), cuts: cuts.subscribe(), tally: tally.clone() };
        let listening = tokio::spawn(accept(listener, surroundings)).abort_handle();
        Self { address, settings, cuts, tally, listening }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `localhost` and the port, as a config's `connection.endpoint`.
    pub fn host(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// Goes by another script from now on, for the connections that there are too: their shapes are lifted, what was
    /// held back is passed on, and packets, bytes and time are counted anew. What was swallowed stays so.
    pub fn set(&self, script: Script) {
        self.settings.send_modify(|settings| Arc::make_mut(settings).script = script);
    }

    /// Dials another server from now on.
    pub fn lead_to(&self, upstream: SocketAddr) {
        self.settings.send_if_modified(|settings| {
            Arc::make_mut(settings).upstream = upstream;
            // No news for the connections that there are.
            false
        });
    }

    /// Ends all connections that there are.
    pub fn cut(&self, how: Cut) {
        self.cuts.send_replace(how);
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.tally.counters()
    }

    /// Waits until it has done something.
    ///
    /// # Panics
    /// If that takes too long.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Counters) -> bool) -> Counters {
        self.tally.until(what, wanted).await
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn accept(listener: TcpListener, mut surroundings: Surroundings) {
    // Owned by this task, so that its end ends them all.
    let mut connections = JoinSet::new();
    for number in 0.. {
        let Ok((client, _)) = listener.accept().await else { return };
        surroundings.tally.count(|sum| sum.connections += 1);
        while connections.try_join_next().is_some() {}
        // A cut is for those that were there.
        surroundings.cuts.mark_unchanged();
        connections.spawn(serve(number, client, surroundings.clone()));
    }
}

#[cfg(test)]
mod tests;
