//! nginx, a proxy that others wrote, in front of a plain server: it terminates TLS.

use std::net::SocketAddr;

use crate::certs::{Certs, Leaf};
use crate::process::{Home, Process, Program};

/// A running proxy; it ends when this is dropped.
#[derive(Debug)]
pub struct Nginx {
    _process: Process,
    _home: Home,
}

/// What a location needs so that WebSockets pass.
pub const WEBSOCKETS: &str = "proxy_http_version 1.1;\n\
    proxy_set_header Upgrade $http_upgrade;\n\
    proxy_set_header Connection $connection_upgrade;\n\
    proxy_set_header Host $http_host;\n\
    proxy_read_timeout 1h;\n";

/// What tells the server behind it who asked, and how.
pub const FORWARDED: &str = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
    proxy_set_header X-Forwarded-Proto $scheme;\n\
    proxy_set_header X-Forwarded-Host $http_host;\n";

impl Nginx {
    /// Starts one that listens for TLS at this address, shows a leaf of the authority and has these locations, and
    /// waits until it accepts connections.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    ///
    /// # Cancel safety
    /// The proxy is ended if this is dropped.
    pub async fn start(certs: &Certs, address: SocketAddr, locations: &str) -> Self {
        let home = Home::new();
        let (certificate, key) = certs.files(Leaf::Good);
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {};\n", home.path().join(name).display()))
            .concat();
        let config = format!(
            "daemon off;\nmaster_process off;\npid {pid};\nerror_log stderr notice;\n\
             events {{ worker_connections 512; }}\n\
             http {{\naccess_log off;\n{temporary}\
             map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}\n\
             server {{\nlisten {address} ssl;\nssl_certificate {certificate};\nssl_certificate_key {key};\n{locations}\n}}\n}}\n",
            pid = home.path().join("nginx.pid").display(),
            certificate = certificate.display(),
            key = key.display(),
        );
        let config = home.file("nginx.conf", config);
        // Debian puts it where only root's PATH looks.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin";
        let program = Program::new("nginx", &home).env("PATH", path).args(["-e", "stderr", "-c"]).arg(config);
        let process = program.start();
        // Its sockets listen by then.
        process.err_line(|line| line.contains("event method")).await;
        Self { _process: process, _home: home }
    }
}
