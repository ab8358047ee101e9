//! Quotes, their confirmations, and how a callback's token finds them.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use super::errands::ErrandLease;
use crate::domain::ids::{CallerId, MerchantId, RequestId, TxId};
use crate::domain::origin::Origin;
use crate::domain::quote::{Confirmation, ConfirmationAsked, Quote, QuoteRequest};

/// What became of recording a request for a quote.
#[derive(Debug, Clone)]
pub enum QuoteRecorded {
    /// The request is new: ask the venue.
    New,
    /// The request id was recorded before, with this request and, where the venue had answered, its quote.
    Existing(Box<QuoteRequest>, Option<Box<Quote>>),
}

/// What became of recording a confirmation.
#[derive(Debug, Clone)]
pub enum ConfirmationRecorded {
    /// It is recorded, and its errand is due at once.
    New(Box<Quote>),
    /// The quote has a confirmation that is not refused; nothing was written.
    Existing(Box<Quote>),
    /// Another quote of the merchant has the external_tx_id; nothing was written.
    NameTaken(TxId),
}

/// SHA-256 of a callback's token: the token itself is nowhere.
pub type CallbackTokenHash = [u8; 32];

/// Quotes.
#[async_trait]
pub trait QuoteStore: Send + Sync {
    /// Records that a caller asks for a quote under its request id, unless that id is recorded already.
    async fn record_quote_request(
        &self,
        caller: &CallerId,
        request_id: &RequestId,
        request: &QuoteRequest,
        now: Timestamp,
    ) -> Result<QuoteRecorded, StoreError>;

    /// Records a quote that the venue has just made, as the one that its request id has. `false`, with nothing written, when
    /// a quote of any merchant's is recorded under this `tx_id` already.
    async fn record_quote(&self, quote: &Quote) -> Result<bool, StoreError>;

    /// Saves what the venue now says of a recorded quote. What was asked and by whom stays as it was recorded, and an older
    /// reading never replaces a newer one, nor an earlier stage a later one. The quote's sequence rises where the venue says
    /// something else than before.
    async fn save_quote(&self, quote: &Quote) -> Result<(), StoreError>;

    /// Reads a merchant's quote.
    async fn quote(&self, merchant_id: &MerchantId, tx_id: &TxId) -> Result<Option<Quote>, StoreError>;

    /// Reads a quote by the name that no two have.
    async fn quote_by_tx_id(&self, tx_id: &TxId) -> Result<Option<Quote>, StoreError>;

    /// Finds the quote that a callback's token belongs to.
    async fn quote_by_callback_token(&self, token: &CallbackTokenHash) -> Result<Option<Quote>, StoreError>;

    /// Records a confirmation of a recorded quote, in the place of one that was refused, with its errand and the request that
    /// it came from.
    async fn record_confirmation(
        &self,
        merchant_id: &MerchantId,
        tx_id: &TxId,
        asked: &ConfirmationAsked,
        now: Timestamp,
        origin: &Origin,
    ) -> Result<ConfirmationRecorded, StoreError>;

    /// Makes a confirmation that rests go on, or end as a person decided, with its errand and what the venue says of the quote;
    /// [`StoreError::Fenced`] when it has changed since it was read.
    async fn resume_confirmation(&self, quote: &Quote, after: &Confirmation) -> Result<(), StoreError>;

    /// Saves a change of a quote's confirmation, and what the venue says of the quote, by who holds the quote's errand. With
    /// `token`, callbacks under it are the quote's from now on.
    async fn save_confirmation(
        &self,
        lease: &ErrandLease,
        quote: &Quote,
        token: Option<&CallbackTokenHash>,
    ) -> Result<(), StoreError>;
}
