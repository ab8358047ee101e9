//! Bitlipa, as the service sees it.

use async_trait::async_trait;

use super::VenueFailure;
use crate::domain::ids::TxId;
use crate::domain::quote::{QuoteRequest, VenueQuote};

/// Access to Bitlipa (seed 004).
#[async_trait]
pub trait QuoteVenue: Send + Sync {
    /// Asks for a price. The venue has no idempotency key: a repeat is another quote.
    async fn create_quote(&self, request: &QuoteRequest) -> Result<VenueQuote, VenueFailure>;

    /// Reads a quote. It may be repeated.
    async fn get_quote(&self, tx_id: &TxId) -> Result<VenueQuote, VenueFailure>;
}
