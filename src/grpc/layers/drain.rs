//! Lets calls finish when the process goes down, ends streams that wait, and begins nothing new.
//!
//! A stream of news would never end by itself and would hold up every
//! shut-down for the whole of its grace.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

use super::{Around, Next, Request, Response, is_open};
use crate::grpc::pb::ErrorReason;
use crate::grpc::refusal::refuse;

/// Only streams wait, and no stream writes.
const STREAM: &str = "";

/// Answers DRAINING to new calls, and ends waiting streams with it, once `drain` is cancelled.
pub(super) struct EndStreams {
    pub(super) drain: CancellationToken,
}

impl Around for EndStreams {
    async fn around(&self, request: Request, next: Next) -> Response {
        // Health goes on telling that nothing serves.
        let path = request.uri().path();
        if self.drain.is_cancelled() && !is_open(path) {
            return refuse(path, ErrorReason::Draining).into_http();
        }
        let drained = Box::pin(self.drain.clone().cancelled_owned());
        next.run(request).await.map(|inner| Body::new(EndedByDrain { inner, drained, ended: false }))
    }
}

struct EndedByDrain {
    inner: Body,
    drained: Pin<Box<WaitForCancellationFutureOwned>>,
    ended: bool,
}

impl HttpBody for EndedByDrain {
    type Data = Bytes;
    type Error = Status;

    /// What the stream has to say goes first: a watcher hears that nothing serves before its stream ends.
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        if self.drained.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.ended = true;
        let mut trailers = HeaderMap::new();
        let goodbye = refuse(STREAM, ErrorReason::Draining);
        Poll::Ready(Some(goodbye.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
