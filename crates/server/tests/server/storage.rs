//! A disk that is full, a file that another process holds: refusals that say when to try again, nothing taken that is
//! not kept, and all goes on by itself.

use std::{collections::BTreeSet, path::Path, time::Duration};

use chatroom_mqtt::ReasonCode;
use chatroom_server::{Data, Options, RunningServer, Server, StartError};
use chatroom_testkit::small_disk::SmallDisk;
use chatroom_wire::{RoomId, Token, rest::Role};
use rusqlite::Connection;
use serde_json::json;
use tokio::time::sleep;

use crate::bed::{Ack, Answer, Client, get, join, post, text, token, token_in};

async fn server_in(directory: &Path) -> Result<RunningServer, StartError> {
    let mut options = Options::ephemeral();
    options.tls_listen = None;
    options.data = Data::Directory(directory.to_owned());
    options.settings.set("rate.admin", "1000000").unwrap();
    Server::start(options).await
}

/// A room in which one says numbered messages, and remembers which of them were taken.
struct Speaker {
    client: Client,
    said: u32,
    taken: BTreeSet<String>,
}

impl Speaker {
    async fn join(server: &RunningServer) -> Self {
        Self { client: join(server, "ada", Role::Admin).await, said: 0, taken: BTreeSet::new() }
    }

    /// Says the next message, once.
    async fn say(&mut self) -> Ack {
        self.said += 1;
        self.say_again().await
    }

    /// Says the last message, under its own id, for the first time or not.
    async fn say_again(&mut self) -> Ack {
        let mut message = text(&format!("{} {}", self.said, "x".repeat(900)));
        message["id"] = json!(self.said.to_string());
        let ack = self.client.say(&message).await;
        if ack == Ack::Taken {
            self.taken.insert(self.said.to_string());
        }
        ack
    }

    /// Asks again, when the server says that it may do, until it is taken.
    async fn insist(&mut self) {
        while let Ack::Refused { reason, retry_after_ms, .. } = self.say_again().await {
            assert_eq!(reason, ReasonCode::QUOTA_EXCEEDED);
            sleep(Duration::from_millis(retry_after_ms.expect("it says when to try again"))).await;
        }
    }
}

fn must_be_told_to_wait(ack: &Ack) {
    let Ack::Refused { reason, text, retry_after_ms } = ack else { panic!("it was taken") };
    assert_eq!(*reason, ReasonCode::QUOTA_EXCEEDED);
    assert!(text.contains("can't be stored now") && retry_after_ms.is_some(), "{ack:?}");
}

fn must_be_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.head.contains("\r\nretry-after: 1\r\n"), "{}", answer.head);
    assert_eq!(answer.json()["code"], 14);
}

/// The ids of all that the history holds of what was said.
async fn kept(server: &RunningServer, room: &RoomId) -> BTreeSet<String> {
    let token = token_in(server, room, "eve", Role::Viewer).await.token;
    let mut kept = BTreeSet::new();
    let mut after = String::new();
    loop {
        let path = format!("/chatrooms/messages?from_oldest=true&limit=100{after}");
        let page = get(server, &path, token.expose()).await.json();
        let messages = page["messages"].as_array().unwrap().clone();
        let Some(last) = messages.last() else { return kept };
        after = format!("&after_at={}", last["received_at"].as_str().unwrap());
        kept.extend(
            messages
                .iter()
                .filter(|message| message["type"] == "INTERACTION_TYPE_TEXT")
                .map(|message| message["id"].as_str().unwrap().to_owned()),
        );
    }
}

async fn ready(server: &RunningServer) -> u16 {
    crate::bed::call(server, "GET", "/readyz", &[], "").await.status
}

async fn host(server: &RunningServer) -> Token {
    token(server, "host", Role::Admin).await.token
}

#[tokio::test]
async fn a_full_disk_refuses_with_a_reason_takes_nothing_it_can_not_keep_and_recovers() {
    // Who may not mount has the same of the store alone: `a_full_disk_refuses_stores_nothing_and_recovers`.
    let Some(disk) = SmallDisk::mount("8m") else { return eprintln!("not run: this user may not mount a disk") };
    let server = server_in(&disk.path().join("data")).await.unwrap();
    let (room, host) = (server.room_id().clone(), host(&server).await);
    let mut ada = Speaker::join(&server).await;
    for _ in 0..10 {
        assert_eq!(ada.say().await, Ack::Taken);
    }
    for round in 0..2 {
        disk.fill();
        // The log of the store has some room in its file still.
        let mut refused = ada.say().await;
        while refused == Ack::Taken {
            refused = ada.say().await;
        }
        must_be_told_to_wait(&refused);
        // A small act may fit where a message does not: many do not.
        let mut mute = post(&server, "/chatrooms:mute", host.expose(), "{}").await;
        while mute.status == 200 {
            post(&server, "/chatrooms:unmute", host.expose(), "{}").await;
            mute = post(&server, "/chatrooms:mute", host.expose(), "{}").await;
        }
        must_be_unavailable(&mute);
        // A small write may fit where others do not: an answer holds for a second.
        for _ in 0..500 {
            if ready(&server).await == 503 {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(ready(&server).await, 503);
        assert_eq!(get(&server, "/chatrooms/messages", host.expose()).await.status, 200, "who reads does not notice");
        assert_eq!(kept(&server, &room).await, ada.taken, "round {round}");
        disk.free();
        ada.insist().await;
        sleep(Duration::from_secs(1)).await;
        assert_eq!(ready(&server).await, 200);
        assert_eq!(ada.say().await, Ack::Taken);
        assert_eq!(post(&server, "/chatrooms:unmute", host.expose(), "{}").await.status, 200);
    }
    assert_eq!(kept(&server, &room).await, ada.taken);
    drop(ada.client);
    server.shutdown().await;
    let server = server_in(&disk.path().join("data")).await.unwrap();
    assert_eq!(kept(&server, &room).await, ada.taken);
    server.shutdown().await;
}

#[tokio::test]
async fn a_server_that_has_no_room_to_begin_says_so() {
    let Some(disk) = SmallDisk::mount("1m") else { return eprintln!("not run: this user may not mount a disk") };
    disk.fill();
    let error = server_in(&disk.path().join("data")).await.unwrap_err();
    let first: &dyn std::error::Error = &error;
    let said: Vec<String> =
        std::iter::successors(Some(first), |error| error.source()).map(ToString::to_string).collect();
    let said = said.join(": ");
    assert!(said.contains("No space left on device") || said.contains("disk is full"), "{said}");
    disk.free();
    server_in(&disk.path().join("data")).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn a_store_that_another_process_holds_refuses_with_a_reason_and_recovers() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = server_in(&data).await.unwrap();
    let (room, host) = (server.room_id().clone(), host(&server).await);
    let mut ada = Speaker::join(&server).await;
    assert_eq!(ada.say().await, Ack::Taken);
    let other = Connection::open(data.join("chatroom.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let (refused, mute) = tokio::join!(ada.say(), post(&server, "/chatrooms:mute", host.expose(), "{}"));
    must_be_told_to_wait(&refused);
    must_be_unavailable(&mute);
    assert_eq!(kept(&server, &room).await, ada.taken, "who reads does not notice");
    other.execute_batch("COMMIT").unwrap();
    ada.insist().await;
    assert_eq!(kept(&server, &room).await, ada.taken);
    assert_eq!(ada.taken.len(), 2);
    server.shutdown().await;

    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let error = server_in(&data).await.unwrap_err();
    assert!(matches!(error, StartError::Store(_)) && error.to_string().contains("database is locked"), "{error}");
    other.execute_batch("COMMIT").unwrap();
    server_in(&data).await.unwrap().shutdown().await;
}
