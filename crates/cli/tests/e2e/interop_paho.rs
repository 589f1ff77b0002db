//! The reference sample on paho-mqtt, and `chatroom`, in one room of `chatroom serve`.

use chatroom_testkit::process::Home;

use crate::support::{Said, chatroom, joined, python_sample, server};

#[tokio::test]
async fn a_second_library_and_chatroom_hear_each_other() {
    let home = Home::new();
    let server = server(&home).await;
    let config = home.file("config.json", server.viewer().config().await.to_string());
    let tail = chatroom(&home).arg("tail").args(server.admin_args()).start();
    joined(&tail).await;
    let sample = python_sample(&home, &config, &server.ready.ca_file).start();
    sample.out_line(|line| line == "acknowledged").await;

    for text in ["[0]", "[1]"] {
        let heard = tail.out_line(|line| Said::read(line).is_some_and(|said| said.text == text)).await;
        assert_eq!(sample.out_line(|line| line.ends_with(&format!("@user1: {text}"))).await, heard);
    }

    let send = chatroom(&home).arg("send").args(server.admin_args()).args(["--name", "Ada", "What a goal!"]);
    send.run().await.assert_code(0);
    sample.out_line(|line| line.ends_with("@Ada: What a goal!")).await;
    assert_eq!(sample.err(), [""; 0], "{}", sample.transcript());
}
