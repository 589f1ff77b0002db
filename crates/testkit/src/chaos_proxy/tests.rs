//! Every fault, through real sockets.

mod bytes;
mod ends;
mod packets;
mod secured;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::within;

/// A server without TLS behind a proxy.
struct Bed {
    server: TcpListener,
    proxy: ChaosProxy,
}

impl Bed {
    async fn new(script: Script) -> Self {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = ChaosProxy::start(server.local_addr().unwrap(), None, script).await;
        Self { server, proxy }
    }

    /// With one rule.
    async fn with(fault: &str, at: &str) -> Self {
        Self::new(script(fault, at)).await
    }

    async fn client(&self) -> TcpStream {
        let client = TcpStream::connect(self.proxy.address()).await.unwrap();
        client.set_nodelay(true).unwrap();
        client
    }

    /// Both ends of one connection through the proxy.
    async fn pair(&self) -> (TcpStream, TcpStream) {
        let client = self.client().await;
        let (server, _) = within("the proxy to dial", self.server.accept()).await.unwrap();
        (client, server)
    }
}

/// One rule, as JSON.
fn script(fault: &str, at: &str) -> Script {
    let json = format!(r#"{{"seed": 11, "rules": [{{"fault": {fault}, "at": {at}}}]}}"#);
    Script::from_json(&json).expect("it is a script")
}

/// Reads exactly as many bytes.
async fn read(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    within("bytes", stream.read_exact(&mut bytes)).await.unwrap();
    bytes
}

/// Reads until the end: the bytes, and the kind of error where it was no proper end.
async fn rest(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> (Vec<u8>, Option<std::io::ErrorKind>) {
    let mut bytes = Vec::new();
    let end = within("the end", stream.read_to_end(&mut bytes)).await;
    (bytes, end.err().map(|error| error.kind()))
}

#[tokio::test]
async fn a_calm_proxy_passes_everything_on_and_the_ends_too() {
    let bed = Bed::new(Script::calm()).await;
    let (mut client, mut server) = bed.pair().await;
    client.write_all(b"question").await.unwrap();
    assert_eq!(read(&mut server, 8).await, b"question");
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut server).await, (vec![], None));
    server.write_all(b"answer").await.unwrap();
    drop(server);
    assert_eq!(rest(&mut client).await, (b"answer".to_vec(), None));
    let counters = bed.proxy.until("both directions", |sum| sum.down.bytes == 6).await;
    assert_eq!((counters.connections, counters.up.bytes), (1, 8));

    let (client, mut server) = bed.pair().await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert_eq!(rest(&mut server).await.1, Some(std::io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_large_stream_arrives_whole_in_both_directions() {
    let bed = Bed::new(Script::calm()).await;
    let (client, server) = bed.pair().await;
    let sent: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    let exchange = |stream: TcpStream| {
        let sent = sent.clone();
        async move {
            let (mut from, mut to) = stream.into_split();
            let write = async move {
                to.write_all(&sent).await.unwrap();
                to.shutdown().await.unwrap();
            };
            tokio::join!(write, rest(&mut from)).1
        }
    };
    let (first, second) = tokio::join!(exchange(client), exchange(server));
    assert!(first == (sent.clone(), None) && second == (sent, None));
}

#[tokio::test]
async fn without_a_server_a_client_gets_a_reset() {
    let bed = Bed::new(Script::calm()).await;
    let nobody = crate::mosquitto::free_address();
    bed.proxy.lead_to(nobody);
    let (bytes, error) = rest(&mut bed.client().await).await;
    assert_eq!((bytes, error), (vec![], Some(std::io::ErrorKind::ConnectionReset)));
    assert_eq!(bed.proxy.counters().unreachable, 1);

    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    bed.proxy.lead_to(other.local_addr().unwrap());
    let _client = bed.client().await;
    within("the other server", other.accept()).await.unwrap();
}

#[tokio::test]
async fn the_same_seed_does_the_same_to_each_connection() {
    async fn run() -> Counters {
        let script = r#"{"seed": 3, "rules": [
            {"fault": {"corrupt": {"one_in": 20}}, "chance": 0.5},
            {"fault": "close", "at": {"bytes": {"direction": "up", "count": [1, 2000]}}, "chance": 0.5}
        ]}"#;
        let bed = Bed::new(Script::from_json(script).unwrap()).await;
        for _ in 0..12 {
            let (mut client, mut server) = bed.pair().await;
            // A connection that ends takes the rest of this with it.
            drop(client.write_all(&[0; 1000]).await);
            drop(client.shutdown().await);
            rest(&mut server).await;
        }
        bed.proxy.counters()
    }
    let (first, second) = (run().await, run().await);
    assert_eq!(first, second);
    assert!(first.corrupted > 0 && first.closes > 0 && first.up.bytes < 12_000);
}
