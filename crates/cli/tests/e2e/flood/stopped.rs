//! A reader who stops, and goes on later.
//!
//! With `CHATROOM_STOPPED` he stops for so many seconds, while mosquitto sends 500 messages a second (in 20 s all of them
//! fit where they wait, and nothing is shown); without it, for as long as it takes to send 30,000 at once.

use std::time::Duration;

use chatroom_mqtt::ServerEvent;
use chatroom_testkit::certs::{Certs, Leaf};
use chatroom_testkit::config_file::{PUB, SUB};
use chatroom_testkit::mosquitto::Mosquitto;
use chatroom_testkit::patience::within;
use chatroom_testkit::relay;
use chatroom_testkit::scripted::{Heard, OnSubscribe};
use chatroom_testkit::service::Service;
use tokio::io::{BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{MEMORY, Room, Tally, array, flood, lines, peak, said};

const AT_ONCE: usize = 30_000;
/// As many as fit: a client takes 100 packets at once without having acknowledged them.
const LARGE_BATCH: usize = 400;
/// How many come in a second where they do not come at once.
const RATE: usize = 500;
/// So often they are sent, each time all that are due.
const BEAT: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_stops_is_told_how_many_were_left_out_and_the_connection_stays() {
    let seconds = std::env::var("CHATROOM_STOPPED").map(|it| it.parse().expect("it is a number of seconds"));
    let mut stage = match seconds {
        Ok(seconds) => Stage::over(seconds).await,
        Err(_) => Stage::at_once().await,
    };
    let messages = stage.messages;
    while stage.tally.next < messages {
        let line = within("the next line", stage.lines.next_line()).await.expect("it can be read");
        stage.tally.count(&line.expect("it stays in the room"));
    }
    let memory = peak(&stage.tail);
    let Tally { shown, left_out, .. } = stage.tally;
    println!("{messages} messages: {shown} shown, {left_out} left out, {memory} KiB at most");
    assert!(left_out > 0, "it has shown nothing");
    assert_eq!(shown + left_out, messages);
    assert!(memory < MEMORY, "{memory} KiB");
    let record = stage.room.endpoint.record();
    assert_eq!((record.connections(), record.packets()), (1, 1), "it was connected all the time");
}

/// The moment when the reader goes on.
struct Stage {
    room: Room,
    tail: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What he has read before he stopped.
    tally: Tally,
    messages: usize,
    _behind: Option<(Mosquitto, Service)>,
}

impl Stage {
    /// Nobody reads: the pipe fills, then what waits for it, then the oldest are left out. All the while it acknowledges.
    async fn at_once() -> Self {
        let payloads = flood(AT_ONCE, LARGE_BATCH);
        let packets = payloads.len();
        let room = Room::that(OnSubscribe::GrantAtLeastOnce(payloads)).await;
        let mut tail = room.tail("exec \"$0\" \"$@\"");
        let acknowledged = |event: &ServerEvent| matches!(event, ServerEvent::Acknowledged { .. }).then_some(());
        room.heard.nth("the last acknowledgement", 0, packets, acknowledged).await;
        let lines = lines(&mut tail);
        Self { room, tail, lines, tally: Tally::default(), messages: AT_ONCE, _behind: None }
    }

    /// The same at a pace.
    async fn over(seconds: usize) -> Self {
        let certs = Certs::new();
        let broker = Mosquitto::start().await;
        let service = Service::start(broker.address(), PUB, SUB).await;
        let endpoint = relay::tls_websocket(certs.server(Leaf::Good), broker.address()).await;
        let room = Room::behind(certs, endpoint, Heard::default());
        let mut tail = room.tail("exec \"$0\" \"$@\"");
        let mut lines = lines(&mut tail);
        // The first one is said until it is heard, as nothing else tells that the room is joined. Then nobody reads.
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let first = within("the first line", async {
            loop {
                tokio::select! {
                    line = lines.next_line() => break line,
                    _ = beat.tick() => service.announce(array(&[said(0)])).await,
                }
            }
        });
        let mut tally = Tally::default();
        tally.count(&first.await.expect("it can be read").expect("it stays in the room"));
        let (since, mut messages) = (Instant::now(), 1);
        let all = seconds * RATE;
        while messages < all {
            beat.tick().await;
            let due = usize::try_from(since.elapsed().as_millis()).expect("it is no eternity") * RATE / 1000;
            let batch: Vec<String> = (messages..due.min(all).min(messages + LARGE_BATCH)).map(said).collect();
            messages += batch.len();
            service.announce(array(&batch)).await;
        }
        Self { room, tail, lines, tally, messages, _behind: Some((broker, service)) }
    }
}
