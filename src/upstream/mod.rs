//! The venues, each behind a trait. What the service knows of a venue is in
//! this file; its JSON, headers and HTTP stay in the folders below.

pub mod bitgo;
pub mod bitlipa;
mod clean;
mod credential;
mod header;
mod http;
mod json;
mod unmapped;

use async_trait::async_trait;
use thiserror::Error;

use crate::domain::client_settlement::{ClientSettlement, ClientSettlementQuery};
use crate::domain::ids::{EnterpriseId, ExternalId, TxId};
use crate::domain::quote::{QuoteRequest, VenueQuote};
use crate::domain::settlement::{DispatchAnswer, Intent, NetworkBalance, Route, VenueError, VenueSettlement};
use crate::domain::signing::Signature;
pub use credential::{Credential, CredentialError, MAX_CREDENTIAL_BYTES};
pub use http::{BuildError, HttpOptions};

/// A call that had no useful answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VenueFailure {
    /// No byte was written: refused connection, failed TLS or name look-up.
    #[error("the venue could not be reached: {detail}")]
    NotSent {
        /// What failed, in a few words.
        detail: String,
    },
    /// A byte may have left and no answer came in time, or the connection broke.
    #[error("the venue did not answer: {detail}")]
    NoAnswer {
        /// What failed, in a few words.
        detail: String,
    },
    /// An answer came that could not be read: not JSON, too large, or lacking what it must have.
    #[error("the venue's answer could not be read: {detail}")]
    Unreadable {
        /// What was wrong, in a few words; never the body.
        detail: String,
    },
    /// The venue refused or failed, with a status.
    #[error("the venue answered {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the venue says.
        error: VenueError,
        /// `Retry-After`, in seconds.
        retry_after_seconds: Option<u32>,
    },
}

/// One enterprise's access to BitGo's Go Network, under its own credential.
#[async_trait]
pub trait GoNetwork: Send + Sync {
    /// Asks for the text to sign (seed 000, step 1). A read: it may be repeated.
    async fn signing_payload(&self, intent: &Intent) -> Result<String, VenueFailure>;

    /// The exact bytes of the settlement's post (seed 000, step 2). They are stored before they are first sent.
    fn settlement_body(&self, intent: &Intent, payload: &str, signature: &Signature) -> Vec<u8>;

    /// Posts stored bytes, once: this call never repeats itself.
    async fn post_settlement(&self, enterprise_id: &EnterpriseId, route: Route, body: &[u8]) -> DispatchAnswer;

    /// Reads the partner's settlement by its external id; `None` when the venue shows none.
    async fn find_settlement(
        &self,
        enterprise_id: &EnterpriseId,
        external_id: &ExternalId,
    ) -> Result<Option<VenueSettlement>, VenueFailure>;

    /// Reads what each connection of the partner has available (`networkBalances`), all pages, and the partner itself
    /// (`balances`) where the venue tells.
    async fn network_balances(&self, enterprise_id: &EnterpriseId) -> Result<Vec<NetworkBalance>, VenueFailure>;

    /// Reads one page of a client's settlement (seed 001).
    async fn client_settlement(&self, query: &ClientSettlementQuery) -> Result<ClientSettlement, VenueFailure>;

    /// Reads the credential again from where it is kept, after the venue refused it. `true` when it changed.
    fn reload_credential(&self) -> bool;
}

/// Access to Bitlipa (seed 004).
#[async_trait]
pub trait QuoteVenue: Send + Sync {
    /// Asks for a price. The venue has no idempotency key: a repeat is another quote.
    async fn create_quote(&self, request: &QuoteRequest) -> Result<VenueQuote, VenueFailure>;

    /// Reads a quote. It may be repeated.
    async fn get_quote(&self, tx_id: &TxId) -> Result<VenueQuote, VenueFailure>;
}
