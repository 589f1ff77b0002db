//! Many do many things at once, the server breaks off now and then: what everybody was told agrees with what is kept.
//! `CHATROOM_SEED` and `CHATROOM_SEEDS` say where to begin, and for how many seeds to go on.

mod person;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use chatroom_server::RunningServer;
use chatroom_wire::rest::Role;
use serde_json::{Value, json};

use super::{Stage, press, server_in, text};
use person::{Person, history, id};

const PEOPLE: [(&str, Role); 4] =
    [("ada", Role::Viewer), ("bob", Role::Viewer), ("eve", Role::Viewer), ("boss", Role::Admin)];

/// How often the server is started.
const LIVES: usize = 3;

/// Starts a server whose packets leave at once, or not.
async fn start(directory: &Path, dice: &mut Dice) -> RunningServer {
    let window = dice.one(&["0s", "3ms", "50ms"]);
    let settings = [("batch.window", *window), ("rate.viewer", "100000"), ("rate.admin", "100000")];
    server_in(directory, &settings).await
}

/// Numbers that look random and are the same for a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// Waits until all is answered and heard, and compares.
async fn check(stage: &Stage, people: &mut [Person], deleted: &BTreeSet<String>, marker: &str) {
    for person in &mut *people {
        person.until(|person| person.open.is_empty()).await;
    }
    let boss = people.last_mut().unwrap();
    boss.say(&text(marker, "the end")).await;
    for person in people {
        person.until(|person| person.open.is_empty() && person.heard.iter().any(|heard| id(heard) == marker)).await;
        let kept = history(stage, person.who).await;
        assert!(kept.is_sorted_by(|one, other| one["received_at"].as_str() < other["received_at"].as_str()));
        let ids: BTreeSet<String> = kept.iter().map(id).collect();
        assert_eq!(ids.len(), kept.len());
        let heard: BTreeSet<String> = person.heard.iter().map(id).collect();
        let who = person.who;
        for id in &person.acknowledged {
            assert!(ids.contains(id) || deleted.contains(id), "{id} of {who} was acknowledged and is not kept");
        }
        for message in &kept {
            // A pin whose message was deleted before it went out stands there without its text, and goes out no more.
            let empty = message["type"] == "INTERACTION_TYPE_PIN_MESSAGE"
                && message["pin_unpin_message"]["message"]["text"] == "";
            let told = heard.contains(&id(message)) || person.known.contains(&id(message));
            assert!(told || empty, "{who} never heard {message}");
        }
        for id in &heard {
            assert!(ids.contains(id) || deleted.contains(id), "{who} heard {id}, which is not kept");
        }
        assert!(person.heard.is_sorted_by(|one, other| one["received_at"].as_str() < other["received_at"].as_str()));
        let all = Value::from(kept).to_string();
        for gone in deleted {
            assert!(!all.contains(&format!("<{gone}>")), "the text of {gone} is kept");
            let deletion = person.heard.iter().position(|heard| heard["delete_message"]["id"] == **gone);
            let later = deletion.map_or(&[][..], |place| &person.heard[place..]);
            assert!(
                !Value::from(later.to_vec()).to_string().contains(&format!("<{gone}>")),
                "{who} heard {gone} again"
            );
        }
    }
}

async fn run(seed: u64) {
    let mut dice = Dice(seed);
    let directory = tempfile::tempdir().unwrap();
    let mut stage = Stage::on(start(directory.path(), &mut dice).await, &["like"]).await;
    let (mut said, mut deleted) = (Vec::<(usize, Value)>::new(), BTreeSet::new());
    let mut acknowledged = BTreeMap::<&str, BTreeSet<String>>::new();
    for life in 0..LIVES {
        let mut people = Vec::new();
        for (who, role) in PEOPLE {
            people.push(Person::join(&stage, who, role).await);
            let person = people.last_mut().unwrap();
            person.acknowledged.extend(acknowledged.remove(who).unwrap_or_default());
        }
        for step in 0..100 + dice.below(50) {
            let number = said.len();
            let some = if said.is_empty() { None } else { Some(dice.one(&said).clone()) };
            match (dice.below(24), some) {
                (0 | 12, Some((_, message))) => {
                    let answer = stage.call("DELETE", &format!("/messages/{}", id(&message)), &Value::Null).await;
                    if answer.status == 200 {
                        deleted.insert(id(&message));
                    }
                }
                (1 | 2, Some((_, message))) => {
                    let pin = json!({"pinned_message": {"message": {"id": id(&message)}}});
                    stage.call("POST", "/messages:pin", &pin).await;
                }
                (3, Some((_, message))) => {
                    let unpin = json!({"unpinned_message": {"message": {"id": id(&message)}}});
                    stage.call("POST", "/messages:unpin", &unpin).await;
                }
                (4, _) => stage.block("bob").await,
                (5, _) => stage.unblock("bob").await,
                (6, _) => stage.mute().await,
                (7 | 8, _) => stage.unmute().await,
                (9 | 10, Some((who, message))) => people[who].say(&message).await,
                (11, _) => {
                    let place = usize::try_from(dice.below(4)).unwrap();
                    let (who, role) = PEOPLE[place];
                    let leaving = people.remove(place);
                    leaving.client.disconnect().await;
                    people.insert(place, Person::join(&stage, who, role).await);
                    people[place].acknowledged = leaving.acknowledged;
                }
                (what, _) => {
                    let who = usize::try_from(dice.below(4)).unwrap();
                    let id = format!("m{number}");
                    let message = if what == 13 { press(&id, "like", 1) } else { text(&id, &format!("<{id}>")) };
                    people[who].say(&message).await;
                    said.push((who, message));
                }
            }
            if step % 50 == 49 {
                check(&stage, &mut people, &deleted, &format!("marker-{life}-{step}")).await;
            }
            for person in &mut people {
                // Keeps below the Receive Maximum.
                let many = person.open.len() > 50;
                person.until(|person| !many || person.open.len() < 10).await;
            }
        }
        let Stage { server, room, .. } = stage;
        if dice.below(2) == 0 {
            server.shutdown().await;
        }
        drop(server);
        for person in people {
            acknowledged.insert(person.who, person.until_the_end().await);
        }
        stage = Stage::again(start(directory.path(), &mut dice).await, room).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_everybody_was_told_agrees_with_what_is_kept() {
    let seeds = std::env::var("CHATROOM_SEEDS").map_or(2, |text| text.parse().unwrap());
    let first: u64 = std::env::var("CHATROOM_SEED").map_or(1, |text| text.parse().unwrap());
    for seed in first..first + seeds {
        println!("seed {seed}");
        run(seed).await;
    }
}
