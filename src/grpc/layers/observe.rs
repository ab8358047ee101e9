//! The record of every call: one log line, one count and one duration, and nothing of its messages.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use metrics::{counter, histogram};
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::{Code, Status};
use tracing::{Span, debug, error, info};

use super::{Around, Next, Request, RequestId, Response, is_open};
use crate::domain::ids::CallerId;
use crate::grpc::known_rpcs::{KnownRpcs, Rpc};
use crate::grpc::status::code_name;

/// Records every call when its answer has ended, or when its caller has gone.
pub(super) struct Observe {
    pub(super) rpcs: Arc<KnownRpcs>,
}

/// Where authentication notes who is calling, for the record.
#[derive(Clone, Default)]
pub(super) struct SeenCaller(Arc<OnceLock<CallerId>>);

impl SeenCaller {
    /// Notes the caller; the first note counts.
    pub(super) fn is(&self, caller: CallerId) {
        Span::current().record("caller", caller.as_str());
        let _ = self.0.set(caller);
    }
}

impl Around for Observe {
    async fn around(&self, mut request: Request, next: Next) -> Response {
        let caller = SeenCaller::default();
        request.extensions_mut().insert(caller.clone());
        let path = request.uri().path();
        let mut record = Record {
            rpc: self.rpcs.at(path).clone(),
            open: is_open(path),
            request_id: request.extensions().get::<RequestId>().cloned(),
            caller,
            started: Instant::now(),
            ended: false,
            span: Span::current(),
        };
        let response = next.run(request).await;
        // An error without a message has its status in the headers.
        if let Some(status) = Status::from_header_map(response.headers()) {
            record.end(status.code());
        }
        response.map(|inner| Body::new(ObservedBody { inner, record }))
    }
}

/// A call that is under way.
struct Record {
    rpc: Rpc,
    open: bool,
    request_id: Option<RequestId>,
    caller: SeenCaller,
    started: Instant,
    ended: bool,
    /// Lasts as long as the answer does: a stream is told within it too.
    span: Span,
}

impl Record {
    fn end(&mut self, code: Code) {
        if self.ended {
            return;
        }
        self.ended = true;
        let duration = self.started.elapsed();
        let (service, method) = (Arc::clone(&self.rpc.service), Arc::clone(&self.rpc.method));
        let code = code_name(code);
        counter!(
            "settlement_gateway_rpc_requests_total",
            "service" => Arc::clone(&service), "method" => Arc::clone(&method), "code" => code
        )
        .increment(1);
        histogram!("settlement_gateway_rpc_duration_seconds", "service" => service, "method" => method).record(duration);
        self.span.record("code", code);
        if is_failure(code) {
            self.span.record("otel.status_code", "ERROR");
        }
        self.span.in_scope(|| self.log(code, duration.as_millis()));
    }

    fn log(&self, code: &str, ms: u128) {
        let request_id = self.request_id.as_ref().map_or("", RequestId::as_str);
        let caller = self.caller.0.get().map_or("", CallerId::as_str);
        let (service, method) = (&*self.rpc.service, &*self.rpc.method);
        match code {
            _ if is_failure(code) => error!(request_id, caller, service, method, code, ms, "a call failed"),
            _ if self.open => debug!(request_id, service, method, code, ms, "a call ended"),
            _ => info!(request_id, caller, service, method, code, ms, "a call ended"),
        }
    }
}

/// Whether a call's end is a defect of this gateway.
fn is_failure(code: &str) -> bool {
    matches!(code, "INTERNAL" | "UNKNOWN" | "DATA_LOSS")
}

/// A call whose record was never ended lost its caller.
impl Drop for Record {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// An answer's body, watched for the status in its trailers.
struct ObservedBody {
    inner: Body,
    record: Record,
}

impl HttpBody for ObservedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let span = self.record.span.clone();
        let frame = ready!(span.in_scope(|| Pin::new(&mut self.inner).poll_frame(cx)));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.record.end(code_of(trailers));
                }
            }
            Some(Err(status)) => self.record.end(status.code()),
            None => self.record.end(Code::Unknown),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn code_of(trailers: &HeaderMap) -> Code {
    Status::from_header_map(trailers).map_or(Code::Unknown, |status| status.code())
}
