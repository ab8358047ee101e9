//! The answers that tell nothing, and reading a body within its limit.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use metrics::counter;

/// What became of a call, as it is counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Met {
    Stored,
    Repeated,
    Refused,
    NotStored,
    TooLarge,
    TooMany,
}

/// Counts a call by the venue that it claims to be from.
pub(super) fn count(venue: &'static str, met: Met) {
    let result = match met {
        Met::Stored => "stored",
        Met::Repeated => "repeated",
        Met::Refused => "refused",
        Met::NotStored => "not_stored",
        Met::TooLarge => "too_large",
        Met::TooMany => "too_many",
    };
    counter!("settlement_gateway_callbacks_total", "venue" => venue, "result" => result).increment(1);
}

/// Too many requests at once.
pub(super) fn too_many(wait: Duration) -> Response {
    count("any", Met::TooMany);
    let seconds = wait.as_secs().saturating_add(1).to_string();
    (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds)]).into_response()
}

/// Nothing is here, or nothing that this caller may know of.
pub(super) fn unknown_path() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

/// The path is known, the method is not.
pub(super) fn other_method(allowed: &'static str) -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, allowed)]).into_response()
}

/// The call proves nothing; why is for the log.
pub(super) fn refused() -> Response {
    StatusCode::UNAUTHORIZED.into_response()
}

/// The delivery could not be stored: the venue is to call again.
pub(super) fn not_stored() -> Response {
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

/// The delivery is stored.
pub(super) fn taken(status: StatusCode, body: &str) -> Response {
    if body.is_empty() {
        return status.into_response();
    }
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body.to_owned()).into_response()
}

/// Reads a body whole, or answers why not.
pub(super) async fn read(request: Request<Body>, max_bytes: usize) -> Result<Bytes, Response> {
    let read = axum::body::to_bytes(request.into_body(), max_bytes).await;
    read.map_err(|error| match error.into_inner().downcast_ref::<LengthLimitError>() {
        Some(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        None => StatusCode::BAD_REQUEST.into_response(),
    })
}
