//! `chatroom demo`: a server of its own, a crowd, and the user as admin; nothing is left behind.

use std::io::{self, IsTerminal as _};

use chatroom_server::{Options, RunningServer, Server};
use chatroom_wire::rest::Role;

use super::{
    crowd::{Crowd, Script, Way, token},
    join,
    outbox::leftovers::Leftovers,
    stop::Stop,
    tail, view,
};
use crate::{
    args::{DemoArgs, GlobalArgs},
    diagnostics,
    failure::Failure,
};

/// The user's name in the demo.
const NAME: &str = "You";

pub(super) async fn run(args: DemoArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let stop = Stop::after(args.length)?.while_read();
    let mut options = Options::ephemeral();
    // Everything of the demo goes over TLS, as it does in a real room.
    options.listen = None;
    let server = Server::start(options).await.map_err(Failure::Start)?;
    let result = visit(args, global, stop, &server).await;
    server.shutdown().await;
    result
}

async fn visit(args: DemoArgs, global: &GlobalArgs, stop: Stop, server: &RunningServer) -> Result<(), Failure> {
    let way = Way::to(server);
    let script = Script::of_the_demo();
    let people = script.people();
    let (room, events) =
        way.builder(token(server, NAME, Role::Admin).await?).history(100).build().map_err(Failure::Build)?;
    let crowd = Crowd::enter(server, &way, script).await?;
    let view = view(global, None);
    let result = if args.plain || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        tail::follow(room, events, view, tail::start_printer()?, stop, None).await
    } else {
        let told = format!("a demo room on this machine, with {people} people in it");
        diagnostics::note(&told, global.color);
        join::converse(room, events, view, stop, Leftovers::default(), None).await
    };
    crowd.leave().await;
    result
}
