//! Seeded storms of faults over several sessions, and what must hold when they are over.

use std::time::Duration;

use chatroom_mqtt::ReasonCode;
use chatroom_session::{CallError, Delivery, End, Input, LinkError, Options};
use chatroom_wire::MessageId;

use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);
const CLIENTS: usize = 3;

/// A small generator: the storm must be the same for a seed on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Answers how many clients came through.
fn storm(seed: u64) -> usize {
    let mut quiet = 0;
    let mut dice = Dice(seed.wrapping_mul(2_654_435_761).wrapping_add(1));
    let mut world = World::new();
    world.numbered = seed.is_multiple_of(2);
    world.token_life = 2_000;
    for number in 0..CLIENTS {
        let mut options = Options::new(world.access());
        options.seed = seed * 10 + number as u64;
        world.client(options);
    }
    world.run_for(SECOND * 31);
    let mut sent: Vec<(usize, String, MessageId)> = Vec::new();
    for step in 0..50 {
        let client = usize::try_from(dice.roll(CLIENTS as u64)).unwrap();
        match dice.roll(16) {
            0 => world.cut(client),
            1 => world.disconnect(client, ReasonCode::SERVER_BUSY),
            2 => world.faults.cut_before_store += 1,
            3 => world.faults.cut_after_store += 1,
            4 => world.faults.lose_deliveries += 1,
            5 => world.faults.double = !world.faults.double,
            6 => world.faults.half_open = true,
            7 => world.faults.half_open = false,
            8 => world.faults.unreachable = true,
            9 => world.faults.unreachable = false,
            10 => world.faults.history.push_back(CallError::TimedOut),
            11 => world.faults.config.push_back(CallError::TimedOut),
            12 => world.faults.link_errors.push_back(LinkError::TimedOut),
            13 => world.faults.puback.push_back((ReasonCode::QUOTA_EXCEEDED, Some(1_500))),
            14 => world.input(client, Input::Retry),
            _ => (0..CLIENTS).for_each(|client| world.cut(client)),
        }
        for _ in 0..dice.roll(4) {
            let client = usize::try_from(dice.roll(CLIENTS as u64)).unwrap();
            if world.clients[client].end().is_some() {
                continue;
            }
            let text = format!("{step}-{}", sent.len());
            let id = world.send(client, &text);
            sent.push((client, text, id));
        }
        world.run_for(SECOND * (6 + u32::try_from(dice.roll(20)).unwrap()));
    }
    world.faults = crate::world::Faults::default();
    world.run_for(SECOND * 600);
    world.said("the storm is over");
    world.run_for(SECOND * 60);

    let log: Vec<String> = world.log.iter().filter_map(|message| message.text().map(str::to_owned)).collect();
    for (number, client) in world.clients.iter().enumerate() {
        // Links that are cut again and again within seconds look like a fight for the client id; nothing else may end it.
        let fought = client.end().inspect(|end| assert_eq!(*end, End::ShortLives(3).to_string(), "seed {seed}"));
        quiet += usize::from(fought.is_none());
        client.assert_once_and_in_order_unless_late(&world.log, seed);
        if client.gaps() == 0 && fought.is_none() {
            let heard = client.heard();
            let missing: Vec<&String> = log.iter().filter(|text| !heard.contains(text)).collect();
            assert!(missing.is_empty(), "seed {seed}: client {number} missed without a word: {missing:?}");
        }
    }
    for (client, text, id) in sent {
        let fate = world.clients[client].fate(&id);
        let stored = log.contains(&text);
        match fate {
            Some(Delivery::Delivered { .. }) => assert!(stored, "seed {seed}: {text} was never stored"),
            Some(Delivery::Expired | Delivery::Rejected(_)) => assert!(!stored, "seed {seed}: {text} was stored"),
            Some(Delivery::Unconfirmed) => {}
            other => panic!("seed {seed}: {text} has no end: {other:?}"),
        }
    }
    quiet
}

#[test]
fn after_a_storm_nothing_is_lost_doubled_or_without_an_end() {
    let came_through: usize = (0..200).map(storm).sum();
    assert!(came_through > 200 * CLIENTS * 9 / 10, "{came_through}");
}
