//! Mosquitto, a broker that others wrote, on TCP: its own WebSocket listener is not fit for this.

use std::net::{SocketAddr, TcpListener};

use crate::process::{Home, Process, Program};

/// A running broker; it ends when this is dropped.
#[derive(Debug)]
pub struct Mosquitto {
    address: SocketAddr,
    _process: Process,
    _home: Home,
}

impl Mosquitto {
    /// Starts one on a free port and waits until it accepts connections.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    ///
    /// # Cancel safety
    /// The broker is ended if this is dropped.
    pub async fn start() -> Self {
        let home = Home::new();
        let address = free_address();
        let config = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_inflight_messages 100\nlog_dest stderr\n",
            address.port(),
        );
        let config = home.file("mosquitto.conf", config);
        // Debian puts it where only root's PATH looks.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin";
        let process = Program::new("mosquitto", &home).env("PATH", path).arg("-c").arg(config).start();
        process.err_line(|line| line.ends_with(" running")).await;
        Self { address, _process: process, _home: home }
    }

    /// Where it speaks MQTT on TCP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A port that was free a moment ago; for programs that can't be told "any port".
///
/// # Panics
/// If there is none.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("127.0.0.1 has a free port");
    listener.local_addr().expect("a bound listener has an address")
}
