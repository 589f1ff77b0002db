//! One direction of one connection, with its sockets: from one side's reader through a lane to the other side's writer.

use std::future::pending;
use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until};

use super::counters::Tally;
use super::lane::{Lane, Step};
use super::point::Direction;
use super::socket::Socket;

const READ: usize = 16 * 1024;

/// One direction. All that it has to remember is in it, so that its work may be dropped and taken up again.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) lane: Lane,
    from: ReadHalf<Socket>,
    to: WriteHalf<Socket>,
    /// What is being written.
    writing: Bytes,
    read: BytesMut,
    ended: Option<Ended>,
    pub(super) is_over: bool,
}

/// How a sender ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Properly,
    /// FIN where TLS wants a word first.
    WithoutAWord,
}

/// Why the work of a direction stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The point of this number was reached.
    Reached(usize),
    /// This direction has come to its end, which its receiver was told.
    Over,
    /// Its sender is gone, which its receiver should see in the same way.
    Closed,
    /// Its sender has reset the connection.
    Reset,
}

impl Way {
    pub(super) fn new(direction: Direction, from: ReadHalf<Socket>, to: WriteHalf<Socket>) -> Self {
        let (writing, read) = (Bytes::new(), BytesMut::with_capacity(READ));
        Self { lane: Lane::new(direction), from, to, writing, read, ended: None, is_over: false }
    }

    /// The halves: from whom, to whom.
    pub(super) fn into_halves(self) -> (ReadHalf<Socket>, WriteHalf<Socket>) {
        (self.from, self.to)
    }

    /// Carries bytes until there is news.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub(super) async fn carry(&mut self, start: Instant, tally: &Tally) -> News {
        if self.is_over {
            return pending().await;
        }
        loop {
            if self.write().await.is_err() {
                // What its receiver said before it went may still come the other way.
                self.lane.swallow();
                self.writing.clear();
            }
            let step = self.lane.poll(start.elapsed());
            tally.take(&mut self.lane.counted);
            match step {
                Step::Write(bytes) => self.writing = bytes,
                Step::Reached(number) => return News::Reached(number),
                Step::Finished => {
                    self.is_over = true;
                    if self.lane.swallows() {
                        return News::Over;
                    }
                    if self.ended == Some(Ended::WithoutAWord) {
                        return News::Closed;
                    }
                    drop(self.to.shutdown().await);
                    return News::Over;
                }
                Step::Wait(due) => {
                    // What is due after all time never is.
                    let due = due.and_then(|due| start.checked_add(due));
                    let read = tokio::select! {
                        read = self.from.read_buf(&mut self.read), if self.lane.has_room() => read,
                        () = sleep_until(due.unwrap_or(start)), if due.is_some() => continue,
                        // Neither room nor a time: only a change from outside helps.
                        else => pending().await,
                    };
                    match read {
                        Ok(0) => self.end(Ended::Properly),
                        Ok(_) => self.lane.receive(&self.read.split()),
                        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.end(Ended::WithoutAWord),
                        Err(_) if self.lane.swallows() => self.end(Ended::Properly),
                        Err(_) => return News::Reset,
                    }
                    self.read.reserve(READ);
                    tally.take(&mut self.lane.counted);
                }
            }
        }
    }

    fn end(&mut self, how: Ended) {
        self.ended = Some(how);
        self.lane.end();
    }

    async fn write(&mut self) -> io::Result<()> {
        while self.writing.has_remaining() {
            self.to.write_buf(&mut self.writing).await?;
        }
        self.to.flush().await
    }
}
