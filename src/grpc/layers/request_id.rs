//! Gives every call an id that the caller, the log and the answer share, and its place in the caller's trace.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use tracing::field::Empty;
use tracing::{Instrument, Span, error_span};
use uuid::Uuid;

use super::{Around, Next, Request, Response, is_open};
use crate::domain::origin::Traceparent;
use crate::grpc::known_rpcs::KnownRpcs;
use crate::traces::{self, Role};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// W3C Trace Context. Its `tracestate` is other vendors' and is neither read nor kept.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Longer ids are replaced.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// The id of a call; it stands in its request's extensions and in its answer's metadata as `x-request-id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The caller's own id, if it can stand in a log line as it is.
    fn of_caller(request: &Request) -> Option<Self> {
        let value = request.headers().get(REQUEST_ID)?;
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
        let fits = !value.is_empty() && value.len() <= MAX_REQUEST_ID_BYTES && value.as_bytes().iter().all(plain);
        fits.then(|| Self(value.clone()))
    }

    fn new() -> Self {
        // A UUID is plain text, so the empty value never stands.
        Self(HeaderValue::from_str(&Uuid::new_v4().to_string()).unwrap_or(HeaderValue::from_static("")))
    }
}

/// Takes the caller's id or makes one.
pub(super) struct AssignRequestId {
    pub(super) rpcs: Arc<KnownRpcs>,
}

impl AssignRequestId {
    /// The span of a call, within the caller's trace where it names one.
    fn span(&self, request: &Request, id: &RequestId, caller: Option<&Traceparent>) -> Span {
        let path = request.uri().path();
        if is_open(path) {
            return error_span!(target: traces::PROBES, "call", request_id = id.as_str());
        }
        // One of errors, so that whatever a filter lets through has its ids.
        let span = error_span!(
            "call",
            request_id = id.as_str(),
            trace_id = Empty,
            caller = Empty,
            enterprise = Empty,
            external_id = Empty,
            settlement = Empty,
            code = Empty,
            otel.kind = Empty,
            otel.name = Empty,
            otel.status_code = Empty,
        );
        if traces::are_on() {
            let rpc = self.rpcs.at(path);
            traces::describe(&span, Role::Server, &format!("{}/{}", rpc.service, rpc.method));
            if let Some(caller) = caller {
                traces::continue_from(&span, caller);
            }
        }
        span
    }
}

/// The caller's place in its trace; two would be none.
fn traceparent(request: &Request) -> Option<Traceparent> {
    let mut values = request.headers().get_all(TRACEPARENT).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Traceparent::parse(value.to_str().ok()?),
        _ => None,
    }
}

impl Around for AssignRequestId {
    async fn around(&self, mut request: Request, next: Next) -> Response {
        let id = RequestId::of_caller(&request).unwrap_or_else(RequestId::new);
        let caller = traceparent(&request);
        let span = self.span(&request, &id, caller.as_ref());
        if let Some(place) = traces::place_of(&span).or(caller) {
            span.record("trace_id", place.trace_id());
            request.extensions_mut().insert(place);
        }
        request.extensions_mut().insert(id.clone());
        let mut response = next.run(request).instrument(span).await;
        response.headers_mut().insert(REQUEST_ID, id.0);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::body::Body;

    fn taken(id: &'static str) -> bool {
        let request = http::Request::builder().header(REQUEST_ID, id).body(Body::empty()).unwrap();
        RequestId::of_caller(&request).is_some()
    }

    #[test]
    fn a_callers_place_in_its_trace_is_taken_when_it_names_one() {
        let place = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let of = |values: &[&'static str]| {
            let mut request = http::Request::builder().body(Body::empty()).unwrap();
            for value in values {
                request.headers_mut().append(TRACEPARENT, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            traceparent(&request)
        };
        assert_eq!(of(&[place]).unwrap().as_str(), place);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[place, place]), None, "two are none");
        assert_eq!(of(&["not a place"]), None);
        assert_eq!(of(&["00-bearer-hunter2"]), None);
    }

    #[test]
    fn an_id_that_could_forge_a_log_line_is_not_taken() {
        assert!(taken("4bf92f35-77b3.a:b_c"));
        for id in ["", "two words", "a\"b", "{}", "a=b", "ü"] {
            assert!(!taken(id), "{id:?}");
        }
    }
}
