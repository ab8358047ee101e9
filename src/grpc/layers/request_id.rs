//! Gives every call an id that the caller, the log and the answer share.

use http::{HeaderName, HeaderValue};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use super::{Around, Next, Request, Response};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
pub(super) struct AssignRequestId;

impl Around for AssignRequestId {
    async fn around(&self, mut request: Request, next: Next) -> Response {
        let id = RequestId::of_caller(&request).unwrap_or_else(RequestId::new);
        let span = info_span!("call", request_id = id.as_str());
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
    fn an_id_that_could_forge_a_log_line_is_not_taken() {
        assert!(taken("4bf92f35-77b3.a:b_c"));
        for id in ["", "two words", "a\"b", "{}", "a=b", "ü"] {
            assert!(!taken(id), "{id:?}");
        }
    }
}
