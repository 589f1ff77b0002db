//! A room, its server and its clients under one virtual clock. The clients are real sessions, and the bytes between
//! them and the server are real MQTT; only the wires are made of queues.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use base64::Engine as _;
use bytes::Bytes;
use chatroom_mqtt::{Accept, InboundPublish, ReasonCode, ServerEvent, ServerOptions, ServerOutput, ServerRole};
use chatroom_session::{
    Access, ApiRequest, Call, CallAnswer, CallError, CallId, Delivery, Draft, Entry, Event, Input, Kept, LinkError,
    LinkId, Now, Options, Output, RequestId, Session, Verb, WriteId,
};
use chatroom_wire::{
    Chatroom, Config, Message, MessageId, Payload, RefreshToken, Time, Token, User, envelope,
    payload::{CustomMessage, DeleteMessage, Entrance},
    rest::{ErrorBody, MessagesPage, MessagesQuery, RefreshAnswer},
};
use jiff::Timestamp;

pub(crate) const SUB: &str = "chat/t/room/sub";
pub(crate) const PUB: &str = "chat/t/room/pub";

/// What goes wrong, until it is set back.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// No link can be opened.
    pub(crate) unreachable: bool,
    /// Opening a link ends so, once for each.
    pub(crate) link_errors: VecDeque<LinkError>,
    /// CONNECTs are answered so, once for each.
    pub(crate) connack: VecDeque<ReasonCode>,
    /// The link is closed without a word at the next so many CONNECTs.
    pub(crate) close_on_connect: usize,
    /// SUBSCRIBE is answered so.
    pub(crate) suback: Option<ReasonCode>,
    /// So many publishes are lost with their link before they are stored …
    pub(crate) cut_before_store: usize,
    /// … or after that, before the PUBACK.
    pub(crate) cut_after_store: usize,
    /// PUBACKs that refuse, once for each: the code, and when to come back in ms.
    pub(crate) puback: VecDeque<(ReasonCode, Option<u64>)>,
    /// Publishes are acknowledged, and never seen again.
    pub(crate) swallow: bool,
    /// So many deliveries are lost on their way.
    pub(crate) lose_deliveries: usize,
    /// So many words of where the room stands, which come right after SUBACK, are lost.
    pub(crate) lose_places: usize,
    /// Deliveries come twice.
    pub(crate) double: bool,
    /// Nothing is answered any more, though the link stands.
    pub(crate) half_open: bool,
    /// The history answers so, once for each.
    pub(crate) history: VecDeque<CallError>,
    /// Pages of the history are made at once, and answered only by [`World::release`].
    pub(crate) slow_history: bool,
    /// So is the room's state.
    pub(crate) slow_room: bool,
    /// So are the application's own calls.
    pub(crate) slow_api: bool,
    /// The call for the room's state answers so, once for each.
    pub(crate) room: VecDeque<CallError>,
    /// The config call answers so, once for each.
    pub(crate) config: VecDeque<CallError>,
    /// The refresh call answers so, once for each.
    pub(crate) refresh: VecDeque<CallError>,
    /// The disk refuses writes so, once for each.
    pub(crate) disk: VecDeque<&'static str>,
    /// The disk writes, and answers only by [`World::release`] from the write of this number on.
    pub(crate) slow_disk_from: Option<usize>,
    /// The application's own calls answer so, once for each.
    pub(crate) api: VecDeque<CallError>,
}

pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) epoch: Timestamp,
    pub(crate) faults: Faults,
    /// Whether deliveries carry `seq` and `prev`.
    pub(crate) numbered: bool,
    /// Whether each config gives a client id of its own.
    pub(crate) own_client_ids: bool,
    configs: u32,
    pub(crate) keep_alive: u16,
    /// So many of the newest messages are in the history.
    pub(crate) retained: usize,
    pub(crate) server_options: ServerOptions,
    /// How long a fresh token lives, in seconds.
    pub(crate) token_life: i64,
    pub(crate) log: Vec<Message>,
    pub(crate) clients: Vec<Client>,
    /// How many PUBLISHs came in, also those that were lost with their link.
    pub(crate) publishes: usize,
    pub(crate) history_calls: Vec<MessagesQuery>,
    /// What `GET /chatrooms` answers.
    pub(crate) room: String,
    on_the_way: Vec<(usize, Input)>,
}

pub(crate) struct Client {
    pub(crate) session: Session,
    pub(crate) events: Vec<Event>,
    /// The newest comes last; while a client moves to another link, there are two.
    pub(crate) links: Vec<Link>,
    pub(crate) connects: Vec<Duration>,
    pub(crate) tokens_used: Vec<String>,
    /// Whether the program has died.
    dead: bool,
    /// The outbox on disk.
    pub(crate) disk: Vec<Kept>,
    writes: usize,
    pub(crate) answered: Vec<(RequestId, Result<Bytes, CallError>)>,
    inbox: VecDeque<Input>,
    deadline: Option<Duration>,
}

pub(crate) struct Link {
    pub(crate) id: LinkId,
    role: ServerRole,
    subscribed: bool,
    last: u64,
}

pub(crate) fn token(expires_at: i64) -> Token {
    let part = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let claims = format!(r#"{{"sub":"u","chat_id":"room","exp":{expires_at}}}"#);
    Token::new(format!("{}.{}.{}", part("{}".into()), part(claims), part("signature".into())))
}

pub(crate) fn config() -> Config {
    Config::from_json(
        format!(
            r#"{{"connection":{{"endpoint":"room.example","authorizer":"a","token":"{}","signature":"s","client_id":"c"}},
                "topic":{{"pub":"{PUB}","sub":"{SUB}"}},"user":{{"customer_id":"u","custom_name":"ada"}}}}"#,
            token(4_000_000_000).expose()
        )
        .as_bytes(),
    )
    .unwrap()
}

pub(crate) fn status(status: u16) -> CallError {
    CallError::Status { status, body: ErrorBody::default(), retry_after: None }
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            now: Duration::ZERO,
            epoch: "2026-01-01T00:00:00Z".parse().unwrap(),
            faults: Faults::default(),
            numbered: true,
            own_client_ids: false,
            configs: 0,
            token_life: 1_000_000,
            keep_alive: 30,
            retained: usize::MAX,
            server_options: ServerOptions::default(),
            log: Vec::new(),
            clients: Vec::new(),
            publishes: 0,
            history_calls: Vec::new(),
            room: r#"{"id":"room","status":"CHAT_STATUS_ACTIVE"}"#.to_owned(),
            on_the_way: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now { mono: self.now, wall: self.epoch + self.now }
    }

    pub(crate) fn exp(&self, life: i64) -> i64 {
        self.now().wall.as_second() + life
    }

    /// With a token that can be renewed.
    pub(crate) fn access(&self) -> Access {
        Access::Api { token: token(self.exp(self.token_life)), refresh_token: Some(RefreshToken::new("refresh")) }
    }

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

    /// With an outbox on disk.
    pub(crate) fn durable(&self) -> Options {
        let mut options = Options::new(self.access());
        options.seed = self.clients.len() as u64;
        options.durable = true;
        options
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

    /// Somebody says something who is no client here.
    pub(crate) fn said(&mut self, text: &str) {
        self.publish(Message { id: Some(format!("x-{text}").into()), ..Message::text_by(User::named("bob"), text) });
        self.settle();
    }

    pub(crate) fn publish(&mut self, mut message: Message) {
        if let Some(id) = &message.id
            && self.log.iter().any(|other| other.id.as_ref() == Some(id))
        {
            return;
        }
        let stamp = self.now().wall + Duration::from_nanos(self.log.len() as u64);
        message.received_at = Some(Time::nanoseconds(stamp));
        self.log.push(message.clone());
        let sequence = self.log.len() as u64;
        for number in 0..self.clients.len() {
            for place in 0..self.clients[number].links.len() {
                let link = &mut self.clients[number].links[place];
                if !link.subscribed {
                    continue;
                }
                let id = link.id;
                let properties = if self.numbered {
                    vec![("seq".to_owned(), sequence.to_string()), ("prev".to_owned(), link.last.to_string())]
                } else {
                    Vec::new()
                };
                link.last = sequence;
                if self.faults.half_open {
                    continue;
                }
                if self.faults.lose_deliveries > 0 {
                    self.faults.lose_deliveries -= 1;
                    continue;
                }
                let payload = envelope::join([envelope::encode(&message).as_slice()]);
                let pairs: Vec<(&str, &str)> =
                    properties.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
                let packet = chatroom_mqtt::encode_publish(SUB, &payload, &pairs).unwrap();
                let client = &mut self.clients[number];
                client.inbox.push_back(Input::LinkReceived(id, packet.clone()));
                if self.faults.double {
                    client.inbox.push_back(Input::LinkReceived(id, packet));
                }
            }
        }
    }

    /// The server says something that it does not store, and so does not number.
    pub(crate) fn announce(&mut self, name: &str) {
        let entrance = Entrance { custom_name: name.to_owned(), ..Entrance::default() };
        let message = Message {
            id: Some(format!("enter-{name}").into()),
            received_at: Some(Time::nanoseconds(self.now().wall)),
            ..Message::new(User::named(name), Payload::Entrance(entrance))
        };
        self.news(&message);
    }

    /// Something comes without a number, and stands in no history.
    pub(crate) fn news(&mut self, message: &Message) {
        let payload = envelope::join([envelope::encode(message).as_slice()]);
        let packet = chatroom_mqtt::encode_publish(SUB, &payload, &[]).unwrap();
        for client in &mut self.clients {
            let ids: Vec<LinkId> = client.links.iter().map(|link| link.id).collect();
            client.inbox.extend(ids.into_iter().map(|id| Input::LinkReceived(id, packet.clone())));
        }
        self.settle();
    }

    pub(crate) fn delete(&mut self, id: &MessageId) {
        let extra = serde_json::Map::new();
        let gone = Message::new(User::default(), Payload::DeleteMessage(DeleteMessage { id: id.clone(), extra }));
        self.publish(Message { id: Some(format!("del-{id}").into()), ..gone });
        self.settle();
    }

    pub(crate) fn custom(&mut self, value: &str) {
        let payload = CustomMessage { value: value.to_owned(), ..CustomMessage::default() };
        self.publish(Message { id: Some(value.into()), ..Message::new(User::named("bob"), Payload::Custom(payload)) });
        self.settle();
    }

    /// The server or the network closes the link without a word.
    pub(crate) fn cut(&mut self, client: usize) {
        for link in std::mem::take(&mut self.clients[client].links) {
            self.clients[client].inbox.push_back(Input::LinkClosed(link.id, LinkError::Closed));
        }
        self.settle();
    }

    pub(crate) fn disconnect(&mut self, client: usize, reason: ReasonCode) {
        let now = self.now;
        for link in &mut self.clients[client].links {
            link.role.disconnect(now, reason, None);
        }
        self.serve_all(client);
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

    /// Lets time pass from deadline to deadline.
    pub(crate) fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..200_000 {
            self.settle();
            let next = self.clients.iter().filter_map(|client| client.deadline).min().filter(|at| *at <= end);
            let Some(next) = next else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            let now = self.now;
            for client in &mut self.clients {
                if client.deadline.is_some_and(|at| at <= now) {
                    client.inbox.push_back(Input::Timeout);
                }
            }
        }
        panic!("the world does not come to rest");
    }

    /// Carries everything that is under way to its end, without time passing.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1_000_000 {
            let mut idle = true;
            for number in 0..self.clients.len() {
                if self.clients[number].dead {
                    continue;
                }
                while let Some(input) = self.clients[number].inbox.pop_front() {
                    idle = false;
                    let now = self.now();
                    self.clients[number].session.handle_input(now, input);
                    self.drain(number);
                }
                self.drain(number);
            }
            if idle && self.clients.iter().all(|client| client.dead || client.inbox.is_empty()) {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    fn drain(&mut self, number: usize) {
        loop {
            let output = self.clients[number].session.poll_output();
            match output {
                Output::Connect { link, .. } => self.open(number, link),
                Output::Send { link, bytes } => {
                    let now = self.now;
                    if self.faults.half_open {
                        continue;
                    }
                    if let Some(link) = self.link(number, link) {
                        link.role.receive(now, &bytes);
                    }
                    self.serve(number, link);
                }
                Output::Disconnect(link) => self.clients[number].links.retain(|other| other.id != link),
                Output::Write { ticket, entry } => self.write(number, ticket, entry),
                Output::Call { id, call, token } => self.answer(number, id, call, token),
                Output::Answered { id, result } => self.clients[number].answered.push((id, result)),
                Output::Event(event) => self.clients[number].events.push(event),
                Output::Timeout(deadline) => {
                    self.clients[number].deadline = deadline.map(|(at, _)| at);
                    return;
                }
            }
        }
    }

    /// The disk: it takes everything at once, unless it is full.
    fn write(&mut self, number: usize, ticket: WriteId, entry: Entry) {
        let result = self.faults.disk.pop_front().map_or(Ok(()), |problem| Err(problem.to_owned()));
        let slow_from = self.faults.slow_disk_from;
        let client = &mut self.clients[number];
        client.writes += 1;
        match (&result, entry) {
            (Ok(()), Entry::Keep(kept)) => client.disk.push(*kept),
            (Ok(()), Entry::End(id)) => client.disk.retain(|kept| kept.message.id.as_ref() != Some(&id)),
            (Err(_), _) => {}
        }
        let answer = Input::Written { ticket, result };
        if slow_from.is_none_or(|from| client.writes <= from) {
            client.inbox.push_back(answer);
        } else {
            self.on_the_way.push((number, answer));
        }
    }

    pub(crate) fn link(&mut self, number: usize, id: LinkId) -> Option<&mut Link> {
        self.clients[number].links.iter_mut().find(|link| link.id == id)
    }

    fn serve_all(&mut self, number: usize) {
        let ids: Vec<LinkId> = self.clients[number].links.iter().map(|link| link.id).collect();
        for id in ids {
            self.serve(number, id);
        }
    }

    fn open(&mut self, number: usize, id: LinkId) {
        let now = self.now;
        let unreachable = LinkError::Unreachable { address: "room.example:443".into(), problem: "refused".into() };
        let error = self.faults.link_errors.pop_front().or_else(|| self.faults.unreachable.then_some(unreachable));
        let client = &mut self.clients[number];
        client.inbox.push_back(if let Some(error) = error {
            Input::LinkClosed(id, error)
        } else {
            client.connects.push(now);
            let role = ServerRole::new(now, self.server_options);
            client.links.push(Link { id, role, subscribed: false, last: self.log.len() as u64 });
            Input::LinkOpened(id)
        });
    }

    fn serve(&mut self, number: usize, id: LinkId) {
        let now = self.now;
        let mut after = None;
        while let Some(output) = self.link(number, id).and_then(|link| link.role.poll_output()) {
            match output {
                ServerOutput::Send(bytes) => self.clients[number].inbox.push_back(Input::LinkReceived(id, bytes)),
                ServerOutput::Close(_) => self.lose_link(number, id),
                ServerOutput::Event(ServerEvent::Connect(_)) => {
                    let refusal = self.faults.connack.pop_front();
                    if self.faults.close_on_connect > 0 {
                        self.faults.close_on_connect -= 1;
                        self.lose_link(number, id);
                        continue;
                    }
                    let keep_alive = self.keep_alive;
                    let Some(link) = self.link(number, id) else { return };
                    match refusal {
                        Some(reason) => link.role.refuse(now, reason, None),
                        None => link.role.accept(now, Accept::new(keep_alive)),
                    }
                }
                ServerOutput::Event(ServerEvent::Subscribe { id: packet, .. }) => {
                    let code = self.faults.suback.unwrap_or(ReasonCode::SUCCESS);
                    let last = self.log.len() as u64;
                    let numbered = self.numbered;
                    let Some(link) = self.link(number, id) else { return };
                    link.role.suback(now, packet, &[code], None);
                    link.subscribed = !code.is_error();
                    link.last = last;
                    // The server says where the room stands, so that the loss of the first delivery shows too.
                    let says = link.subscribed && numbered;
                    if says && self.faults.lose_places > 0 {
                        self.faults.lose_places -= 1;
                    } else if says {
                        let last = last.to_string();
                        let packet = chatroom_mqtt::encode_publish(SUB, b"[]", &[("seq", &last), ("prev", &last)]);
                        after = Some(Input::LinkReceived(id, packet.unwrap()));
                    }
                }
                ServerOutput::Event(ServerEvent::Publish(publish)) => self.published(number, id, &publish),
                ServerOutput::Event(_) => {}
            }
        }
        self.clients[number].inbox.extend(after);
    }

    fn published(&mut self, number: usize, id: LinkId, publish: &InboundPublish) {
        assert_eq!(publish.topic, PUB);
        self.publishes += 1;
        let now = self.now;
        if self.faults.cut_before_store > 0 {
            self.faults.cut_before_store -= 1;
            return self.lose_link(number, id);
        }
        let refusal = self.faults.puback.pop_front();
        if refusal.is_none() && !self.faults.swallow {
            let message = envelope::decode(&publish.payload).unwrap().remove(0).unwrap();
            self.publish(message);
        }
        if self.faults.cut_after_store > 0 {
            self.faults.cut_after_store -= 1;
            // What was on its way over this link is lost with it.
            self.clients[number].inbox.clear();
            return self.lose_link(number, id);
        }
        let (Some(link), Some(id)) = (self.link(number, id), publish.id) else { return };
        let (code, retry) = refusal.unwrap_or((ReasonCode::SUCCESS, None));
        let retry = retry.map(|ms| ms.to_string());
        let properties: Vec<(&str, &str)> = retry.iter().map(|ms| ("retry-after-ms", ms.as_str())).collect();
        link.role.puback(now, id, code, None, &properties);
    }

    fn lose_link(&mut self, number: usize, id: LinkId) {
        self.clients[number].links.retain(|link| link.id != id);
        self.clients[number].inbox.push_back(Input::LinkClosed(id, LinkError::Closed));
    }

    fn answer(&mut self, number: usize, id: CallId, call: Call, token: Option<Token>) {
        self.clients[number].tokens_used.extend(token.map(|token| token.expose().to_owned()));
        let slow = match call {
            Call::History(_) => self.faults.slow_history,
            Call::Room => self.faults.slow_room,
            Call::Api(_) => self.faults.slow_api,
            _ => false,
        };
        let result = match call {
            Call::Config => {
                let mut config = config();
                if self.own_client_ids {
                    self.configs += 1;
                    config.connection.client_id = format!("c{}", self.configs).into();
                }
                self.faults.config.pop_front().map_or_else(|| Ok(CallAnswer::Config(Box::new(config))), Err)
            }
            Call::Room => {
                let room: Chatroom = serde_json::from_str(&self.room).unwrap();
                self.faults.room.pop_front().map_or_else(|| Ok(CallAnswer::Room(Box::new(room))), Err)
            }
            // The path comes back, so that a test sees what was asked.
            Call::Api(request) => {
                let path = Bytes::from(request.path.into_owned());
                self.faults.api.pop_front().map_or(Ok(CallAnswer::Api(path)), Err)
            }
            Call::Refresh(_) => {
                let fresh = self::token(self.exp(self.token_life));
                let answer = CallAnswer::Refreshed(RefreshAnswer { token: fresh, expires_in: self.token_life });
                self.faults.refresh.pop_front().map_or(Ok(answer), Err)
            }
            Call::History(query) => {
                let page = self.page(&query);
                self.history_calls.push(query);
                self.faults.history.pop_front().map_or(Ok(CallAnswer::History(page)), Err)
            }
        };
        let answer = Input::CallDone { id, result };
        if slow {
            self.on_the_way.push((number, answer));
        } else {
            self.clients[number].inbox.push_back(answer);
        }
    }

    /// The answer that has been on its way for longest arrives.
    pub(crate) fn release_one(&mut self) {
        let (number, answer) = self.on_the_way.remove(0);
        self.clients[number].inbox.push_back(answer);
        self.settle();
    }

    /// The answers that are on their way arrive.
    pub(crate) fn release(&mut self) {
        for (number, answer) in std::mem::take(&mut self.on_the_way) {
            self.clients[number].inbox.push_back(answer);
        }
        self.settle();
    }

    fn page(&self, query: &MessagesQuery) -> MessagesPage {
        let inside = self.log[self.log.len().saturating_sub(self.retained)..].iter().filter(|message| {
            query.before_at.is_none_or(|border| message.received_at < Some(border))
                && query.after_at.is_none_or(|border| message.received_at > Some(border))
        });
        let limit = usize::from(query.limit.expect("the limit is always said"));
        let mut page: Vec<Message> = if query.from_oldest {
            inside.take(limit).cloned().collect()
        } else {
            inside.rev().take(limit).cloned().collect()
        };
        page.reverse();
        MessagesPage { messages: envelope::Elements(page.into_iter().map(Ok).collect()) }
    }
}

impl Client {
    /// The texts that were told, in the order of telling; own ones when they came back.
    pub(crate) fn heard(&self) -> Vec<String> {
        let text = |message: &Message| message.text().map(str::to_owned);
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::MessageAdded { message, delivery: None, .. } => text(message),
                Event::DeliveryChanged { echo: Some(message), .. } => text(message),
                _ => None,
            })
            .collect()
    }

    /// The last word on a message.
    pub(crate) fn fate(&self, wanted: &MessageId) -> Option<Delivery> {
        let finals: Vec<&Delivery> = self
            .events
            .iter()
            .filter_map(|event| match event {
                Event::DeliveryChanged { id, delivery, .. } if id == wanted && delivery.is_final() => Some(delivery),
                _ => None,
            })
            .collect();
        // Only what was unconfirmed may still turn out delivered.
        let once = matches!(finals.as_slice(), [] | [_] | [Delivery::Unconfirmed, Delivery::Delivered { .. }]);
        assert!(once, "a message ends once: {finals:?}");
        finals.last().map(|delivery| (*delivery).clone())
    }

    pub(crate) fn joins(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Joined { .. })).count()
    }

    pub(crate) fn interruptions(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Interrupted { .. })).count()
    }

    pub(crate) fn gaps(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Gap(_))).count()
    }

    pub(crate) fn end(&self) -> Option<String> {
        self.events.iter().find_map(|event| match event {
            Event::Ended(end) => Some(end.to_string()),
            _ => None,
        })
    }

    /// All told texts must be different, and the room's own texts in the room's order.
    pub(crate) fn assert_once_and_in_order(&self, log: &[Message]) {
        let heard = self.heard();
        let distinct: BTreeSet<&String> = heard.iter().collect();
        assert_eq!(distinct.len(), heard.len(), "told twice: {heard:?}");
        let order: Vec<&str> = log.iter().filter_map(Message::text).collect();
        let places: Vec<usize> = heard.iter().filter_map(|text| order.iter().position(|other| other == text)).collect();
        assert!(places.is_sorted(), "out of order: {heard:?}");
    }

    /// The same where holes are found late, as against a service without numbers: what is told late says so.
    pub(crate) fn assert_once_and_in_order_unless_late(&self, log: &[Message], seed: u64) {
        let heard = self.heard();
        let distinct: BTreeSet<&String> = heard.iter().collect();
        assert_eq!(distinct.len(), heard.len(), "seed {seed}: told twice: {heard:?}");
        let in_time: Vec<&str> = self
            .events
            .iter()
            .filter_map(|event| match event {
                Event::MessageAdded { message, delivery: None, late: false } => message.text(),
                _ => None,
            })
            .collect();
        let order: Vec<&str> = log.iter().filter_map(Message::text).collect();
        let places: Vec<usize> =
            in_time.iter().filter_map(|text| order.iter().position(|other| other == text)).collect();
        assert!(places.is_sorted(), "seed {seed}: out of order: {in_time:?}");
    }
}
