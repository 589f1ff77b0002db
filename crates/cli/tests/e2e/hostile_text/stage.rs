//! A room in which something is said, with `tail` and `join` watching.

use std::{fs, path::Path};

use chatroom_client::{
    Builder, Rest, Room, Rooms, Trust,
    wire::{OrgToken, RoomId, Token, rest::CreateToken},
};
use chatroom_testkit::{
    process::Home,
    serve::{ANY_PORTS, Server},
};

use super::{Said, window::Window};
use crate::support::CHATROOM;

/// The room.
pub(super) struct Stage {
    pub(super) server: Server,
    pub(super) home: Home,
    rest: Rest,
    stranger: Token,
    host: Room,
    tail: Window,
    join: Window,
}

/// All that was shown, with the same time on all lines.
pub(super) struct Shown {
    pub(super) tail: String,
    pub(super) join: String,
}

impl Stage {
    pub(super) async fn open() -> Self {
        let home = Home::new();
        let settings = ["--ephemeral", "--set", "rate.viewer=1000", "--set", "name.max=1000", "--log", "trace"];
        let server = Server::start(CHATROOM, &home, ANY_PORTS.iter().chain(&settings)).await;
        let trust = Trust::new().ca_file(&server.ready.ca_file);
        let rest = Rest::new(&server.ready.tls_api, &trust).expect("the authority can be read");
        let rooms = Rooms::new(&rest, OrgToken::new(secret(&server.ready.org_token_file)));
        let wanted = CreateToken { subject: Some("stranger".to_owned()), ..CreateToken::default() };
        let stranger = rooms.create_token(&RoomId::from(&*server.ready.room_id), &wanted).await;
        let stranger = stranger.expect("the organisation makes tokens").token;
        let token = Token::new(secret(&server.ready.admin_token_file));
        let (host, _) = Builder::with_token(token).rest(&rest).name("Host").build().expect("nothing is wrong with it");

        let mut watchers = Vec::new();
        for command in ["tail", "join"] {
            let args = [command, "--time", "iso"].map(ToOwned::to_owned).into_iter().chain(server.viewer_args());
            let mut window = Window::open(&home, args);
            window.until("--- joined the room").await;
            watchers.push(window);
        }
        let [mut tail, mut join] = <[Window; 2]>::try_from(watchers).ok().expect("there are two");
        join.press("my own words\r").await;
        for window in [&mut tail, &mut join] {
            window.until(" my own words\r\n").await;
        }
        Self { server, home, rest, stranger, host, tail, join }
    }

    /// Lets strangers say this, and the host something before, between and after.
    pub(super) async fn hear(&mut self, said: &[Said]) {
        for (number, (name, text)) in said.iter().enumerate() {
            self.host.deliver(format!("number {number}")).await.expect("the host may write");
            let builder = Builder::with_token(self.stranger.clone()).rest(&self.rest).name(name.as_str());
            let (stranger, _events) = builder.build().expect("nothing is wrong with it");
            stranger.deliver(text.as_str()).await.unwrap_or_else(|error| panic!("{error}: {name:?}: {text:?}"));
            stranger.leave().await;
        }
        self.host.deliver("the end").await.expect("the host may write");
        for window in [&mut self.tail, &mut self.join] {
            window.until(" the end\r\n").await;
        }
    }

    pub(super) async fn close(mut self) -> Shown {
        for window in [&mut self.tail, &mut self.join] {
            window.until("message pinned by @Admin: ").await;
        }
        // Ctrl-C ends the one, Ctrl-D the other.
        Shown { tail: at_one_time(&self.tail.close("\x03").await), join: at_one_time(&self.join.close("\x04").await) }
    }
}

fn secret(file: &Path) -> String {
    fs::read_to_string(file).expect("the server wrote it").trim().to_owned()
}

/// The lines with `[time]` for their times, which are dim.
fn at_one_time(shown: &str) -> String {
    let mut steady = shown.to_owned();
    for beginning in ["\x1b[2m[2", "\x1b[2m--- [2"] {
        let mut parts = steady.split(beginning);
        let mut replaced = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (_, rest) = part.split_once(']').expect("a time ends");
            replaced.push_str(beginning.trim_end_matches('2'));
            replaced.push_str("time]");
            replaced.push_str(rest);
        }
        steady = replaced;
    }
    steady
}
