//! The bytes of one connection: frames in, frames out, neither waiting for the other.
//!
//! Nothing is buffered while nothing comes: bytes are read onto the stack, and what is written is either a few small
//! packets or the one shared packet of the room.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::{self, FrameReader, Incoming};

/// How much is read at once.
const READ: usize = 8 * 1024;

/// How many bytes of own answers may wait before nothing more is read: whoever asks must take the answers.
const ANSWERS_MAX: usize = 16 * 1024;

/// One connection's bytes.
#[derive(Debug)]
pub(crate) struct Link<S> {
    io: S,
    frames: FrameReader,
    /// What is being written.
    current: Bytes,
    /// What is written next.
    answers: BytesMut,
    /// Whether something may be left between here and the socket, as TLS does.
    unflushed: bool,
    /// Since when nothing could be written, while something waits.
    stuck_since: Option<Duration>,
}

/// How a link went on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Something was read or written.
    Moved,
    /// The client said that it goes, or is gone.
    Ended,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    pub(crate) fn new(io: S) -> Self {
        Self {
            io,
            frames: FrameReader::default(),
            current: Bytes::new(),
            answers: BytesMut::new(),
            unflushed: false,
            stuck_since: None,
        }
    }

    /// Frames a packet for this client alone.
    pub(crate) fn answer(&mut self, packet: &[u8]) {
        frames::put_binary(&mut self.answers, packet);
    }

    /// Says that the connection ends. Nothing may be written after that.
    pub(crate) fn say_close(&mut self, code: u16) {
        frames::close(&mut self.answers, code);
    }

    /// Writes a shared packet that is framed already; only when nothing waits.
    pub(crate) fn deliver(&mut self, frame: Bytes) {
        debug_assert!(self.is_idle(), "a shared packet must not cut another one");
        self.current = frame;
    }

    /// Whether nothing waits to be written.
    pub(crate) fn is_idle(&self) -> bool {
        self.current.is_empty() && self.answers.is_empty() && !self.unflushed
    }

    /// Since when the client has taken nothing of what waits.
    pub(crate) fn stuck_since(&self) -> Option<Duration> {
        self.stuck_since
    }

    /// Writes what waits and reads what came, whatever is possible first. `tell` is given each piece of the stream.
    ///
    /// # Errors
    /// When the connection is broken, or its frames are.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub(crate) async fn go_on(
        &mut self,
        now: Duration,
        may_read: bool,
        mut tell: impl FnMut(&[u8]),
    ) -> Result<Progress, LinkError> {
        std::future::poll_fn(|cx| self.poll_go_on(cx, now, may_read, &mut tell)).await
    }

    fn poll_go_on(
        &mut self,
        cx: &mut Context<'_>,
        now: Duration,
        may_read: bool,
        tell: &mut impl FnMut(&[u8]),
    ) -> Poll<Result<Progress, LinkError>> {
        let wrote = self.poll_write(cx, now)?.is_ready();
        if may_read
            && self.answers.len() <= ANSWERS_MAX
            && let Poll::Ready(progress) = self.poll_read(cx, tell)?
        {
            return Poll::Ready(Ok(progress));
        }
        if wrote { Poll::Ready(Ok(Progress::Moved)) } else { Poll::Pending }
    }

    /// Ready when something was written.
    fn poll_write(&mut self, cx: &mut Context<'_>, now: Duration) -> Poll<io::Result<()>> {
        let mut wrote = false;
        loop {
            if self.current.is_empty() {
                self.current = self.answers.split().freeze();
            }
            let moved = if !self.current.is_empty() {
                Pin::new(&mut self.io).poll_write(cx, &self.current)?.map(|written| {
                    self.current.advance(written);
                    self.unflushed = true;
                    if written == 0 { Err(io::Error::from(io::ErrorKind::WriteZero)) } else { Ok(()) }
                })
            } else if self.unflushed {
                Pin::new(&mut self.io).poll_flush(cx)?.map(|()| {
                    self.unflushed = false;
                    Ok(())
                })
            } else {
                self.stuck_since = None;
                return if wrote { Poll::Ready(Ok(())) } else { Poll::Pending };
            };
            match moved {
                Poll::Ready(moved) => {
                    moved?;
                    self.stuck_since = None;
                    wrote = true;
                }
                Poll::Pending => {
                    self.stuck_since.get_or_insert(now);
                    return if wrote { Poll::Ready(Ok(())) } else { Poll::Pending };
                }
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, tell: &mut impl FnMut(&[u8])) -> Poll<Result<Progress, LinkError>> {
        let mut space = [MaybeUninit::uninit(); READ];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer))?;
        if buffer.filled().is_empty() {
            return Poll::Ready(Ok(Progress::Ended));
        }
        let mut closed = false;
        let answers = &mut self.answers;
        self.frames.read(buffer.filled_mut(), &mut |piece| match piece {
            Incoming::Data(bytes) => tell(bytes),
            Incoming::Ping(payload) => frames::pong(answers, payload),
            Incoming::Close => closed = true,
        })?;
        Poll::Ready(Ok(if closed { Progress::Ended } else { Progress::Moved }))
    }

    /// Writes what waits, ends the stream, and reads to its end, so that what was written arrives: closing a socket
    /// with unread bytes makes the system throw away what the other side has not read yet.
    ///
    /// # Errors
    /// When the connection is broken.
    ///
    /// # Cancel safety
    /// The connection ends at once.
    pub(crate) async fn finish(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| {
            while !self.is_idle() {
                if self.poll_write(cx, Duration::ZERO)?.is_pending() {
                    return Poll::Pending;
                }
            }
            Pin::new(&mut self.io).poll_shutdown(cx)
        })
        .await?;
        std::future::poll_fn(|cx| {
            loop {
                let mut space = [MaybeUninit::uninit(); READ];
                let mut buffer = ReadBuf::uninit(&mut space);
                ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer))?;
                if buffer.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
            }
        })
        .await
    }
}

/// Why a link can't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// The connection is broken.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its frames are.
    #[error(transparent)]
    Frame(#[from] frames::FrameError),
}
