//! The listener below the relays and the scripted endpoint: TCP on 127.0.0.1, TLS if wanted, a tap on what comes in.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::record::Record;
use crate::tap::Tapped;

/// How many connections are served at once; others wait.
const AT_ONCE: usize = 64;

/// A stream in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// One accepted connection, behind its TLS.
pub type Link = Tapped<Box<dyn Stream>>;

/// A running listener; it and all of its connections end when this is dropped.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    record: Record,
    listening: AbortHandle,
}

impl Endpoint {
    /// Listens on a free port of 127.0.0.1 and hands each connection to `serve`.
    ///
    /// # Cancel safety
    /// Nothing listens if it is dropped.
    pub async fn start<F>(tls: Option<Arc<ServerConfig>>, serve: impl Fn(Link) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let record = Record::new();
        let tls = tls.map(TlsAcceptor::from);
        let task = tokio::spawn(accept(listener, tls, record.clone(), serve));
        Self { address, record, listening: task.abort_handle() }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `localhost` and the port, as a config's `connection.endpoint`.
    pub fn host(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// What it saw.
    pub fn record(&self) -> &Record {
        &self.record
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn accept<F>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    record: Record,
    serve: impl Fn(Link) -> F + Send + Sync + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let serve = Arc::new(serve);
    // Owned by this task, so that its end ends them all.
    let mut links = JoinSet::new();
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
        let Ok((stream, _)) = listener.accept().await else { return };
        record.add_connection();
        while links.try_join_next().is_some() {}
        let (tls, record, serve) = (tls.clone(), record.clone(), Arc::clone(&serve));
        links.spawn(async move {
            if let Some(stream) = secure(stream, tls).await {
                serve(Tapped::new(stream, record)).await;
            }
            drop(place);
        });
    }
}

/// The stream behind its TLS; nothing if the client does not like the certificate.
async fn secure(stream: TcpStream, tls: Option<TlsAcceptor>) -> Option<Box<dyn Stream>> {
    stream.set_nodelay(true).ok()?;
    match tls {
        None => Some(Box::new(stream)),
        Some(tls) => Some(Box::new(tls.accept(stream).await.ok()?)),
    }
}
