//! `chatroom serve`, started and ready.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::{Home, Process, Program};
use crate::rest::Rest;

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    /// The program.
    pub process: Process,
    /// What it said when it was ready.
    pub ready: Ready,
}

/// The line that `--ready json` prints.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Where REST is to be had, plain: `http://127.0.0.1:PORT`.
    pub api: String,
    /// Where REST is to be had over TLS: `https://localhost:PORT`.
    pub tls_api: String,
    /// The authority that signed the server's certificate.
    pub ca_file: PathBuf,
    /// The organisation's token.
    pub org_token_file: PathBuf,
    /// The first room.
    pub room_id: String,
    /// A moderator's token for the first room.
    pub admin_token_file: PathBuf,
    /// A viewer's token for the first room.
    pub viewer_token_file: PathBuf,
}

/// Any free port, plain and TLS.
pub const ANY_PORTS: [&str; 4] = ["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"];

impl Server {
    /// Starts `chatroom serve --ready json` with these further arguments and waits until it is ready.
    ///
    /// # Panics
    /// If it does not say so.
    ///
    /// # Cancel safety
    /// The server is ended if this is dropped.
    pub async fn start(binary: &str, home: &Home, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        Self::started(Program::new(binary, home).args(["serve", "--ready", "json"]).args(args).start()).await
    }

    /// Starts one that keeps nothing, on free ports.
    ///
    /// # Panics
    /// If it does not get ready.
    ///
    /// # Cancel safety
    /// The server is ended if this is dropped.
    pub async fn ephemeral(binary: &str, home: &Home) -> Self {
        Self::start(binary, home, ANY_PORTS.into_iter().chain(["--ephemeral"])).await
    }

    /// Waits until a program that was started as `chatroom serve --ready json` is ready.
    ///
    /// # Panics
    /// If it does not say so.
    ///
    /// # Cancel safety
    /// The server is ended if this is dropped.
    pub async fn started(process: Process) -> Self {
        let line = process.out_line(|line| line.contains("\"ready\"")).await;
        let ready = Ready::parse(&line).unwrap_or_else(|| panic!("the ready line lacks a field: {line}"));
        Self { process, ready }
    }

    /// The service over TLS, with a viewer's token.
    pub fn viewer(&self) -> Rest {
        self.rest(&self.ready.viewer_token_file)
    }

    /// The service over TLS, with a moderator's token.
    pub fn admin(&self) -> Rest {
        self.rest(&self.ready.admin_token_file)
    }

    /// The service over TLS, with the token in a file.
    ///
    /// # Panics
    /// If the file can't be read.
    pub fn rest(&self, token_file: &Path) -> Rest {
        let token = std::fs::read_to_string(token_file).expect("the server wrote its token files");
        Rest::new(&self.ready.tls_api, &token, Some(&self.ready.ca_file))
    }

    /// The arguments by which a client finds this server as a viewer.
    pub fn viewer_args(&self) -> Vec<String> {
        self.client_args(&self.ready.viewer_token_file)
    }

    /// The arguments by which a client finds this server as a moderator.
    pub fn admin_args(&self) -> Vec<String> {
        self.client_args(&self.ready.admin_token_file)
    }

    fn client_args(&self, token_file: &Path) -> Vec<String> {
        let path = |path: &Path| path.display().to_string();
        ["--api", &self.ready.tls_api, "--token-file", &path(token_file), "--ca-file", &path(&self.ready.ca_file)]
            .map(ToOwned::to_owned)
            .to_vec()
    }
}

impl Ready {
    /// Reads the line; nothing if a field is missing.
    pub fn parse(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let text = |name: &str| line.get(name)?.as_str().map(ToOwned::to_owned);
        (text("event")? == "ready").then_some(())?;
        Some(Self {
            api: text("api")?,
            tls_api: text("tls_api")?,
            ca_file: text("ca_file")?.into(),
            org_token_file: text("org_token_file")?.into(),
            room_id: text("room_id")?,
            admin_token_file: text("admin_token_file")?.into(),
            viewer_token_file: text("viewer_token_file")?.into(),
        })
    }
}
