//! A host's evening with two admins and three viewers, all talking while it happens: nothing that was forbidden reaches
//! anybody, and at the end everybody knows the room as the server does. Then the server is killed, and all holds again.

mod checker;
mod guest;

use std::time::Duration;

use chatroom_client::{
    Dictionaries, Rooms,
    wire::{
        Chatroom, Message, OptionId, Payload, PollId, UserId,
        chatroom::CustomCounter,
        poll::{MultiChoice, Poll, PollOption, PollStatus},
        rest::{CounterKey, CreateChatroom, PollAction, Role, WriteDictionary},
    },
};
use chatroom_testkit::process::Home;
use chatroom_testkit::serve::{ANY_PORTS, Server};

use self::{
    checker::Checker,
    guest::{Guest, Invitation},
};
use crate::support::{CHATROOM, address};

/// How often each guest presses the counter.
const PRESSES: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_knows_the_room_as_the_server_does_and_nothing_forbidden_reaches_anybody() {
    let home = Home::new();
    let data = home.path().join("data").display().to_string();
    let settings = ["--data", &data, "--set", "rate.viewer=1000", "--set", "rate.admin=1000"];
    let server = Server::start(CHATROOM, &home, ANY_PORTS.iter().chain(&settings)).await;
    let ready = server.ready.clone();
    let invitation = Invitation::of(&ready);
    let rooms = Rooms::new(&invitation.rest, invitation.org_token());
    let counters = vec![CounterKey { key: "cheers".to_owned() }];
    let room = rooms.create(&CreateChatroom { custom_counters: counters }).await.unwrap();

    let checker = Checker::new();
    let mut guests = Vec::new();
    for (name, role) in [
        ("host", Role::Admin),
        ("mod", Role::Admin),
        ("ann", Role::Viewer),
        ("ben", Role::Viewer),
        ("troll", Role::Viewer),
    ] {
        guests.push(Guest::come(&invitation, &rooms, &room.id, name, role, &checker).await);
    }
    let [host, moderator, ann, ben, troll] = &guests[..] else { unreachable!("five guests") };
    // Everybody talks from here on, whatever happens.
    let talk: Vec<_> = guests.iter().map(|guest| tokio::spawn(guest.clone().talk())).collect();

    // Mute: viewers are refused, admins go on.
    checker.mute(host.room.mute()).await;
    assert!(ann.say("may I?").await.is_err());
    assert!(host.say("please listen").await.is_ok());
    checker.unmute(moderator.room.unmute()).await;
    assert!(ann.say("thanks").await.is_ok());

    // Block: the troll alone sees what the troll says.
    let earlier = troll.say("something before").await.unwrap();
    checker.block("troll", moderator.room.block(&troll.user())).await;
    troll.say("buy my coins").await.expect("a blocked person is not told");
    everybody_presses(&guests).await;

    // Pin, delete, rename.
    let rules = host.say("be kind").await.unwrap();
    host.room.pin(&host.message(&rules).await).await.unwrap();
    let spam = ben.say("spoiler: it is the butler").await.unwrap();
    host.room.pin(&host.message(&spam).await).await.unwrap();
    checker.delete(&spam, host.room.delete(&spam, None)).await;
    host.room.rename("The Host").await.unwrap();
    host.say("I am the host").await.unwrap();

    // The number of viewers.
    moderator.room.show_viewers(true).await.unwrap();

    // A filtered word, whatever its case.
    let rude = WriteDictionary { name: "rude".to_owned(), ..WriteDictionary::default() };
    let words = Dictionaries::new(&invitation.rest, host.token());
    let dictionary = words.create(&rude).await.unwrap();
    words.add_patterns(&dictionary.id, &["booo".to_owned()]).await.unwrap();
    host.room.enable_dictionaries(std::slice::from_ref(&dictionary.id), true).await.unwrap();
    let filtered = ann.say("BOOO").await.unwrap();
    assert!(is_filtered(&ben.heard(&filtered).await));
    let not_filtered = ann.say("boooring").await.unwrap();
    assert!(!is_filtered(&ben.heard(&not_filtered).await));

    // A poll, from queue to archive.
    let poll = host.room.create_poll(&question()).await.unwrap();
    let (poll_id, options) = ids(&poll);
    assert_eq!(poll.status, PollStatus::Queued);
    host.room.change_poll(&poll_id, PollAction::Start).await.unwrap();
    for (guest, option) in [(ann, 0), (ben, 0), (troll, 1), (moderator, 1)] {
        guest.vote(&poll_id, &options[option]).await;
    }
    ben.vote(&poll_id, &options[1]).await;
    same_for_all(&guests, "while the poll runs").await;
    let counts = |poll: &Poll| -> Vec<i64> { poll.multi_choice.options.iter().map(|it| it.votes_count).collect() };
    let running = ann.room.chatroom().await.unwrap().active_poll.expect("a poll runs");
    assert_eq!((running.votes_count, counts(&running)), (3, vec![1, 2]), "the troll's vote counts for nothing");
    host.room.change_poll(&poll_id, PollAction::Close).await.unwrap();
    host.room.change_poll(&poll_id, PollAction::Archive).await.unwrap();
    assert_eq!(host.room.poll(&poll_id).await.unwrap().status, PollStatus::Archived);

    // Unblock: what was hidden stays hidden.
    checker.unblock("troll", host.room.unblock(&troll.id)).await;
    troll.say("sorry").await.unwrap();
    host.room.unpin(&rules).await.unwrap();
    let last = host.say("and thanks for all the fish").await.unwrap();
    host.room.pin(&host.message(&last).await).await.unwrap();
    moderator.room.block(&guests[3].user()).await.unwrap();

    for talker in talk {
        talker.abort();
        let _ = talker.await;
    }
    same_for_all(&guests, "at the end").await;
    let now = ann.room.chatroom().await.unwrap();
    let cheers = i64::try_from(PRESSES * 4).unwrap();
    assert_eq!(now.custom_counters.iter().map(value).collect::<Vec<_>>(), [cheers], "the troll's presses do not count");
    assert_eq!(now.pinned_messages.len(), 1);
    assert_eq!(blocked(&now), [guests[3].id.clone()]);
    checker.check(&guests, &earlier).await;

    // The same after the server is killed and started anew.
    server.process.kill().await;
    let again =
        ["--listen", address(&ready.api), "--tls-listen", &address(&ready.tls_api).replace("localhost", "127.0.0.1")];
    let _second = Server::start(CHATROOM, &home, again.iter().chain(&settings)).await;
    for guest in &guests {
        guest.is_back().await;
    }
    same_for_all(&guests, "after the restart").await;
    let then = ann.room.chatroom().await.unwrap();
    assert_eq!(
        (then.muted, &then.pinned_messages, &then.blocked_users, &then.custom_counters, &then.active_poll),
        (now.muted, &now.pinned_messages, &now.blocked_users, &now.custom_counters, &now.active_poll)
    );
    assert!(ben.say("still blocked").await.is_ok());
    ann.say("still here").await.unwrap();
    checker.check(&guests, &earlier).await;
}

/// All press at once, and each batch is delivered.
async fn everybody_presses(guests: &[Guest]) {
    for guest in guests {
        for _ in 0..PRESSES {
            guest.room.press("cheers", None).await.expect("the room has this counter");
        }
    }
    for guest in guests {
        guest.counted(PRESSES).await;
    }
}

/// Waits until every guest knows the room as the service says it.
async fn same_for_all(guests: &[Guest], when: &str) {
    for guest in guests {
        let mut seen = None;
        for _ in 0..200 {
            let (known, said) = (guest.known(), guest.said_by_service().await);
            if known == said {
                seen = None;
                break;
            }
            seen = Some((known, said));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if let Some((known, said)) = seen {
            panic!("{when}, {} knows\n{known:#?}\nand the service says\n{said:#?}", guest.name);
        }
    }
}

fn is_filtered(message: &Message) -> bool {
    matches!(&message.payload, Payload::Text(text) if text.filtered == Some(true))
}

fn question() -> Poll {
    let option = |text: &str, corrected| PollOption {
        text: text.to_owned(),
        corrected: Some(corrected),
        ..PollOption::default()
    };
    let options = vec![option("The butler", false), option("The gardener", true)];
    let multi_choice = MultiChoice { question: "Who was it?".to_owned(), options, ..MultiChoice::default() };
    Poll { multi_choice, ..Poll::default() }
}

fn ids(poll: &Poll) -> (PollId, Vec<OptionId>) {
    let options = poll.multi_choice.options.iter().map(|option| option.id.clone().expect("the server gives ids"));
    (poll.id.clone().expect("the server gives ids"), options.collect())
}

fn value(counter: &CustomCounter) -> i64 {
    counter.value
}

fn blocked(room: &Chatroom) -> Vec<UserId> {
    room.blocked_users.iter().filter_map(|user| user.id.clone()).collect()
}
