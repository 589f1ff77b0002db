//! Carries out what a session says, and hands in what comes of it.

use std::time::Duration;

use chatroom_session::{Call, Entry, Event, Input, LinkError, LinkId, Output};

use super::{
    World,
    client::{OUTBOX, TIMELINE},
    service::{self, Pending, Stage},
};

impl World {
    /// Hands something in, and does what is said to it.
    pub(crate) fn hand_in(&mut self, number: usize, input: Input) {
        let now = self.now_of(number);
        let Some(process) = &mut self.clients[number].process else { return };
        process.session.handle_input(now, input);
        self.drain(number);
    }

    pub(crate) fn drain(&mut self, number: usize) {
        for _ in 0..OUTPUTS {
            let now = self.now_of(number);
            let life = self.clients[number].lives;
            let Some(process) = &mut self.clients[number].process else { return };
            match process.session.poll_output() {
                Output::Connect { link, .. } => {
                    process.links.push(link);
                    let links = process.links.len();
                    self.air.note(|| format!("{number}: dials {link:?}"));
                    if links > 2 {
                        self.air.violated(|| format!("{number}: holds {links} links"));
                    }
                    self.air.dial(number, life, link);
                }
                Output::Send { link, bytes } => {
                    if let Some(wire) = self.air.wire_of(number, life, link) {
                        self.air.send_up(wire, bytes);
                    }
                }
                Output::Disconnect(link) => self.let_go(number, link),
                Output::Write { ticket, entry } => {
                    if let Entry::End(id) = &entry {
                        self.reference.ends_on_disk(id);
                    }
                    if let Some((ticket, result)) = self.clients[number].disk.append(&mut self.air, ticket, entry) {
                        self.clients[number].answer(Input::Written { ticket, result });
                    }
                }
                Output::Call { id, call, token } => {
                    let what = name(&call);
                    let fate = service::fate(&mut self.air, &call);
                    self.air
                        .note(|| format!("{number}: calls {what}{}", if fate.is_none() { ", for ever" } else { "" }));
                    if let Some((there, back, fails)) = fate {
                        let (at, stage) = match fails {
                            None => (self.air.now + there, Stage::Asking(call, token)),
                            Some(error) => (self.air.now + there + back, Stage::Answering(Box::new(Err(error)))),
                        };
                        self.calls.push(Pending { client: number, life, id, at, stage });
                    }
                }
                Output::Answered { .. } => {}
                Output::Event(event) => {
                    let ended = matches!(event, Event::Ended(_));
                    self.reference.told(&mut self.air, &self.server.log, number, now, &event);
                    if ended {
                        return self.ended(number);
                    }
                }
                Output::Timeout(_) if !process.inbox.is_empty() => {
                    let input = process.inbox.pop_front();
                    let now = self.now_of(number);
                    if let (Some(process), Some(input)) = (&mut self.clients[number].process, input) {
                        process.session.handle_input(now, input);
                    }
                }
                Output::Timeout(deadline) => {
                    process.deadline = deadline.map(|(at, _)| at);
                    let kept = process.session.messages().count();
                    if kept > TIMELINE + OUTBOX {
                        self.air.violated(|| format!("{number}: keeps {kept} messages"));
                    }
                    return;
                }
            }
        }
        self.air.violated(|| format!("{number}: never stops saying something"));
    }

    fn let_go(&mut self, number: usize, link: LinkId) {
        let life = self.clients[number].lives;
        if let Some(process) = &mut self.clients[number].process {
            process.links.retain(|other| *other != link);
        }
        if let Some(wire) = self.air.wire_of(number, life, link) {
            self.air.hang_up(wire);
        }
    }

    /// A link is open.
    pub(crate) fn link_opened(&mut self, number: usize, link: LinkId) {
        let now = self.air.now;
        let Some(process) = &mut self.clients[number].process else { return };
        let again = process.last_open.replace(now).is_some_and(|last| now < last + Duration::from_secs(1));
        if again && process.links.len() < 2 {
            self.air.violated(|| format!("{number}: connects twice within a second"));
        }
        self.hand_in(number, Input::LinkOpened(link));
    }

    /// A link could not be opened, or has ended.
    pub(crate) fn link_closed(&mut self, number: usize, link: LinkId, error: LinkError) {
        if let Some(process) = &mut self.clients[number].process {
            process.links.retain(|other| *other != link);
        }
        self.hand_in(number, Input::LinkClosed(link, error));
    }

    /// The session is over: the process ends as programs do, with all that was written on the disk. The user starts
    /// another.
    fn ended(&mut self, number: usize) {
        let life = self.clients[number].lives;
        loop {
            let Some(process) = &mut self.clients[number].process else { return };
            match process.session.poll_output() {
                Output::Timeout(_) => break,
                Output::Write { ticket, entry } => drop(self.clients[number].disk.append(&mut self.air, ticket, entry)),
                Output::Disconnect(link) => self.let_go(number, link),
                Output::Event(event) => self.air.violated(|| format!("{number}: says {event:?} after its end")),
                _ => {}
            }
        }
        self.clients[number].disk.flush();
        let links = self.clients[number].process.take().map(|process| process.links).unwrap_or_default();
        for link in links {
            if let Some(wire) = self.air.wire_of(number, life, link) {
                self.air.hang_up(wire);
            }
        }
        self.clients[number].starts_at = Some(self.air.now + self.air.dice.seconds(0, 40));
    }
}

fn name(call: &Call) -> &'static str {
    match call {
        Call::Config => "for a config",
        Call::Room => "for the room",
        Call::Refresh(_) => "for a fresh token",
        Call::History(query) if query.from_oldest => "for what was missed",
        Call::History(_) => "for the newest message",
        Call::Api(_) => "for something",
    }
}

/// More than a session can have to say at one moment.
const OUTPUTS: usize = 20_000;
