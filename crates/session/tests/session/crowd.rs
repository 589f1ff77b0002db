//! Ten thousand clients that lose their link at one instant, and what their server gets to feel of it.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use chatroom_mqtt::{Accept, ReasonCode, ServerEvent, ServerOptions, ServerOutput, ServerRole};
use chatroom_session::{Access, Event, Input, LinkError, LinkId, Now, Options, Output, Session};
use jiff::Timestamp;

use crate::world::config;

const SECOND: Duration = Duration::from_secs(1);
const CLIENTS: usize = 10_000;
/// When the links are cut: each has lived for long enough to count as good.
const CUT: Duration = Duration::from_secs(35);

/// The server takes everybody back at once: each waits for U(0, 2 s), which is the window.
#[test]
fn a_crowd_that_is_cut_comes_back_spread_over_its_whole_window() {
    let crowd = Crowd::cut(CLIENTS, Duration::ZERO, None);
    let rate = crowd.rate();
    show(Duration::ZERO, &rate);
    assert_eq!(crowd.connects.len(), CLIENTS, "one CONNECT each");
    assert!(rate.peak <= rate.mean * 2.0, "{rate}");
    assert!(crowd.median() < SECOND * 2, "{:?}", crowd.median());
}

/// The server needs a while, as for a restart: the longer that is, the longer the wave of returns. The mean is that from
/// the server's return to the last CONNECT, and nobody comes later than half a minute after it.
#[test]
fn a_crowd_comes_back_evenly_after_a_restart() {
    comes_back_evenly(&[10, 14, 20]);
}

#[test]
fn a_crowd_comes_back_evenly_after_a_long_outage() {
    comes_back_evenly(&[30, 60, 300]);
}

fn comes_back_evenly(outages: &[u32]) {
    for gone in outages.iter().copied() {
        let rate = Crowd::cut(CLIENTS, SECOND * gone, None).rate();
        show(SECOND * gone, &rate);
        assert!(rate.peak <= rate.mean * 2.0, "{gone} s: {rate}");
        assert!(rate.window <= SECOND * 31, "{gone} s: {rate}");
    }
}

/// What a server asks for is kept.
#[test]
fn a_crowd_that_is_told_when_to_come_back_does_not_come_before() {
    let crowd = Crowd::cut(1_000, Duration::ZERO, Some(SECOND * 40));
    assert_eq!(crowd.connects.len(), 1_000);
    let first = crowd.connects.iter().min().expect("all came");
    assert!(*first >= CUT + SECOND * 40, "{first:?}");
}

#[expect(clippy::disallowed_macros, clippy::print_stdout, reason = "the figures are what is looked for")]
fn show(gone: Duration, rate: &Rate) {
    println!("server back after {gone:?}: {rate}");
}

struct Crowd {
    now: Duration,
    /// From when on, after the cut, the server is to be had.
    back: Duration,
    /// What it says at the first attempt after the cut.
    retry_after: Option<Duration>,
    clients: Vec<Client>,
    due: BTreeSet<(Duration, usize)>,
    /// When a CONNECT came, since the cut.
    connects: Vec<Duration>,
}

struct Client {
    session: Session,
    link: Option<(LinkId, ServerRole)>,
    inbox: VecDeque<Input>,
    deadline: Option<Duration>,
    refused: bool,
    joins: usize,
}

/// How many CONNECTs came in a second.
struct Rate {
    /// In the busiest second, wherever it begins.
    peak: f64,
    /// From the server's return, or the cut, to the last CONNECT.
    mean: f64,
    window: Duration,
}

impl Crowd {
    /// All have joined, are cut, and have come back.
    fn cut(size: usize, gone: Duration, retry_after: Option<Duration>) -> Self {
        let clients = (0..size).map(|number| {
            let mut options = Options::new(Access::Config(Box::new(config())));
            options.seed = number as u64;
            Client {
                session: Session::new(options),
                link: None,
                inbox: VecDeque::new(),
                deadline: None,
                refused: false,
                joins: 0,
            }
        });
        let mut crowd = Self {
            now: Duration::ZERO,
            back: CUT + gone,
            retry_after,
            clients: clients.collect(),
            due: BTreeSet::new(),
            connects: Vec::new(),
        };
        for number in 0..size {
            crowd.run_until(Duration::from_micros(300 * number as u64));
            crowd.hand_in(number, Input::Start);
        }
        crowd.run_until(CUT);
        assert!(crowd.clients.iter().all(|client| client.joins == 1 && client.link.is_some()));
        crowd.connects.clear();
        for number in 0..size {
            let (link, _) = crowd.clients[number].link.take().expect("all are linked");
            crowd.hand_in(number, Input::LinkClosed(link, LinkError::Closed));
        }
        while crowd.clients.iter().any(|client| client.joins < 2) {
            crowd.run_until(crowd.now + SECOND * 10);
            assert!(crowd.now < CUT + SECOND * 3_600, "some never come back");
        }
        crowd
    }

    fn rate(&self) -> Rate {
        let mut connects = self.connects.clone();
        connects.sort_unstable();
        let in_second = |first: usize| connects[first..].partition_point(|at| *at < connects[first] + SECOND);
        let peak = (0..connects.len()).map(in_second).max().expect("some came");
        let last = connects.last().expect("some came");
        let window = last.saturating_sub(self.back).max(SECOND);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let (peak, all) = (peak as f64, connects.len() as f64);
        Rate { peak, mean: all / window.as_secs_f64(), window }
    }

    /// How long half of them were away.
    fn median(&self) -> Duration {
        let mut connects = self.connects.clone();
        connects.sort_unstable();
        connects[connects.len() / 2].saturating_sub(CUT)
    }

    fn run_until(&mut self, end: Duration) {
        while let Some((at, number)) = self.due.first().copied().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.hand_in(number, Input::Timeout);
        }
        self.now = end;
    }

    fn hand_in(&mut self, number: usize, input: Input) {
        self.clients[number].inbox.push_back(input);
        let epoch: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let now = Now { mono: self.now, wall: epoch + self.now };
        while let Some(input) = self.clients[number].inbox.pop_front() {
            self.clients[number].session.handle_input(now, input);
            self.drain(number);
        }
    }

    fn drain(&mut self, number: usize) {
        loop {
            let client = &mut self.clients[number];
            match client.session.poll_output() {
                Output::Connect { link, .. } => {
                    let input = self.open(number, link);
                    self.clients[number].inbox.push_back(input);
                }
                Output::Send { link, bytes } => self.received(number, link, &bytes),
                Output::Disconnect(_) => client.link = None,
                Output::Event(Event::Joined { .. }) => client.joins += 1,
                Output::Event(Event::Ended(end)) => panic!("client {number}: {end}"),
                Output::Timeout(deadline) => {
                    if let Some(old) = client.deadline.take() {
                        self.due.remove(&(old, number));
                    }
                    client.deadline = deadline.map(|(at, _)| at);
                    self.due.extend(client.deadline.map(|at| (at, number)));
                    return;
                }
                _ => {}
            }
        }
    }

    fn open(&mut self, number: usize, link: LinkId) -> Input {
        let client = &mut self.clients[number];
        if self.now >= CUT && self.now < self.back {
            let problem = "Connection refused".to_owned();
            return Input::LinkClosed(link, LinkError::Unreachable { address: "room.example:443".to_owned(), problem });
        }
        if self.now >= CUT && self.retry_after.is_some() && !client.refused {
            client.refused = true;
            let retry_after = self.retry_after;
            return Input::LinkClosed(link, LinkError::Upgrade { status: 503, retry_after });
        }
        client.link = Some((link, ServerRole::new(self.now, ServerOptions::default())));
        Input::LinkOpened(link)
    }

    fn received(&mut self, number: usize, link: LinkId, bytes: &[u8]) {
        let client = &mut self.clients[number];
        let Some((_, role)) = client.link.as_mut().filter(|(id, _)| *id == link) else { return };
        role.receive(self.now, bytes);
        while let Some(output) = role.poll_output() {
            match output {
                ServerOutput::Send(bytes) => client.inbox.push_back(Input::LinkReceived(link, bytes)),
                ServerOutput::Event(ServerEvent::Connect(connect)) => {
                    self.connects.push(self.now);
                    role.accept(self.now, Accept::new(connect.keep_alive));
                }
                ServerOutput::Event(ServerEvent::Subscribe { id, .. }) => {
                    role.suback(self.now, id, &[ReasonCode::SUCCESS], None);
                }
                _ => {}
            }
        }
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { peak, mean, window } = self;
        let ratio = peak / mean;
        write!(f, "{peak} CONNECTs in the busiest second, {mean:.0} on average over {window:.1?}: {ratio:.2} times")
    }
}
