//! Faults that end connections, or directions of them.

use std::io::ErrorKind;

use super::*;

const AFTER_FIVE: &str = r#"{"bytes": {"direction": "up", "count": 5}}"#;

#[tokio::test]
async fn a_reset_reaches_both_sides_behind_what_came_before() {
    let bed = Bed::with(r#""reset""#, AFTER_FIVE).await;
    let (mut client, mut server) = bed.pair().await;
    client.write_all(b"hello world").await.unwrap();
    let (bytes, error) = rest(&mut server).await;
    // A reset may overtake bytes in the other side's system, and never brings more of them.
    assert!(b"hello".starts_with(&bytes), "{bytes:?}");
    assert_eq!(error, Some(ErrorKind::ConnectionReset));
    assert_eq!(rest(&mut client).await.1, Some(ErrorKind::ConnectionReset));
    let counters = bed.proxy.counters();
    assert_eq!((counters.resets, counters.up.bytes, counters.rules[&0]), (1, 5, 1));
}

#[tokio::test]
async fn a_reset_at_the_start_dials_nobody() {
    let bed = Bed::with(r#""reset""#, r#""start""#).await;
    assert_eq!(rest(&mut bed.client().await).await.1, Some(ErrorKind::ConnectionReset));
    bed.proxy.set(Script::calm());
    let (_client, server) = bed.pair().await;
    assert_ne!(server.peer_addr().unwrap(), bed.proxy.address());
    assert_eq!(bed.proxy.counters().resets, 1);
}

#[tokio::test]
async fn a_close_reaches_both_sides_as_an_end() {
    let bed = Bed::with(r#""close""#, AFTER_FIVE).await;
    let (mut client, mut server) = bed.pair().await;
    client.write_all(b"hello world").await.unwrap();
    assert_eq!(rest(&mut server).await, (b"hello".to_vec(), None));
    assert_eq!(rest(&mut client).await, (vec![], None));
    assert_eq!(bed.proxy.counters().closes, 1);
}

#[tokio::test]
async fn a_black_hole_takes_everything_and_gives_nothing() {
    let bed = Bed::with(r#""black_hole""#, AFTER_FIVE).await;
    let (mut client, mut server) = bed.pair().await;
    client.write_all(b"hello").await.unwrap();
    assert_eq!(read(&mut server, 5).await, b"hello");
    bed.proxy.until("the black hole", |sum| sum.black_holes == 1).await;
    client.write_all(b" world").await.unwrap();
    server.write_all(b"hi").await.unwrap();
    bed.proxy.until("the bytes", |sum| (sum.up.swallowed, sum.down.swallowed) == (6, 2)).await;
    // The end of one side is no news to the other either.
    drop(client);
    server.write_all(b"hi").await.unwrap();
    bed.proxy.until("the bytes", |sum| sum.down.swallowed == 4).await;
    bed.proxy.cut(Cut::Close);
    assert_eq!(rest(&mut server).await, (vec![], None));
}

#[tokio::test]
async fn a_black_hole_at_the_start_dials_nobody() {
    let bed = Bed::with(r#""black_hole""#, r#""start""#).await;
    let mut client = bed.client().await;
    client.write_all(&vec![0; 100_000]).await.unwrap();
    bed.proxy.until("the bytes", |sum| sum.up.swallowed == 100_000).await;
    bed.proxy.set(Script::calm());
    let (mut other, mut server) = bed.pair().await;
    other.write_all(b"other").await.unwrap();
    assert_eq!(read(&mut server, 5).await, b"other", "the first to be dialled for is the second");
}

#[tokio::test]
async fn a_half_open_connection_goes_on_in_the_other_direction() {
    let bed = Bed::with(r#"{"half_open": "down"}"#, AFTER_FIVE).await;
    let (mut client, mut server) = bed.pair().await;
    server.write_all(b"welcome").await.unwrap();
    assert_eq!(read(&mut client, 7).await, b"welcome");
    client.write_all(b"hello world").await.unwrap();
    assert_eq!(read(&mut server, 11).await, b"hello world");
    server.write_all(b"lost").await.unwrap();
    bed.proxy.until("the lost bytes", |sum| sum.down.swallowed == 4).await;
    drop(server.shutdown().await);
    client.write_all(b"more").await.unwrap();
    assert_eq!(read(&mut server, 4).await, b"more");
    assert_eq!((bed.proxy.counters().half_opens, bed.proxy.counters().down.bytes), (1, 7));
}

#[tokio::test]
async fn time_ends_a_connection_that_says_nothing() {
    let bed = Bed::with(r#""close""#, r#"{"ms": [1, 20]}"#).await;
    let (mut client, mut server) = bed.pair().await;
    assert_eq!(rest(&mut client).await, (vec![], None));
    assert_eq!(rest(&mut server).await, (vec![], None));
}

#[tokio::test]
async fn all_connections_are_cut_at_once_and_new_ones_are_not() {
    let bed = Bed::new(Script::calm()).await;
    let (mut first, mut second) = (bed.pair().await, bed.pair().await);
    for (client, server) in [&mut first, &mut second] {
        // Only what is through has been taken over from the system.
        client.write_all(b"1").await.unwrap();
        read(server, 1).await;
    }
    bed.proxy.cut(Cut::Reset);
    for (client, server) in [&mut first, &mut second] {
        assert_eq!(rest(client).await.1, Some(ErrorKind::ConnectionReset));
        assert_eq!(rest(server).await.1, Some(ErrorKind::ConnectionReset));
    }
    assert_eq!(bed.proxy.counters().resets, 2);
    let (mut client, mut server) = bed.pair().await;
    client.write_all(b"new").await.unwrap();
    assert_eq!(read(&mut server, 3).await, b"new");
}

#[tokio::test]
async fn a_new_script_strikes_connections_that_there_are() {
    let bed = Bed::new(Script::calm()).await;
    let (mut client, mut server) = bed.pair().await;
    client.write_all(b"0123456789").await.unwrap();
    assert_eq!(read(&mut server, 10).await, b"0123456789");
    bed.proxy.set(script(r#""close""#, AFTER_FIVE));
    // The script may come in only after these bytes, and then counts from there.
    let both = async {
        while client.write_all(b"x").await.is_ok() && bed.proxy.counters().closes == 0 {
            tokio::task::yield_now().await;
        }
        rest(&mut server).await
    };
    assert_eq!(within("the close", both).await.1, None);
    assert_eq!(bed.proxy.counters().closes, 1);
}
