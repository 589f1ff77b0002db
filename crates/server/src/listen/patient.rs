//! A stream whose other side must take what is written to it, and may not send much before it has authenticated.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::Place;

/// A stream that breaks when nothing can be written for so long, or more comes than its place allows.
#[derive(Debug)]
pub(super) struct Patient<S> {
    io: S,
    place: Arc<Place>,
    patience: Duration,
    /// Runs while something waits to be written. Most streams never wait, and hold no timer.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(super) fn new(io: S, place: Arc<Place>, patience: Duration) -> Self {
        Self { io, place, patience, waiting: None }
    }

    /// What the stream said, unless it has been waited for too long.
    fn or_too_long<T>(&mut self, cx: &mut Context<'_>, said: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if said.is_ready() {
            self.waiting = None;
            return said;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        waiting.as_mut().poll(cx).map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "the other side takes nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        let came = buffer.filled().len() - before;
        if came > 0 && !self.place.spend(came) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "too much came before a token")));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.or_too_long(cx, said)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.io).poll_flush(cx);
        self.or_too_long(cx, said)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.io).poll_shutdown(cx);
        self.or_too_long(cx, said)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.or_too_long(cx, said)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;
    use crate::{Settings, listen::Places};

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_given_up_and_who_takes_a_little_now_and_then_is_not() {
        let (ours, mut theirs) = duplex(4);
        let places = Arc::new(Places::new(&Settings::default(), None));
        let place = Arc::new(places.take([192, 0, 2, 1].into()).unwrap());
        let mut stream = Patient::new(ours, place, PATIENCE);
        let reader = tokio::spawn(async move {
            let mut piece = [0; 4];
            for _ in 0..10 {
                sleep(PATIENCE.mul_f32(0.9)).await;
                theirs.read_exact(&mut piece).await.unwrap();
            }
            theirs
        });
        stream.write_all(&[7; 44]).await.unwrap();
        let _theirs = reader.await.unwrap();
        sleep(PATIENCE * 2).await;
        assert_eq!(stream.write_all(&[7]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
