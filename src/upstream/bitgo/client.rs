//! One authenticated call to BitGo.

use std::sync::Arc;

use jiff::Timestamp;
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;

use super::BitGoOptions;
use super::auth::{Exchange, RequestAuth};
use super::error::venue_error;
use super::operation::operation;
use crate::domain::budget::Urgency;
use crate::domain::time::Clock;
use crate::upstream::credential::Credential;
use crate::upstream::http::{BaseUrl, BuildError, CallError, HttpClient, Request, Response};
use crate::upstream::json::{self, read_error};
use crate::upstream::{Allowance, VenueFailure};

/// The transport of one enterprise: its pool, its credential, its way to authenticate.
pub(super) struct Client {
    http: HttpClient,
    base_url: BaseUrl,
    credential: Credential,
    auth: RequestAuth,
    allowance: Arc<dyn Allowance>,
    clock: Arc<dyn Clock>,
}

/// An answer, and what is known of where it came from.
pub(super) struct Answer {
    /// The answer.
    pub(super) response: Response,
    /// The exchange that it ends.
    pub(super) exchange: Exchange,
    /// Whether it is proved to be BitGo's.
    pub(super) is_trusted: bool,
    /// When it came.
    pub(super) at: Timestamp,
}

impl AsRef<Response> for Answer {
    fn as_ref(&self) -> &Response {
        &self.response
    }
}

impl Client {
    /// Takes what the options say of the transport.
    pub(super) fn new(options: BitGoOptions) -> Result<Self, BuildError> {
        if !options.auth.suits(&options.credential.current()) {
            return Err(BuildError::TokenCannotSign);
        }
        let base_url = BaseUrl::new(&options.base_url, options.http.allow_plaintext)?;
        let BitGoOptions { credential, auth, allowance, clock, http, .. } = options;
        let http = HttpClient::new(&base_url, http, Arc::clone(&clock))?;
        Ok(Self { http, base_url, credential, auth, allowance, clock })
    }

    /// The URL of a path.
    pub(super) fn url(&self, segments: &[&str]) -> Result<Url, CallError> {
        self.base_url.at(segments)
    }

    /// Reads the credential again. `true` when it changed.
    pub(super) fn reload_credential(&self) -> bool {
        self.credential.reload()
    }

    /// Sends one request, once, if the venue is not left alone and its budget has a call left for it.
    pub(super) async fn call(
        &self,
        urgency: Urgency,
        method: Method,
        url: Url,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, CallError> {
        let operation = operation(&method, &url);
        self.http.observed(operation, self.send(urgency, method, url, body)).await
    }

    async fn send(&self, urgency: Urgency, method: Method, url: Url, body: Option<Vec<u8>>) -> Result<Answer, CallError> {
        let admitted = self.http.admit()?;
        self.allowance.draw(urgency).await?;
        let exchange = Exchange::new(self.auth, self.credential.current(), method.clone(), &url);
        let headers = exchange.headers(body.as_deref().unwrap_or_default(), self.clock.now())?;
        let response = admitted.call(Request { method, url, headers, body }).await?;
        let at = self.clock.now();
        let is_trusted = exchange.vouches_for(&response, at);
        Ok(Answer { response, exchange, is_trusted, at })
    }

    /// Sends a request that changes nothing, and again where that may help. Each is signed as of its own moment and drawn
    /// from the budget for itself.
    async fn call_again(&self, urgency: Urgency, method: Method, url: Url, body: Option<Vec<u8>>) -> Result<Answer, CallError> {
        self.http.repeating(|| self.call(urgency, method.clone(), url.clone(), body.clone())).await
    }

    /// Sends a request that only looks, and reads its answer's JSON.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<Vec<u8>>,
    ) -> Result<T, VenueFailure> {
        self.read_with(Urgency::Looking, method, url, body).await
    }

    /// The same for a request that changes nothing and may be needed to settle.
    pub(super) async fn read_with<T: DeserializeOwned>(
        &self,
        urgency: Urgency,
        method: Method,
        url: Url,
        body: Option<Vec<u8>>,
    ) -> Result<T, VenueFailure> {
        understood(&self.call_again(urgency, method, url, body).await?)
    }

    /// The same for one thing that the venue may not know: `None` when it says so itself. A proxy's page says nothing.
    pub(super) async fn read_if_known<T: DeserializeOwned>(&self, urgency: Urgency, url: Url) -> Result<Option<T>, VenueFailure> {
        let answer = self.call_again(urgency, Method::GET, url, None).await?;
        if answer.response.status == 404 && answer.is_trusted && read_error(&answer.response.body).is_object() {
            return Ok(None);
        }
        understood(&answer).map(Some)
    }
}

/// What a read's answer says, where it is a success, the venue's, and JSON.
fn understood<T: DeserializeOwned>(answer: &Answer) -> Result<T, VenueFailure> {
    if !answer.response.is_success() {
        return Err(refusal(answer));
    }
    if !answer.is_trusted {
        return Err(VenueFailure::Unreadable { detail: UNTRUSTED.to_owned() });
    }
    json::read(&answer.response.body).ok_or_else(|| VenueFailure::Unreadable { detail: json::GARBLED.to_owned() })
}

/// What is said of an answer whose HMAC is missing or wrong.
pub(super) const UNTRUSTED: &str = "the answer's signature is missing or wrong";

fn refusal(answer: &Answer) -> VenueFailure {
    VenueFailure::Refused {
        status: answer.response.status,
        error: venue_error(answer),
        retry_after_seconds: answer.response.retry_after_seconds(answer.at),
    }
}
