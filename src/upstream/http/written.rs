//! A request's body as it goes to the network: all of it, unless the process is to die while it is written.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use crate::kill_points::{KillPoint, die, is_due};

/// The body of a request to a path.
pub(super) fn body(bytes: Vec<u8>, path: &str) -> reqwest::Body {
    if is_due(KillPoint::InsideWrite, path) {
        return reqwest::Body::wrap(LastBody::of(bytes, 2));
    }
    if is_due(KillPoint::K7Written, path) {
        return reqwest::Body::wrap(LastBody::of(bytes, 1));
    }
    bytes.into()
}

/// A body with which the process dies: once the part of it that is written is on the wire.
struct LastBody {
    announced: u64,
    part: Option<Bytes>,
    is_flushed: bool,
}

impl LastBody {
    /// A body of which one part in so many is written.
    fn of(mut bytes: Vec<u8>, parts: usize) -> Self {
        let announced = u64::try_from(bytes.len()).unwrap_or_default();
        bytes.truncate(bytes.len() / parts);
        Self { announced, part: Some(bytes.into()), is_flushed: false }
    }
}

impl Body for LastBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(part) = self.part.take() {
            return Poll::Ready(Some(Ok(Frame::data(part))));
        }
        if self.is_flushed {
            die();
        }
        // Whoever waits for more flushes what there is.
        self.is_flushed = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

impl Drop for LastBody {
    /// A body that is written whole is let go before it is flushed, which happens within the same turn of its task.
    fn drop(&mut self) {
        if self.part.is_none() {
            tokio::spawn(async {
                tokio::task::yield_now().await;
                die();
            });
        }
    }
}
