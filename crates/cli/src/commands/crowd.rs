//! The people of the demo: who they are, what they say, and their way into the room, which is everybody's.

mod script;

use std::time::Duration;

use chatroom_client::{Builder, Event, EventStream, Room, Trust};
use chatroom_server::{IssueError, RunningServer};
use chatroom_wire::{
    Token,
    rest::{CreateToken, Role},
};
use futures_util::future::join_all;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

pub(super) use self::script::Script;
use crate::failure::Failure;

/// How long the talk waits for people on their way in; who comes later says the first lines on arrival.
const GATHERING: Duration = Duration::from_secs(1);

/// People who are on their way into the room, or in it.
#[derive(Debug)]
pub(super) struct Crowd {
    rooms: Vec<Room>,
    talk: JoinHandle<()>,
}

/// What a client of the demo's own server needs to know of it.
#[derive(Debug)]
pub(super) struct Way {
    api: String,
    /// Shared by all sessions: the authorities are read once.
    trust: Trust,
}

impl Way {
    /// The way over TLS, with the server's own authority trusted.
    pub(super) fn to(server: &RunningServer) -> Self {
        let api = server.tls_api().expect("the demo's server listens with TLS").to_owned();
        let trust = Trust::new().add_ca_pem(server.ca_pem().unwrap_or_default().as_bytes());
        Self { api, trust }
    }

    /// The beginning of a session by this way.
    pub(super) fn builder(&self, token: Token) -> Builder {
        Builder::with_token(token).api(&self.api).trust(&self.trust)
    }
}

impl Crowd {
    /// Sends everybody in; then they talk.
    pub(super) async fn enter(server: &RunningServer, way: &Way, script: Script) -> Result<Self, Failure> {
        let mut rooms = Vec::with_capacity(script.cast.len());
        let mut arrivals = Vec::with_capacity(script.cast.len());
        for person in &script.cast {
            let role = if person.admin { Role::Admin } else { Role::Viewer };
            let token = token(server, &person.name, role).await?;
            let (room, events) = way.builder(token).build().map_err(Failure::Build)?;
            rooms.push(room);
            arrivals.push(arrival(events));
        }
        let speakers = rooms.clone();
        let talk = tokio::spawn(async move {
            // Who is not in by then is on the way.
            let _ = timeout(GATHERING, join_all(arrivals)).await;
            talk(script, speakers).await;
        });
        Ok(Self { rooms, talk })
    }

    /// Sends everybody home.
    pub(super) async fn leave(self) {
        self.talk.abort();
        join_all(self.rooms.iter().map(Room::leave)).await;
    }
}

/// A token for somebody in the server's first room.
pub(super) async fn token(server: &RunningServer, name: &str, role: Role) -> Result<Token, IssueError> {
    let request = CreateToken { role, name: Some(name.to_owned()), ..CreateToken::default() };
    server.create_token(server.room_id(), request).await.map(|answer| answer.token)
}

/// Waits until somebody is in the room. Nobody of the crowd reads on: their events are dropped as they come.
async fn arrival(mut events: EventStream) {
    while let Some(event) = events.next().await {
        if matches!(event, Ok(Event::Joined { .. })) {
            break;
        }
    }
}

async fn talk(script: Script, rooms: Vec<Room>) {
    for (person, wait, text) in script.lines() {
        sleep(wait).await;
        // Who is not in yet says it on arrival. A line that can't be said is missed like one in a real crowd.
        if rooms[person].send(text).await.is_err() {
            // The session may be over for good; then nothing may spin here.
            sleep(Duration::from_secs(1)).await;
        }
    }
}
