//! What an operator sees: a copy of the store, a disk that is full, a data directory with a part missing.

use std::{fs, path::Path};

use chatroom_testkit::{
    process::Home,
    serve::{ANY_PORTS, Server},
    small_disk::SmallDisk,
};

use crate::support::{CHATROOM, chatroom, refusal, texts};

async fn server(home: &Home, data: &Path) -> Server {
    let data = data.display().to_string();
    Server::start(CHATROOM, home, ANY_PORTS.iter().copied().chain(["--data", &data])).await
}

async fn say(home: &Home, server: &Server, text: &str) {
    chatroom(home).args(["send", "--outbox", "none", text]).args(server.viewer_args()).run().await.assert_code(0);
}

#[tokio::test]
async fn after_a_clean_stop_a_copy_of_the_store_alone_is_a_backup() {
    let home = Home::new();
    let (data, restored) = (home.path().join("data"), home.path().join("restored"));
    let first = server(&home, &data).await;
    say(&home, &first, "worth keeping").await;
    first.process.signal("TERM").await;
    first.process.exit().await.assert_code(0);
    fs::create_dir(&restored).unwrap();
    for file in ["chatroom.db", "token-key.pem", "org-token"] {
        fs::copy(data.join(file), restored.join(file)).unwrap();
    }
    let second = server(&home, &restored).await;
    let history = chatroom(&home).arg("history").args(second.viewer_args()).run().await;
    history.assert_code(0);
    assert_eq!(texts(&history.out), ["worth keeping"]);
    drop(second);

    fs::remove_file(restored.join("chatroom.db")).unwrap();
    for left in ["chatroom.db-wal", "chatroom.db-shm"] {
        let _ = fs::remove_file(restored.join(left));
    }
    let data = restored.display().to_string();
    let refused = chatroom(&home).args(["serve", "--data", &data]).args(ANY_PORTS).run().await;
    assert_eq!(refusal(&refused, 1, "there is no store at"), Vec::<String>::new(), "{}", refused.transcript());
    assert!(refused.err.join("\n").contains("restore the store from a backup"), "{}", refused.transcript());
}

#[tokio::test]
async fn a_full_disk_is_logged_without_being_asked_for() {
    let Some(disk) = SmallDisk::mount("8m") else { return eprintln!("not run: this user may not mount a disk") };
    let home = Home::new();
    let server = server(&home, &disk.path().join("data")).await;
    say(&home, &server, "fits").await;
    disk.fill();
    let long = "x".repeat(900);
    let send = ["send", "--outbox", "none", "--timeout", "2s", "--count", "40", &long];
    let _sending = chatroom(&home).args(send).args(server.viewer_args()).start();
    let line = server.process.err_line(|line| line.contains("WARN")).await;
    assert!(line.contains("the store took nothing") && line.contains("full"), "{line}");
    disk.free();
}
