//! Readers of the output who leave: a command that only shows something ends with them, also where nothing happens.

use chatroom_testkit::process::{Home, Program};

use crate::support::{CHATROOM, chatroom, server};

#[tokio::test]
async fn a_command_that_waits_ends_with_its_reader() {
    let home = Home::new();
    let server = server(&home).await;
    let args: Vec<String> = server.viewer_args().iter().map(|arg| format!("'{arg}'")).collect();
    chatroom(&home).args(["send", "hello"]).args(server.viewer_args()).run().await.assert_code(0);
    Program::new("mkfifo", &home).arg("keyboard").run().await.assert_code(0);
    for (command, reader) in [
        ("tail --history 1", "head -n 1"),
        ("tail --json --history 1", "head -n 1"),
        ("tail", "true"),
        ("join", "head -n 1"),
        ("counter watch", "true"),
        ("poll watch", "true"),
    ] {
        // Both ends of the pipe are open: its end is not that of the input.
        let script = format!(
            "exec 3<>keyboard; {{ {CHATROOM} {command} {} <&3; echo \"code $?\" >&2; }} | {reader}",
            args.join(" ")
        );
        let exit = Program::new("sh", &home).args(["-c", &script]).run().await;
        exit.assert_code(0);
        assert_eq!(exit.err.last().map(String::as_str), Some("code 0"), "{command}: {}", exit.transcript());
    }
}

#[tokio::test]
async fn what_is_said_arrives_though_nobody_reads_the_output() {
    let home = Home::new();
    let server = server(&home).await;
    let args: Vec<String> = server.viewer_args().iter().map(|arg| format!("'{arg}'")).collect();
    let script = format!("{{ {CHATROOM} send hello {}; echo \"code $?\" >&2; }} | true", args.join(" "));
    let exit = Program::new("sh", &home).args(["-c", &script]).run().await;
    assert_eq!(exit.err, ["code 0"], "{}", exit.transcript());
}
