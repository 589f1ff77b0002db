//! The lines of a request's head: each ends with CR LF.
//!
//! Hyper takes a bare LF for the end of a line, and not every proxy does: a request that two of them read in different
//! ways can hide another one. So each head is looked at before hyper sees it, and given to it without what follows. The
//! handler of the request then says where the next head begins.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What stands in for a bare LF: nothing that a head may hold, so that the request is refused with 400.
const REFUSED: u8 = 0;

/// A stream of requests whose lines are looked at.
#[derive(Debug)]
pub(super) struct Lines<S> {
    io: S,
    /// What came after a head in one piece with it.
    rest: Bytes,
    at: At,
    body: NextHead,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// In a head.
    Head {
        /// The byte before.
        last: u8,
        /// Whether the line has nothing so far, but perhaps a CR.
        is_empty: bool,
        /// Whether a line came before. Empty ones may stand before a request.
        has_begun: bool,
    },
    /// After a head.
    Body,
}

const HEAD: At = At::Head { last: 0, is_empty: true, has_begun: false };

/// How many bytes there are until the next head.
#[derive(Debug, Clone)]
pub(super) struct NextHead(Arc<AtomicU64>);

/// There is no next head.
const NEVER: u64 = u64::MAX;

impl NextHead {
    /// The request has a body of this many bytes.
    pub(super) fn after(&self, body: u64) {
        self.0.store(body, Ordering::Relaxed);
    }

    /// No request follows, or none whose beginning can be known.
    pub(super) fn never(&self) {
        self.0.store(NEVER, Ordering::Relaxed);
    }
}

impl<S> Lines<S> {
    pub(super) fn new(io: S) -> Self {
        Self { io, rest: Bytes::new(), at: HEAD, body: NextHead(Arc::new(AtomicU64::new(NEVER))) }
    }

    /// By which the handler of a request says how long its body is.
    pub(super) fn next_head(&self) -> NextHead {
        self.body.clone()
    }

    /// Looks at what came, and answers how much of it may be passed on now.
    fn look(&mut self, came: &mut [u8]) -> usize {
        let left = self.body.0.load(Ordering::Relaxed);
        if self.at == At::Body && left == NEVER {
            return came.len();
        }
        let mut passed = 0;
        if self.at == At::Body {
            passed = usize::try_from(left).unwrap_or(usize::MAX).min(came.len());
            self.body.after(left - u64::try_from(passed).unwrap_or(left));
            if passed == came.len() {
                return passed;
            }
            self.at = HEAD;
        }
        for (index, byte) in came.iter_mut().enumerate().skip(passed) {
            let At::Head { last, is_empty, has_begun } = self.at else { break };
            self.at = match *byte {
                b'\n' if last != b'\r' => {
                    *byte = REFUSED;
                    At::Head { last: REFUSED, is_empty: false, has_begun: true }
                }
                b'\n' if is_empty && has_begun => {
                    // Until the handler says better.
                    self.body.never();
                    self.at = At::Body;
                    return index + 1;
                }
                b'\n' => At::Head { last: b'\n', is_empty: true, has_begun: !is_empty },
                b'\r' if is_empty && last != b'\r' => At::Head { last: b'\r', is_empty, has_begun },
                other => At::Head { last: other, is_empty: false, has_begun },
            };
        }
        came.len()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lines<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let start = buffer.filled().len();
        if this.rest.is_empty() {
            ready!(Pin::new(&mut this.io).poll_read(cx, buffer))?;
        } else {
            let length = this.rest.len().min(buffer.remaining());
            buffer.put_slice(&this.rest[..length]);
            this.rest.advance(length);
        }
        let came = &mut buffer.filled_mut()[start..];
        let passed = this.look(came);
        if passed < came.len() {
            // Both pieces are in order: what follows the head comes before what was left of an earlier read.
            let follows = [&came[passed..], &*this.rest].concat();
            this.rest = follows.into();
            buffer.set_filled(start + passed);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lines<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// What is read in pieces of this size, each head's body being as long as said.
    async fn read(stream: &[u8], size: usize, bodies: &[u64]) -> Vec<u8> {
        let mut lines = Lines::new(stream);
        let (next, mut bodies) = (lines.next_head(), bodies.iter());
        let mut all = Vec::new();
        let mut buffer = vec![0; size];
        loop {
            let was = lines.at;
            let length = lines.read(&mut buffer).await.unwrap();
            all.extend_from_slice(&buffer[..length]);
            if length == 0 {
                return all;
            }
            if was != At::Body && lines.at == At::Body {
                match bodies.next() {
                    Some(body) => next.after(*body),
                    None => next.never(),
                }
            }
        }
    }

    #[tokio::test]
    async fn what_is_right_passes_unchanged_in_pieces_of_any_size() {
        let stream = b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nPOST / HTTP/1.1\r\n\r\na\nb\n\nGET / HTTP/1.1\r\n\r\n\n\n";
        for size in [1, 2, 3, 7, 20, 1000] {
            assert_eq!(read(stream, size, &[0, 5]).await, stream, "{size}");
        }
    }

    #[tokio::test]
    async fn a_bare_line_feed_in_any_head_is_refused() {
        for (stream, wrong) in [
            (&b"GET / HTTP/1.1\nHost: x\r\n\r\n"[..], 14),
            (b"GET / HTTP/1.1\r\nHost: x\n\r\n", 23),
            (b"GET / HTTP/1.1\r\nHost: x\r\n\n", 25),
            (b"\nGET / HTTP/1.1\r\n\r\n", 0),
            (b"GET / HTTP/1.1\r\n\r\na\nGET /\nHTTP/1.1\r\n\r\n", 25),
        ] {
            for size in [1, 2, 3, 7, 20, 1000] {
                let mut wanted = stream.to_vec();
                wanted[wrong] = REFUSED;
                assert_eq!(read(stream, size, &[2]).await, wanted, "{size}");
            }
        }
    }
}
