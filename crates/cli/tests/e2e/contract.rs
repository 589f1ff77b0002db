//! The REST service against its own description, asked by a tester that others wrote: whatever is sent, nothing breaks,
//! and every answer is one that the description names.

use std::path::Path;

use chatroom_testkit::process::{Home, Program};
use chatroom_testkit::serve::{ANY_PORTS, Server};

use crate::support::CHATROOM;

/// How many requests of each operation and kind are made in a round, and for how many seconds round follows on round.
const EXAMPLES: &str = "10";
const TIME: &str = "25";

/// What is looked at in each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
                      unsupported_method,allow_header_conformance";

#[tokio::test]
async fn every_answer_of_the_service_is_one_that_its_description_names() {
    let home = Home::new();
    let server = Server::start(CHATROOM, &home, ANY_PORTS.iter().chain(&["--ephemeral"])).await;
    let description = format!("{}/openapi.json", server.ready.api);
    for token_file in [&server.ready.admin_token_file, &server.ready.org_token_file] {
        let token = std::fs::read_to_string(token_file).expect("the server wrote it");
        let exit = schemathesis(&home)
            .args(["run", &description, "--checks", CHECKS, "--max-examples", EXAMPLES, "--max-time", TIME])
            .args(["--phases", "coverage,fuzzing", "--seed", "1", "--workers", "1", "--continue-on-failure"])
            .args(["--warnings", "off", "--suppress-health-check", "all", "--header"])
            .arg(format!("Authorization: Bearer {}", token.trim()))
            .run()
            .await;
        assert_eq!(exit.code, Some(0), "{}\n{}", exit.out.join("\n"), exit.err.join("\n"));
        assert!(exit.out.iter().any(|line| line.contains("Test cases")), "nothing was tried: {:?}", exit.out);
    }
}

fn schemathesis(home: &Home) -> Program {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("cargo makes it below its target folder");
    let program = target.join("contract-venv").join("bin").join("st");
    assert!(program.is_file(), "Schemathesis is not installed: run `cargo xtask test` instead");
    Program::new(program, home)
}
