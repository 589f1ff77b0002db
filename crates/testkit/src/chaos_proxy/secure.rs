//! TLS of a proxy: taken off towards clients, put on towards the server, and cut within its handshake.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::{ClientConfig, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::point::Direction;
use super::socket::Socket;
use crate::certs::trusting;

/// What a proxy needs to read what is within TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// What it shows to clients.
    pub accept: Arc<ServerConfig>,
    /// What it trusts when it dials the server, which it takes for `localhost`.
    pub dial: Arc<ClientConfig>,
}

impl Tls {
    /// Shows a leaf, and trusts the server whose authority is in this file (PEM).
    ///
    /// # Panics
    /// If the file is none of an authority.
    pub fn trusting(accept: Arc<ServerConfig>, ca_file: &Path) -> Self {
        let certificates = CertificateDer::pem_file_iter(ca_file).expect("the CA file can be read");
        let dial = trusting(certificates.map(|certificate| certificate.expect("the CA file is PEM")));
        Self { accept, dial }
    }

    /// TLS with both sides; nothing if one of them does not want it.
    pub(super) async fn secure(&self, client: TcpStream, server: TcpStream) -> Option<(Socket, Socket)> {
        let name = ServerName::try_from("localhost").expect("it is a name");
        let server = TlsConnector::from(Arc::clone(&self.dial)).connect(name, server).await.ok()?;
        let client = TlsAcceptor::from(Arc::clone(&self.accept)).accept(client).await.ok()?;
        Some((Socket::Tls(Box::new(client.into())), Socket::Tls(Box::new(server.into()))))
    }

    /// As much of a handshake as so many bytes in this direction, and then the connection in the middle of it; nothing if
    /// the client ended it before.
    pub(super) async fn part(&self, mut client: TcpStream, direction: Direction, bytes: u64) -> Option<TcpStream> {
        if direction == Direction::Up {
            let mut hello = vec![0; usize::try_from(bytes).ok()?];
            client.read_exact(&mut hello).await.ok()?;
            return Some(client);
        }
        let limited = Limited { stream: client, left: usize::try_from(bytes).ok()?, ran_out: false };
        let accepted = TlsAcceptor::from(Arc::clone(&self.accept)).accept(limited).into_fallible().await;
        let limited = match accepted {
            Ok(stream) => stream.into_inner().0,
            Err((_, limited)) => limited,
        };
        limited.ran_out.then_some(limited.stream)
    }
}

/// A stream that fails after so many written bytes.
struct Limited {
    stream: TcpStream,
    left: usize,
    ran_out: bool,
}

impl AsyncRead for Limited {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Limited {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.left == 0 {
            self.ran_out = true;
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        let most = buf.len().min(self.left);
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, &buf[..most]))?;
        self.left -= written;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
