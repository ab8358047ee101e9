//! One HTTP client for all venues: bounded, without redirects or repeats, safe to log.
//!
//! What matters to its callers is whether a byte may have left. [`CallError`]
//! therefore says `NotSent` only where no connection was made, and `NoAnswer`
//! for everything that failed afterwards.

mod base_url;
mod options;
mod retry_after;

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use thiserror::Error;

use super::VenueFailure;
use super::clean::bounded;
pub(super) use base_url::BaseUrl;
pub use options::{BuildError, HttpOptions};

/// The largest answer that is read, in bytes; the largest page of transfers is far smaller.
pub(super) const MAX_RESPONSE_BYTES: usize = 16 * 1024 * 1024;
/// The longest description of a failure, in characters.
const MAX_DETAIL_CHARS: usize = 200;

/// One request, complete: what is here is what is sent.
pub(super) struct Request {
    /// The method.
    pub(super) method: Method,
    /// The whole URL.
    pub(super) url: Url,
    /// Headers beside `Content-Type`; secret ones are marked sensitive.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// The exact bytes of the body: JSON, or none.
    pub(super) body: Option<Vec<u8>>,
}

/// One answer, whatever its status.
pub(super) struct Response {
    /// The status.
    pub(super) status: u16,
    /// The whole body, at most [`MAX_RESPONSE_BYTES`].
    pub(super) body: Vec<u8>,
    headers: HeaderMap,
}

impl Response {
    /// Whether the status is 2xx.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's text, where it is plain text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// `Retry-After` in seconds from now, in either of its forms.
    pub(super) fn retry_after_seconds(&self, now: Timestamp) -> Option<u32> {
        retry_after::seconds(self.header("retry-after")?, now)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum CallError {
    /// No byte of the request was written.
    #[error("not sent: {0}")]
    NotSent(String),
    /// No byte of the request was written: the venue's budget of calls is spent.
    #[error("the venue's budget of calls is spent")]
    OverBudget(Duration),
    /// A byte may have left.
    #[error("no answer: {0}")]
    NoAnswer(&'static str),
    /// An answer came that is larger than what is read.
    #[error("the answer is larger than {MAX_RESPONSE_BYTES} bytes")]
    TooLarge,
}

impl From<CallError> for VenueFailure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotSent(detail) => Self::NotSent { detail },
            CallError::OverBudget(wait) => Self::OverBudget { wait },
            CallError::NoAnswer(detail) => Self::NoAnswer { detail: detail.to_owned() },
            CallError::TooLarge => Self::Unreadable { detail: error.to_string() },
        }
    }
}

/// A connection pool to one venue.
pub(super) struct HttpClient(reqwest::Client);

impl HttpClient {
    /// Sends one request, once, and reads the whole answer.
    pub(super) async fn call(&self, request: Request) -> Result<Response, CallError> {
        let mut builder = self.0.request(request.method, request.url);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = request.body {
            builder = builder.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body);
        }
        let response = builder.send().await.map_err(|error| classify(&error))?;
        read(response).await
    }
}

async fn read(mut response: reqwest::Response) -> Result<Response, CallError> {
    let status = response.status().as_u16();
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    if announced > MAX_RESPONSE_BYTES {
        return Err(CallError::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err(CallError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, body, headers: std::mem::take(response.headers_mut()) })
}

/// A failure to connect, and a request that could not be built, wrote nothing. Anything else may have.
fn classify(error: &reqwest::Error) -> CallError {
    if error.is_connect() || error.is_builder() {
        let cause = if error.is_timeout() { "the connection took too long".to_owned() } else { innermost(error) };
        return CallError::NotSent(bounded(&cause, MAX_DETAIL_CHARS));
    }
    CallError::NoAnswer(if error.is_timeout() { "it took too long" } else { "the connection broke" })
}

/// The last cause of a chain: outer links name the URL, which holds ids that callers chose.
fn innermost(error: &dyn Error) -> String {
    let mut link = error;
    while let Some(source) = link.source() {
        link = source;
    }
    link.to_string()
}
