//! Closes a peer that does not begin to speak HTTP/2 in time.
//!
//! Keepalive watches a connection only after HTTP/2's opening words, so a peer
//! that sends none, or a few bytes of them, would be kept for ever.

use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// `PRI * HTTP/2.0`, two line ends, `SM` and two more.
const PREFACE_BYTES: usize = 24;

/// A connection whose reads fail once the wait for the preface is over and it has not come.
pub(super) struct PrefaceGuard<IO> {
    io: IO,
    missing_bytes: usize,
    waited: Pin<Box<dyn Future<Output = ()> + Send>>,
    came: Option<Box<dyn FnOnce() + Send>>,
}

impl<IO> PrefaceGuard<IO> {
    /// Watches a new connection; the wait is over when `waited` is, and `came` is told when as many bytes have come.
    pub(super) fn new(io: IO, waited: impl Future<Output = ()> + Send + 'static, came: impl FnOnce() + Send + 'static) -> Self {
        Self { io, missing_bytes: PREFACE_BYTES, waited: Box::pin(waited), came: Some(Box::new(came)) }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for PrefaceGuard<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        if self.missing_bytes > 0 && self.waited.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "no HTTP/2 preface in time")));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        let read = buf.filled().len().saturating_sub(before);
        self.missing_bytes = self.missing_bytes.saturating_sub(read);
        if self.missing_bytes == 0
            && let Some(came) = self.came.take()
        {
            came();
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for PrefaceGuard<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::sleep;

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_sends_part_of_the_preface_is_cut_off() {
        let (mut peer, ours) = duplex(64);
        let mut guarded = PrefaceGuard::new(ours, sleep(TIMEOUT), || panic!("it has not come"));
        peer.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
        let error = guarded.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_has_sent_the_preface_may_rest() {
        let (mut peer, ours) = duplex(64);
        let (told, mut came) = tokio::sync::oneshot::channel::<()>();
        let mut guarded = PrefaceGuard::new(ours, sleep(TIMEOUT), move || drop(told));
        peer.write_all(&[0; PREFACE_BYTES]).await.unwrap();
        guarded.read_exact(&mut [0; PREFACE_BYTES]).await.unwrap();
        assert_eq!(came.try_recv(), Err(tokio::sync::oneshot::error::TryRecvError::Closed), "it was told");
        tokio::time::advance(TIMEOUT * 2).await;
        peer.write_all(b"later").await.unwrap();
        guarded.read_exact(&mut [0; 5]).await.unwrap();
    }
}
