//! Everybody comes back after a server that ended without a word was started anew.

use chatroom_client::{Builder, Event, tls::Trust};
use chatroom_server::{Data, Options, RunningServer, Server, StartError};
use chatroom_wire::rest::Role;
use tokio::{
    sync::mpsc,
    time::{Duration, sleep, timeout},
};

use crate::bed::{PATIENCE, token};

/// How many clients.
const CLIENTS: usize = 200;

/// Starts the server of these options as soon as the one before it has let go of them.
async fn anew(options: &Options) -> RunningServer {
    loop {
        match Server::start(options.clone()).await {
            Ok(server) => return server,
            Err(StartError::DataInUse(_) | StartError::AddressInUse(_)) => sleep(Duration::from_millis(10)).await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_clients_are_back_after_the_server_broke_off_and_was_started_anew() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = Options::ephemeral();
    options.data = Data::Directory(directory.path().join("data"));
    options.settings.set("entrance.max_viewers", "0").unwrap();
    let server = Server::start(options.clone()).await.unwrap();
    (options.listen, options.tls_listen) = (server.address(), server.tls_address());
    let trust = Trust::new().add_ca_pem(server.ca_pem().unwrap().as_bytes());
    let (told, mut heard) = mpsc::unbounded_channel();
    let mut rooms = Vec::new();
    for number in 0..CLIENTS {
        let token = token(&server, &format!("user {number}"), Role::Viewer).await.token;
        let (room, mut events) =
            Builder::with_token(token).api(server.tls_api().unwrap()).trust(&trust).build().unwrap();
        rooms.push(room);
        let told = told.clone();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if let Ok(Event::Joined { first, .. }) = event {
                    let _ = told.send(first);
                }
            }
        });
    }
    let mut all = async |wanted| {
        let mut joined = 0;
        while joined < CLIENTS {
            let first = timeout(PATIENCE, heard.recv()).await.expect("they come").unwrap();
            joined += usize::from(first == wanted);
        }
    };
    all(true).await;
    assert_eq!(server.connections(), CLIENTS);
    drop(server);
    let server = anew(&options).await;
    all(false).await;
    assert_eq!(server.connections(), CLIENTS);
    for room in rooms {
        room.leave().await;
    }
    server.shutdown().await;
}
