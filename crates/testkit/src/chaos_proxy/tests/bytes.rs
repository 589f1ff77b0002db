//! Faults that shape bytes.

use super::*;

#[tokio::test]
async fn latency_holds_bytes_back_until_it_is_lifted() {
    let bed = Bed::with(r#"{"latency": {"ms": 3600000, "direction": "down"}}"#, r#""start""#).await;
    let (mut client, mut server) = bed.pair().await;
    client.write_all(b"question").await.unwrap();
    assert_eq!(read(&mut server, 8).await, b"question");
    server.write_all(b"answer").await.unwrap();
    let counters = bed.proxy.until("the answer", |sum| sum.delayed == 1).await;
    assert_eq!(counters.down.bytes, 0);
    bed.proxy.set(Script::calm());
    assert_eq!(read(&mut client, 6).await, b"answer");
}

#[tokio::test]
async fn bandwidth_lets_bytes_pass_little_by_little() {
    let bed = Bed::with(r#"{"bandwidth": {"bytes_per_second": 1000}}"#, r#""start""#).await;
    let (mut client, mut server) = bed.pair().await;
    // More than a test's patience would let pass.
    client.write_all(&vec![7; 100_000]).await.unwrap();
    let mut first = vec![0; 100_000];
    let length = within("the first bytes", server.read(&mut first)).await.unwrap();
    assert!(length < 100_000 && bed.proxy.counters().throttled > 0);
    bed.proxy.set(Script::calm());
    assert_eq!(read(&mut server, 100_000 - length).await, vec![7; 100_000 - length]);
}

#[tokio::test]
async fn slices_arrive_byte_by_byte() {
    let bed = Bed::with(r#"{"slice": {"pause_ms": 3600000}}"#, r#""start""#).await;
    let (mut client, mut server) = bed.pair().await;
    client.write_all(b"abc").await.unwrap();
    let mut buffer = [0; 8];
    assert_eq!(within("the first slice", server.read(&mut buffer)).await.unwrap(), 1);
    assert_eq!(bed.proxy.counters().slices, 3);
    bed.proxy.set(script(r#"{"slice": {}}"#, r#""start""#));
    assert_eq!(read(&mut server, 2).await, b"bc");
    server.write_all(&[1; 1000]).await.unwrap();
    assert_eq!(read(&mut client, 1000).await, [1; 1000]);
    assert_eq!(bed.proxy.counters().slices, 1003);
}

#[tokio::test]
async fn small_writes_arrive_as_one() {
    let bed = Bed::with(r#"{"coalesce": {"bytes": 6, "ms": 3600000, "direction": "up"}}"#, r#""start""#).await;
    let (mut client, mut server) = bed.pair().await;
    // Packets, as these are counted when they come.
    let packets: [&[u8]; 3] = [&[0x10, 1, 0], &[0xC0, 0], &[0xC0, 0]];
    for (number, packet) in packets.into_iter().enumerate() {
        assert_eq!(bed.proxy.counters().up.bytes, 0);
        client.write_all(packet).await.unwrap();
        bed.proxy.until("the packet", |sum| sum.up.packets == number as u64 + 1).await;
    }
    let mut buffer = [0; 16];
    let length = within("all of them", server.read(&mut buffer)).await.unwrap();
    assert_eq!(&buffer[..length], packets.concat());
    assert_eq!(bed.proxy.counters().coalesced, 2);
}

#[tokio::test]
async fn corruption_changes_as_many_bytes_as_it_says() {
    let bed = Bed::with(r#"{"corrupt": {"one_in": 100, "direction": "down"}}"#, r#""start""#).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (mut client, mut server) = bed.pair().await;
        server.write_all(&[0; 10_000]).await.unwrap();
        let bytes = read(&mut client, 10_000).await;
        client.write_all(&[0; 1_000]).await.unwrap();
        assert_eq!(read(&mut server, 1_000).await, [0; 1_000]);
        seen.push(bytes);
    }
    let changed: usize = seen.iter().flatten().filter(|byte| **byte != 0).count();
    assert_eq!(bed.proxy.counters().corrupted, changed as u64);
    assert!(changed > 0 && seen[0] != seen[1], "each connection has its own");
}
