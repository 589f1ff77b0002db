//! What is refused: with which exit code, with which words, and without a word on stdout.
//!
//! Exit codes: 1 refused or failed, 2 usage, 3 network, 4 credentials.

mod config;
mod connack;
mod endpoint;
mod message;

use std::sync::Arc;

use chatroom_testkit::certs::{Certs, Leaf};
use chatroom_testkit::endpoint::Endpoint;
use chatroom_testkit::process::{Home, Program};
use chatroom_testkit::scripted::Script;
use chatroom_testkit::{config_file, token};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::{chatroom, refusal};

/// How many programs run at once.
const AT_ONCE: usize = 6;

/// One command that has to be refused.
struct Case {
    name: String,
    code: i32,
    /// What stands somewhere in the error, whatever the case of its letters.
    words: String,
    program: Program,
    /// How often something may have been dialled, and what would know.
    dialled: Option<(usize, Endpoint)>,
    _home: Home,
}

/// A good certificate's authority, and an endpoint behind it for each case.
struct Bed {
    certs: Certs,
    /// How long a command may try for the room.
    timeout: &'static str,
}

/// What a case does, but for the config.
#[derive(Clone, Copy)]
enum Command {
    Tail,
    Send,
}

impl Bed {
    /// For what is decided at once, or never.
    fn new() -> Self {
        Self { certs: Certs::new(), timeout: "2s" }
    }

    /// For what is decided after some tries.
    fn patient() -> Self {
        Self { timeout: "15s", ..Self::new() }
    }

    /// A command with this config, for a short while, trusting the authority.
    fn case(&self, name: impl Into<String>, command: Command, config: &str, code: i32, words: &str) -> Case {
        let home = Home::new();
        let file = home.file("config.json", config);
        let program = chatroom(&home);
        let program = match command {
            // What should have been refused must not be read for ever.
            Command::Tail => program.args(["tail", "--for", "30s"]),
            Command::Send => program.args(["send", "hello", "--outbox", "none"]),
        };
        let program =
            program.args(["--timeout", self.timeout, "--config"]).arg(file).arg("--ca-file").arg(self.certs.ca_file());
        Case { name: name.into(), code, words: words.to_owned(), program, dialled: None, _home: home }
    }

    /// A command against an endpoint that plays a script.
    async fn scripted(
        &self,
        name: impl Into<String>,
        command: Command,
        script: Script,
        code: i32,
        words: &str,
    ) -> Case {
        let endpoint = script.start(Some(self.certs.server(Leaf::Good))).await;
        let config = details(&endpoint).to_string();
        let case = self.case(name, command, &config, code, words);
        Case { dialled: Some((usize::MAX, endpoint)), ..case }
    }

    /// An endpoint that works, to see that nobody dials it.
    async fn endpoint(&self) -> Endpoint {
        Script::default().start(Some(self.certs.server(Leaf::Good))).await
    }
}

impl Case {
    fn never_dials(self, endpoint: Endpoint) -> Self {
        self.dials_at_most(0, endpoint)
    }

    fn dials_at_most(self, times: usize, endpoint: Endpoint) -> Self {
        Self { dialled: Some((times, endpoint)), ..self }
    }

    async fn run(self) -> Option<String> {
        let exit = self.program.run().await;
        let mut wrong = refusal(&exit, self.code, &self.words);
        if let Some((most, endpoint)) = &self.dialled {
            let times = endpoint.record().connections();
            if times > *most {
                wrong.push(format!("it dialled {times} times"));
            }
        }
        (!wrong.is_empty()).then(|| format!("## {}: {}\n{}\n", self.name, wrong.join("; "), exit.transcript()))
    }
}

/// Details that are right, for this endpoint.
fn details(endpoint: &Endpoint) -> Value {
    config_file::details(&endpoint.host(), &token::good())
}

/// Runs all cases and says what is wrong with each.
async fn check(cases: Vec<Case>) {
    let all = cases.len();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for case in cases {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire_owned().await.expect("the semaphore is never closed");
            case.run().await
        });
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {all} cases are wrong\n\n{}", wrong.len(), wrong.join("\n"));
}
