//! What every bus must do, as a list of tests.

use super::{Batch, Item};

/// A batch with one message of this number.
pub(super) fn batch(seq: u64) -> Batch {
    Batch::from([Item {
        json: seq.to_string().into(),
        seq: Some(seq),
        only: seq.is_multiple_of(2).then(|| "ada".into()),
        again: seq.is_multiple_of(5),
        repeats: seq.is_multiple_of(7).then_some(seq - 1),
        deletes: seq.is_multiple_of(3).then_some(seq - 1),
    }])
}

/// Writes the tests for the bus that the expression makes.
macro_rules! bus_contract {
    ($bus:expr) => {
        mod contract {
            use chatroom_wire::RoomId;

            use super::super::{
                super::{Bus, Received, contract::batch},
                *,
            };

            #[tokio::test]
            async fn every_subscription_receives_all_in_order() {
                let bus = $bus;
                let room = RoomId::from("room");
                let mut subscriptions = [bus.subscribe(&room).await, bus.subscribe(&room).await];
                for seq in 1..=20 {
                    bus.publish(&room, batch(seq)).await;
                }
                for subscription in &mut subscriptions {
                    for seq in 1..=20 {
                        assert_eq!(subscription.recv().await, Some(Received::Batch(batch(seq))));
                    }
                }
            }

            #[tokio::test]
            async fn rooms_do_not_mix() {
                let bus = $bus;
                let mut subscription = bus.subscribe(&RoomId::from("here")).await;
                bus.publish(&RoomId::from("there"), batch(1)).await;
                bus.publish(&RoomId::from("here"), batch(2)).await;
                assert_eq!(subscription.recv().await, Some(Received::Batch(batch(2))));
            }

            #[tokio::test]
            async fn what_was_published_before_is_not_received() {
                let bus = $bus;
                let room = RoomId::from("room");
                bus.publish(&room, batch(1)).await;
                let mut subscription = bus.subscribe(&room).await;
                bus.publish(&room, batch(2)).await;
                assert_eq!(subscription.recv().await, Some(Received::Batch(batch(2))));
            }

            #[tokio::test]
            async fn who_falls_too_far_behind_is_told_and_then_receives_the_rest() {
                let bus = $bus;
                let room = RoomId::from("room");
                let mut slow = bus.subscribe(&room).await;
                for seq in 1..=100_000 {
                    bus.publish(&room, batch(seq)).await;
                }
                let Some(Received::Missed(missed)) = slow.recv().await else { panic!("nothing was missed") };
                assert!(missed > 0);
                for seq in missed + 1..=100_000 {
                    assert_eq!(slow.recv().await, Some(Received::Batch(batch(seq))));
                }
            }
        }
    };
}
