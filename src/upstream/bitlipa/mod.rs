//! Bitlipa: fiat in, stablecoin out (seed 004).

mod auth;
mod error;
mod map;
mod operation;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::{Method, Url};

use operation::operation;

use super::credential::Credential;
use super::http::{BaseUrl, BuildError, CallError, HttpClient, HttpOptions, Request, Response};
use super::{Allowance, CallbackUrl, QuoteVenue, VenueFailure, json};
use crate::domain::budget::Urgency;
use crate::domain::ids::{ExternalTxId, TxId};
use crate::domain::quote::{QuoteRequest, VenueQuote};
use crate::domain::time::Clock;
use crate::secret::Secret;

/// Access to Bitlipa.
pub struct BitlipaOptions {
    /// Where Bitlipa is: scheme and host.
    pub base_url: String,
    /// The public half of the access: it travels with every request.
    pub api_key: Credential,
    /// The secret half: it signs requests and never travels.
    pub api_secret: Credential,
    /// How the venue is reached.
    pub http: HttpOptions,
    /// Gives leave for each request.
    pub allowance: Arc<dyn Allowance>,
    /// Dates the signed requests, which the venue takes for five minutes.
    pub clock: Arc<dyn Clock>,
}

/// Bitlipa over HTTP.
pub struct Bitlipa {
    http: HttpClient,
    base_url: BaseUrl,
    api_key: Credential,
    api_secret: Credential,
    allowance: Arc<dyn Allowance>,
    clock: Arc<dyn Clock>,
}

impl Bitlipa {
    /// Sets up the access; nothing is called yet.
    ///
    /// # Errors
    /// [`BuildError`] when the base URL or the certificates do not fit the options.
    pub fn new(options: BitlipaOptions) -> Result<Self, BuildError> {
        let base_url = BaseUrl::new(&options.base_url, options.http.allow_plaintext)?;
        let http = HttpClient::new(&base_url, options.http, Arc::clone(&options.clock))?;
        let BitlipaOptions { api_key, api_secret, allowance, clock, .. } = options;
        Ok(Self { http, base_url, api_key, api_secret, allowance, clock })
    }

    /// Sends one request, once, signed as of now, if the venue is not left alone and its budget has a call left for it.
    async fn call(&self, urgency: Urgency, method: Method, url: Url, body: Option<Vec<u8>>) -> Result<Response, CallError> {
        let operation = operation(&method, &url);
        self.http.observed(operation, self.send(urgency, method, url, body)).await
    }

    async fn send(&self, urgency: Urgency, method: Method, url: Url, body: Option<Vec<u8>>) -> Result<Response, CallError> {
        let admitted = self.http.admit()?;
        self.allowance.draw(urgency).await?;
        let (key, secret) = (self.api_key.current(), self.api_secret.current());
        let signed = body.as_deref().unwrap_or_default();
        let headers = auth::headers(&key, &secret, &method, &url, signed, self.clock.now())?;
        admitted.call(Request { method, url, headers, body }).await
    }

    async fn post(&self, urgency: Urgency, url: Url, body: Vec<u8>) -> Result<Response, CallError> {
        self.call(urgency, Method::POST, url, Some(body)).await
    }

    /// The quote in an answer. `hidden` is what the venue was told and nobody else may read, though it repeats it in an error.
    fn quote(&self, response: &Response, hidden: Option<&Secret>) -> Result<VenueQuote, VenueFailure> {
        if !response.is_success() {
            let (key, secret) = (self.api_key.current(), self.api_secret.current());
            let secrets: Vec<&Secret> = [&*key, &*secret].into_iter().chain(hidden).collect();
            return Err(VenueFailure::Refused {
                status: response.status,
                error: error::venue_error(&response.body, &secrets),
                retry_after_seconds: response.retry_after_seconds(self.clock.now()),
            });
        }
        let quote: wire::Quote =
            json::read(&response.body).ok_or_else(|| VenueFailure::Unreadable { detail: json::GARBLED.to_owned() })?;
        Ok(map::quote(quote)?)
    }
}

/// An answer of another quote says nothing of the one that was asked about.
fn about(tx_id: &TxId, quote: VenueQuote) -> Result<VenueQuote, VenueFailure> {
    if quote.tx_id == *tx_id {
        Ok(quote)
    } else {
        Err(VenueFailure::Unreadable { detail: "the answer is another quote's".to_owned() })
    }
}

#[async_trait]
impl QuoteVenue for Bitlipa {
    async fn create_quote(&self, request: &QuoteRequest) -> Result<VenueQuote, VenueFailure> {
        let url = self.base_url.at(&["api", "v1", "settlements"])?;
        self.quote(&self.post(Urgency::Looking, url, wire::create(request)).await?, None)
    }

    async fn get_quote(&self, tx_id: &TxId, urgency: Urgency) -> Result<VenueQuote, VenueFailure> {
        let url = self.base_url.at(&["api", "v1", "settlements", tx_id.as_str()])?;
        let response = self.http.repeating(|| self.call(urgency, Method::GET, url.clone(), None)).await?;
        about(tx_id, self.quote(&response, None)?)
    }

    async fn confirm_quote(
        &self,
        tx_id: &TxId,
        external_tx_id: &ExternalTxId,
        callback_url: &CallbackUrl,
    ) -> Result<VenueQuote, VenueFailure> {
        let (url, hidden) = (self.base_url.at(&["api", "v1", "settlements", "confirm"])?, callback_url.secret());
        let body = wire::confirm(tx_id, external_tx_id, hidden.expose_text().unwrap_or_default());
        about(tx_id, self.quote(&self.post(Urgency::Settling, url, body).await?, Some(hidden))?)
    }

    async fn cancel_quote(&self, tx_id: &TxId) -> Result<VenueQuote, VenueFailure> {
        let url = self.base_url.at(&["api", "v1", "settlements", "cancel"])?;
        about(tx_id, self.quote(&self.post(Urgency::Settling, url, wire::cancel(tx_id)).await?, None)?)
    }
}
