//! What the clients' users do, and the end of their programs.

use std::collections::VecDeque;

use bytes::Bytes;
use chatroom_session::{ApiRequest, Draft, Input, Options, RequestId, Session, Verb};
use chatroom_wire::MessageId;

use super::{Client, World};

impl World {
    /// Starts a client; answers its number.
    pub(crate) fn client(&mut self, options: Options) -> usize {
        let session = Session::new(options);
        let mut inbox = VecDeque::new();
        inbox.push_back(Input::Start);
        self.clients.push(Client {
            session,
            events: Vec::new(),
            links: Vec::new(),
            connects: Vec::new(),
            tokens_used: Vec::new(),
            dead: false,
            disk: Vec::new(),
            writes: 0,
            answered: Vec::new(),
            inbox,
            deadline: None,
        });
        self.settle();
        self.clients.len() - 1
    }

    pub(crate) fn join(&mut self) -> usize {
        let mut options = Options::new(self.access());
        options.seed = self.clients.len() as u64;
        self.client(options)
    }

    /// With an outbox on disk.
    pub(crate) fn durable(&self) -> Options {
        let mut options = Options::new(self.access());
        options.seed = self.clients.len() as u64;
        options.durable = true;
        options
    }

    /// The program dies, and starts anew from its outbox on disk; answers its new number.
    pub(crate) fn crash(&mut self, client: usize) -> usize {
        self.clients[client].links.clear();
        self.clients[client].inbox.clear();
        self.clients[client].deadline = None;
        self.clients[client].dead = true;
        let mut options = self.durable();
        let disk = std::mem::take(&mut self.clients[client].disk);
        options.kept.clone_from(&disk);
        let number = self.client(options);
        self.clients[number].disk.extend(disk);
        number
    }

    pub(crate) fn send(&mut self, client: usize, text: &str) -> MessageId {
        let now = self.now();
        let id = self.clients[client].session.send(now, Draft::from(text)).unwrap();
        self.settle();
        id
    }

    /// Sends a message that is not answered for yet.
    pub(crate) fn hand_over(&mut self, client: usize, text: &str) -> MessageId {
        let now = self.now();
        self.clients[client].session.send(now, Draft::from(text)).unwrap()
    }

    /// Calls the service through a client's session.
    pub(crate) fn request(&mut self, client: usize, path: &'static str) -> RequestId {
        self.requests(client, [path])[0]
    }

    /// Makes calls that are under way at once.
    pub(crate) fn requests<const N: usize>(&mut self, client: usize, paths: [&'static str; N]) -> [RequestId; N] {
        let now = self.now();
        let ids = paths.map(|path| {
            let request = ApiRequest { verb: Verb::Post, path: path.into(), query: Vec::new(), body: None };
            self.clients[client].session.request(now, request)
        });
        self.settle();
        ids
    }

    /// Presses a counter so many times.
    pub(crate) fn press(&mut self, client: usize, key: &str, times: usize) {
        let now = self.now();
        for _ in 0..times {
            self.clients[client].session.press(now, key, None).unwrap();
        }
        self.settle();
    }

    pub(crate) fn close(&mut self, client: usize) {
        self.clients[client].inbox.push_back(Input::Close);
        self.settle();
    }

    /// Bytes come over a client's newest link.
    pub(crate) fn received(&mut self, client: usize, bytes: Bytes) {
        let link = self.clients[client].links.last().expect("the client is linked").id;
        self.input(client, Input::LinkReceived(link, bytes));
    }

    pub(crate) fn input(&mut self, client: usize, input: Input) {
        self.clients[client].inbox.push_back(input);
        self.settle();
    }
}
