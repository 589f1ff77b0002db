//! How a server that is asked to stop takes leave of everybody: sessions of the client crate over TLS, some of whom are
//! talking, the server a process of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::{Duration, Instant},
};

use chatroom_client::{
    Builder, Cause, Delivery, Event, EventStream, ReasonCode, Rest, Room, Trust, Visitor, history::From,
};
use chatroom_server::store::{SqliteStore, Store as _};
use chatroom_wire::{MessageId, Token};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::{JoinSet, spawn_blocking},
    time::{interval, sleep, timeout},
};

use crate::{Failure, percentile, process::Process};

/// How many clients join at a time, at first.
const AT_ONCE: usize = 50;

/// How many of them talk: each says so many texts at once, this often.
const SPEAKERS: usize = 10;
const TEXTS: usize = 5;
const PACE: Duration = Duration::from_secs(1);

/// How long they talk before the server is asked to stop.
const TALK: Duration = Duration::from_secs(3);

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the sessions tell.
enum Told {
    Joined,
    Left(usize, Instant, Cause),
    Said(MessageId),
    Became(MessageId, Delivery),
}

/// Joins so many clients, asks the server to stop while some of them talk, starts it anew, and looks at what was kept.
pub(crate) async fn measure(clients: usize) -> Result<(), Failure> {
    let home = tempfile::tempdir()?;
    let directory = home.path().join("data");
    let path = directory.to_str().ok_or("the directory is no text")?.to_owned();
    let mut server = Process::start(&path, [0, 0])?;
    let ports = server.ports;
    let token = Token::new(fs::read_to_string(directory.join("viewer.token"))?.trim());
    let trust = Trust::new().add_ca_pem(&fs::read(directory.join("ca.pem"))?);
    let api = format!("https://localhost:{}", ports[1]);

    let (told, mut heard) = unbounded_channel();
    let mut rooms = Vec::new();
    for number in 0..clients {
        let session = Builder::with_token(token.clone()).api(&api).trust(&trust).name(format!("client {number}"));
        let (room, events) = session.build()?;
        rooms.push(room);
        tokio::spawn(attend(number, events, told.clone()));
        if number >= AT_ONCE {
            heard.recv().await;
        }
    }
    for _ in 0..clients.min(AT_ONCE) {
        heard.recv().await;
    }
    let mut speakers = JoinSet::new();
    for room in rooms.iter().take(SPEAKERS).cloned() {
        speakers.spawn(speak(room, told.clone()));
    }
    sleep(TALK).await;

    let asked = Instant::now();
    server.terminate()?;
    let status = spawn_blocking(move || server.wait()).await??;
    println!("{clients} clients; SIGTERM; the process ended after {:.2?}: {status}", asked.elapsed());
    let mut tally = Tally::default();
    timeout(PATIENCE, tally.until(&mut heard, |tally| tally.left.len() == clients)).await?;
    speakers.shutdown().await;
    tally.tell_goodbyes(asked);

    let acknowledged = tally.acknowledged.len();
    // Before anybody can send anything again.
    let lost = lost(&directory, &tally.acknowledged).await?;
    let server = Process::start(&path, ports)?;
    timeout(PATIENCE, tally.until(&mut heard, |tally| tally.said.is_subset(&tally.delivered))).await?;
    let rest = Rest::new(&api, &trust)?;
    let mut history = Visitor::new(&rest, token).history(From::Oldest);
    let mut kept = BTreeMap::new();
    while let Some(message) = history.next().await {
        *kept.entry(message?.id.ok_or("a message has no id")?).or_insert(0) += 1;
    }
    println!(
        "{} texts were said, {acknowledged} of them acknowledged before the end, {lost} of those not kept; after \
         everybody came back {} of all are missing, {} stand there twice",
        tally.said.len(),
        tally.said.iter().filter(|id| !kept.contains_key(*id)).count(),
        kept.values().filter(|times| **times > 1).count(),
    );
    drop((rooms, server));
    Ok(())
}

/// How many of these the server that has ended did not keep.
async fn lost(directory: &Path, acknowledged: &BTreeSet<MessageId>) -> Result<usize, Failure> {
    let store = SqliteStore::open(directory.join("chatroom.db"))?;
    let room = store.first_room().await?.ok_or("no room was kept")?.id;
    let mut lost = 0;
    for id in acknowledged {
        lost += usize::from(store.author_of(&room, id).await?.is_none());
    }
    Ok(lost)
}

/// Tells what happens to one session.
async fn attend(number: usize, mut events: EventStream, told: UnboundedSender<Told>) {
    while let Some(event) = events.next().await {
        let news = match event {
            Ok(Event::Joined { .. }) => Told::Joined,
            Ok(Event::Interrupted { cause, .. }) => Told::Left(number, Instant::now(), cause),
            Ok(Event::DeliveryChanged { id, delivery, .. }) => Told::Became(id, delivery),
            _ => continue,
        };
        let _ = told.send(news);
    }
}

/// Talks, whether there is a link or not.
async fn speak(room: Room, told: UnboundedSender<Told>) -> Result<(), Failure> {
    let mut pace = interval(PACE);
    loop {
        pace.tick().await;
        for _ in 0..TEXTS {
            let _ = told.send(Told::Said(room.send("a line as people write it in a chat").await?));
        }
    }
}

/// What was told.
#[derive(Default)]
struct Tally {
    /// How each session lost its link first, and when.
    left: BTreeMap<usize, (Instant, Cause)>,
    said: BTreeSet<MessageId>,
    acknowledged: BTreeSet<MessageId>,
    delivered: BTreeSet<MessageId>,
}

impl Tally {
    async fn until(&mut self, heard: &mut UnboundedReceiver<Told>, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            match heard.recv().await {
                Some(news) => self.take(news),
                None => return,
            }
        }
        while let Ok(news) = heard.try_recv() {
            self.take(news);
        }
    }

    fn take(&mut self, news: Told) {
        match news {
            Told::Left(number, at, cause) => drop(self.left.entry(number).or_insert((at, cause))),
            Told::Said(id) => drop(self.said.insert(id)),
            // Whoever sees the echo first knows as well that it is kept.
            Told::Became(id, Delivery::Sent) => drop(self.acknowledged.insert(id)),
            Told::Became(id, Delivery::Delivered { .. }) => {
                self.acknowledged.insert(id.clone());
                self.delivered.insert(id);
            }
            Told::Joined | Told::Became(..) => {}
        }
    }

    fn tell_goodbyes(&self, asked: Instant) {
        let goodbye =
            |cause: &Cause| matches!(cause, Cause::Disconnected { reason, .. } if *reason == ReasonCode::SHUTTING_DOWN);
        let (told, untold): (Vec<_>, Vec<_>) = self.left.values().partition(|(_, cause)| goodbye(cause));
        let mut at: Vec<Duration> = told.iter().map(|(at, _)| at.duration_since(asked)).collect();
        at.sort_unstable();
        let (first, last) = (at.first().copied().unwrap_or_default(), at.last().copied().unwrap_or_default());
        let fullest =
            at.iter().map(|begin| at.iter().filter(|at| (*begin..*begin + SECOND).contains(*at)).count()).max();
        let mean = at.len() * 1000 / usize::try_from(last.saturating_sub(first).max(SECOND).as_millis()).unwrap_or(1);
        println!(
            "{} were told 0x8B: the first after {first:.2?}, half after {:.2?}, the last after {last:.2?}; {} in the \
             fullest second, {mean} in the mean one",
            told.len(),
            percentile(&at, 50).unwrap_or_default(),
            fullest.unwrap_or_default(),
        );
        for (_, cause) in untold {
            println!("one was not told: {cause}");
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);
