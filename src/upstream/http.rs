//! One HTTP client for all venues: bounded, without redirects, safe to log; it repeats only what it is asked to.
//!
//! What matters to its callers is whether a byte may have left. [`CallError`]
//! therefore says `NotSent` only where no connection was made, and `NoAnswer`
//! for everything that failed afterwards.

mod base_url;
mod breaker;
mod observed;
mod options;
mod pulse;
mod repeat;
mod retry_after;
mod skew;
mod written;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use thiserror::Error;

use super::clean::bounded;
use super::{NoLeave, VenueFailure};
use crate::domain::time::Clock;
pub(super) use base_url::BaseUrl;
use breaker::{Breaker, Permit};
pub use options::{BuildError, HttpOptions};
pub use pulse::{Pulse, Seen};
use skew::Skew;

/// The largest answer that is read, in bytes; the largest page of transfers is far smaller.
pub(super) const MAX_RESPONSE_BYTES: usize = 16 * 1024 * 1024;
/// The longest description of a failure, in characters.
const MAX_DETAIL_CHARS: usize = 200;
/// What is said of a call that ran out of time.
const TOO_LONG: &str = "it took too long";

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

impl AsRef<Response> for Response {
    fn as_ref(&self) -> &Response {
        self
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
    /// No byte was written, since the venue failed too often in a row.
    #[error("not sent: the venue is left alone for a while, after failures in a row")]
    HeldBack,
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
            CallError::HeldBack => Self::NotSent { detail: error.to_string() },
            CallError::NoAnswer(detail) => Self::NoAnswer { detail: detail.to_owned() },
            CallError::TooLarge => Self::Unreadable { detail: error.to_string() },
        }
    }
}

/// No leave, no request: where nobody can say how much is left, nothing is sent either.
impl From<NoLeave> for CallError {
    fn from(no_leave: NoLeave) -> Self {
        match no_leave {
            NoLeave::Spent { wait } => Self::OverBudget(wait),
            NoLeave::Unknown => Self::NotSent("the venue's budget of calls cannot be drawn from".to_owned()),
        }
    }
}

/// A connection pool to one venue, and what is known of the venue's health and clock.
pub(super) struct HttpClient {
    pool: reqwest::Client,
    options: HttpOptions,
    clock: Arc<dyn Clock>,
    breaker: Breaker,
    skew: Skew,
}

/// One call that may be made: asked for before anything is spent on it, since a venue that is left alone costs nothing.
pub(super) struct Admitted<'a> {
    client: &'a HttpClient,
    permit: Permit<'a>,
}

impl Admitted<'_> {
    /// Sends one request, once, and reads the whole answer.
    pub(super) async fn call(self, request: Request) -> Result<Response, CallError> {
        let Self { client, permit } = self;
        let sent = client.clock.now();
        let called = client.exchange(request).await;
        permit.tell(Instant::now(), was_there(&called));
        client.options.pulse.called(client.clock.now(), was_there(&called));
        if let Ok(response) = &called {
            client.skew.note(response.header("date"), sent, client.clock.now());
        }
        called
    }
}

impl HttpClient {
    /// Leave for one call, unless the venue is left alone.
    pub(super) fn admit(&self) -> Result<Admitted<'_>, CallError> {
        let permit = self.breaker.admit(Instant::now()).ok_or(CallError::HeldBack)?;
        Ok(Admitted { client: self, permit })
    }

    async fn exchange(&self, request: Request) -> Result<Response, CallError> {
        let path = request.url.path().to_owned();
        let mut builder = self.pool.request(request.method, request.url);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = request.body {
            builder = builder.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(written::body(body, &path));
        }
        // Connecting has a time of its own, which is shorter: when this one is over, a byte may have left.
        let begun = tokio::time::timeout(self.options.first_byte_timeout, builder.send()).await;
        let response = begun.map_err(|_elapsed| CallError::NoAnswer(TOO_LONG))?.map_err(|error| classify(&error))?;
        read(response).await
    }
}

/// Whether a call says that the venue is there. What a proxy says in its stead says the contrary.
fn was_there(called: &Result<Response, CallError>) -> bool {
    match called {
        Ok(response) => !matches!(response.status, 502..=504),
        Err(error) => *error == CallError::TooLarge,
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
    CallError::NoAnswer(if error.is_timeout() { TOO_LONG } else { "the connection broke" })
}

/// The last cause of a chain: outer links name the URL, which holds ids that callers chose.
fn innermost(error: &dyn Error) -> String {
    let mut link = error;
    while let Some(source) = link.source() {
        link = source;
    }
    link.to_string()
}
