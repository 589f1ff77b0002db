//! The first command of a newcomer, and how the long-running ones end.

use std::collections::BTreeSet;

use chatroom_testkit::process::Home;

use crate::support::{Said, chatroom, joined, server};

#[tokio::test]
async fn the_demo_prints_a_conversation_and_ends_in_time() {
    let home = Home::new();
    let exit = chatroom(&home).args(["demo", "--plain", "--for", "5s"]).run().await;
    exit.assert_code(0);
    let mut names = BTreeSet::new();
    for line in &exit.out {
        let said = Said::read(line).unwrap_or_else(|| panic!("not of the form: {line}\n{}", exit.transcript()));
        assert!(!said.text.is_empty(), "{line}");
        names.insert(said.name);
    }
    assert!(names.len() >= 3, "fewer than three people talk\n{}", exit.transcript());
    let left = std::fs::read_dir(home.path().join("tmp")).unwrap().count();
    assert_eq!(left, 0, "temporary files are left");
}

#[tokio::test]
async fn an_interrupt_ends_a_demo_cleanly() {
    let home = Home::new();
    let demo = chatroom(&home).args(["demo", "--plain"]).start();
    demo.out_line(|line| Said::read(line).is_some()).await;
    demo.signal("INT").await;
    demo.exit().await.assert_code(0);
}

#[tokio::test]
async fn an_interrupt_ends_tail_and_then_the_server_cleanly() {
    let home = Home::new();
    let server = server(&home).await;
    let tail = chatroom(&home).arg("tail").args(server.viewer_args()).start();
    joined(&tail).await;
    tail.signal("INT").await;
    tail.exit().await.assert_code(0);
    server.process.signal("INT").await;
    server.process.exit().await.assert_code(0);
}

#[tokio::test]
async fn a_request_to_end_drains_a_server_that_has_listeners() {
    let home = Home::new();
    let server = server(&home).await;
    let tail = chatroom(&home).arg("tail").args(server.viewer_args()).start();
    joined(&tail).await;
    server.process.signal("TERM").await;
    server.process.exit().await.assert_code(0);
    // The reader is told, and keeps trying until it is told to stop.
    tail.signal("INT").await;
    tail.exit().await.assert_code(0);
}
