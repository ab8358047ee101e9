//! Bitlipa, as the service sees it.

use async_trait::async_trait;

use super::VenueFailure;
use crate::domain::budget::Urgency;
use crate::domain::ids::{ExternalTxId, TxId};
use crate::domain::quote::{QuoteRequest, VenueQuote};
use crate::secret::Secret;

/// Where Bitlipa calls back. The token that ends it is all that proves a call, so it is never printed.
#[derive(Debug, Clone)]
pub struct CallbackUrl(Secret);

impl CallbackUrl {
    /// Takes a URL with its token.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self(Secret::from_text(url))
    }

    /// The URL, for the one call that needs it.
    pub(super) fn secret(&self) -> &Secret {
        &self.0
    }
}

/// Access to Bitlipa (seed 004).
#[async_trait]
pub trait QuoteVenue: Send + Sync {
    /// Asks for a price. The venue has no idempotency key: a repeat is another quote.
    async fn create_quote(&self, request: &QuoteRequest) -> Result<VenueQuote, VenueFailure>;

    /// Reads a quote. It may be repeated.
    async fn get_quote(&self, tx_id: &TxId, urgency: Urgency) -> Result<VenueQuote, VenueFailure>;

    /// Confirms a quote under the caller's name for the payout: this moves money. The venue keeps the first confirmation and
    /// answers 409 to every later one. Its answer tells name, status and when. The URL holds a token that proves callbacks.
    async fn confirm_quote(
        &self,
        tx_id: &TxId,
        external_tx_id: &ExternalTxId,
        callback_url: &CallbackUrl,
    ) -> Result<VenueQuote, VenueFailure>;

    /// Cancels a quote that is not confirmed. Its answer tells name, status and when. It may be repeated.
    async fn cancel_quote(&self, tx_id: &TxId) -> Result<VenueQuote, VenueFailure>;
}
