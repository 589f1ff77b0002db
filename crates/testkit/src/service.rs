//! A chat service behind a foreign broker: what it hears on the room's `pub` topic it stamps and sends out on `sub`.

use std::net::SocketAddr;
use std::time::Duration;

use chatroom_mqtt::{ClientEvent, ClientOutput, ClientRole, ConnectOptions, Delivery, QoS};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::stamp::Stamps;
use crate::within;

/// A running service; it ends when this is dropped.
#[derive(Debug)]
pub struct Service {
    announce: mpsc::Sender<Vec<u8>>,
    heard: watch::Receiver<Vec<Delivery>>,
    task: AbortHandle,
}

impl Service {
    /// Connects to a broker (MQTT 5 on TCP) and waits until it is subscribed to the topic that clients publish to.
    ///
    /// # Panics
    /// If the broker does not take it.
    ///
    /// # Cancel safety
    /// The service ends if this is dropped.
    pub async fn start(broker: SocketAddr, publish_topic: &str, subscribe_topic: &str) -> Self {
        let stream = within("the broker", TcpStream::connect(broker)).await.expect("the broker listens");
        stream.set_nodelay(true).expect("a connected socket takes this option");
        let (announce, wanted) = mpsc::channel(16);
        let (ready, is_ready) = oneshot::channel();
        let (hear, heard) = watch::channel(Vec::new());
        let worker = Worker {
            stream,
            role: ClientRole::new(),
            start: Instant::now(),
            stamps: Stamps::new(),
            from: publish_topic.to_owned(),
            to: subscribe_topic.to_owned(),
            ready: Some(ready),
            hear,
        };
        let task = tokio::spawn(worker.run(wanted)).abort_handle();
        let service = Self { announce, heard, task };
        within("the service's subscription", is_ready).await.expect("the broker grants the subscription");
        service
    }

    /// Sends a payload out on the room's `sub` topic as it is, at QoS 1.
    ///
    /// # Panics
    /// If the service has ended.
    ///
    /// # Cancel safety
    /// The payload is sent or not.
    pub async fn announce(&self, payload: impl Into<Vec<u8>>) {
        self.announce.send(payload.into()).await.expect("the service runs");
    }

    /// What clients published so far, as the broker delivered it.
    pub fn heard(&self) -> Vec<Delivery> {
        self.heard.borrow().clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Worker {
    stream: TcpStream,
    role: ClientRole,
    start: Instant,
    stamps: Stamps,
    from: String,
    to: String,
    ready: Option<oneshot::Sender<()>>,
    hear: watch::Sender<Vec<Delivery>>,
}

impl Worker {
    /// Ends when the link ends.
    async fn run(mut self, mut wanted: mpsc::Receiver<Vec<u8>>) {
        let mut buffer = vec![0; 16 * 1024];
        let mut options = ConnectOptions::new("service-of-the-test", None);
        options.maximum_packet_size = 1 << 20;
        self.role.connect(Duration::ZERO, options);
        loop {
            while let Some(output) = self.role.poll_output() {
                match output {
                    ClientOutput::Send(bytes) => {
                        if self.stream.write_all(&bytes).await.is_err() {
                            return;
                        }
                    }
                    ClientOutput::Event(event) => self.react(event),
                    ClientOutput::Close(_) => return,
                }
            }
            let due = self.role.poll_timeout().map(|(due, _)| self.start + due);
            tokio::select! {
                read = self.stream.read(&mut buffer) => match read {
                    Ok(length @ 1..) => self.role.receive(self.start.elapsed(), &buffer[..length]),
                    _ => return,
                },
                payload = wanted.recv() => match payload {
                    Some(payload) => self.send_out(&payload),
                    None => return,
                },
                () = tokio::time::sleep_until(due.unwrap_or(self.start)), if due.is_some() => {
                    self.role.handle_timeout(self.start.elapsed());
                }
            }
        }
    }

    fn react(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Connected(_) => {
                let now = self.start.elapsed();
                self.role.subscribe(now, &self.from, QoS::AtLeastOnce).expect("the link is connected");
            }
            ClientEvent::Subscribed { .. } => {
                if let Some(ready) = self.ready.take() {
                    let _ = ready.send(());
                }
            }
            ClientEvent::Delivery(delivery) => {
                if let Some(batch) = self.stamps.stamp(&delivery.payload) {
                    self.send_out(&batch);
                }
                self.hear.send_modify(|heard| heard.push(delivery));
            }
            _ => {}
        }
    }

    fn send_out(&mut self, payload: &[u8]) {
        let now = self.start.elapsed();
        self.role.publish(now, &self.to, payload, QoS::AtLeastOnce).expect("a test's messages fit the broker");
    }
}
