//! Quotes: a price for a merchant's fiat in stablecoin, on a chain (seed 004).

mod arithmetic;
mod callback;
mod chain;
mod confirmation;
mod hold;
mod money;
mod resolution;
#[cfg(test)]
mod samples;
mod terms;
mod verdict;

use std::time::Duration;

use jiff::Timestamp;

use super::ids::{CallerId, Currency, MerchantId, RequestId, TxId};
use super::settlement::names;
pub use arithmetic::{is_consistent, minor_unit_exponent};
pub use callback::CallbackToken;
pub use chain::{Chain, ChainError, WalletAddress, WalletError};
pub use confirmation::{
    Confirmation, ConfirmationAsked, ConfirmationChange, ConfirmationDoubt, ConfirmationReason, ConfirmationState, after_refusal,
};
pub use money::MinorUnits;
pub use resolution::ConfirmationResolution;
#[cfg(test)]
pub(crate) use samples::sample;
pub use terms::{Expectations, Terms};
pub use verdict::{Weighed, accepted, refusal, refused, silence, weigh};

/// What a caller asks a price for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteRequest {
    /// The caller's name for the request; a repeat answers the stored quote.
    pub request_id: Option<RequestId>,
    /// The merchant that is paid out.
    pub merchant_id: MerchantId,
    /// The gross amount, in minor units of the source currency.
    pub source_amount: MinorUnits,
    /// The currency that is paid in: an ISO 4217 code.
    pub source_currency: Currency,
    /// The currency that is paid out.
    pub destination_currency: Currency,
    /// Where it is paid out.
    pub chain: Chain,
    /// To whom.
    pub wallet: WalletAddress,
}

/// How much of the request the venue can fulfil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fulfillment {
    /// All of it.
    Full,
    /// Less than was asked; confirming needs the caller's explicit acceptance.
    Partial,
    /// Nothing: there is nothing to confirm.
    None,
    /// A word that this version does not know; the text stands beside it.
    Unrecognised,
}

names!(Fulfillment { Full => "full", Partial => "partial", None => "none", Unrecognised => "unrecognised" });

/// The venue's status of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteStatus {
    /// A price was given; it can be confirmed until it expires.
    Quoted,
    /// Confirmed; the payout is under way.
    Processing,
    /// Paid out.
    Executed,
    /// The payout failed.
    Failed,
    /// Withdrawn while quoted.
    Cancelled,
    /// A word that this version does not know; the text stands beside it.
    Unrecognised,
}

names!(QuoteStatus {
    Quoted => "quoted",
    Processing => "processing",
    Executed => "executed",
    Failed => "failed",
    Cancelled => "cancelled",
    Unrecognised => "unrecognised",
});

impl QuoteStatus {
    /// Whether the venue changes it no more.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Executed | Self::Failed | Self::Cancelled)
    }
}

/// A quote as the venue shows it. Decimals are digit for digit the venue's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueQuote {
    /// The venue's name for it.
    pub tx_id: TxId,
    /// `status`
    pub status: QuoteStatus,
    /// `status`, as sent.
    pub status_text: String,
    /// `source_currency`, as sent.
    pub source_currency: Option<String>,
    /// `destination_currency`, as sent.
    pub destination_currency: Option<String>,
    /// `chain`, as sent.
    pub chain: Option<String>,
    /// `wallet_address`, as sent.
    pub wallet_address: Option<String>,
    /// `exchange_rate`: destination major units for one source major unit.
    pub exchange_rate: Option<String>,
    /// `destination_amount`: net, in major units.
    pub destination_amount: Option<String>,
    /// `platform_fee`, in major units of the destination currency.
    pub platform_fee: Option<String>,
    /// `fulfillment`
    pub fulfillment: Fulfillment,
    /// `fulfillment`, as sent.
    pub fulfillment_text: String,
    /// `expected_source_amount`: gross, in minor units.
    pub expected_source_amount: Option<i64>,
    /// `external_tx_id`, once confirmed.
    pub external_tx_id: Option<String>,
    /// `tx_hash`, once executed.
    pub tx_hash: Option<String>,
    /// `failure_reason`, once failed.
    pub failure_reason: Option<String>,
    /// `created_at`
    pub created_at: Option<Timestamp>,
    /// `confirmed_at`
    pub confirmed_at: Option<Timestamp>,
    /// `executed_at`
    pub executed_at: Option<Timestamp>,
    /// `cancelled_at`
    pub cancelled_at: Option<Timestamp>,
    /// `expires_at`: no confirmation after it.
    pub expires_at: Option<Timestamp>,
}

impl VenueQuote {
    /// A quote of which only name and status are told.
    #[must_use]
    pub fn bare(tx_id: TxId, status: QuoteStatus) -> Self {
        Self {
            tx_id,
            status,
            status_text: status.as_str().to_owned(),
            source_currency: None,
            destination_currency: None,
            chain: None,
            wallet_address: None,
            exchange_rate: None,
            destination_amount: None,
            platform_fee: None,
            fulfillment: Fulfillment::Unrecognised,
            fulfillment_text: String::new(),
            expected_source_amount: None,
            external_tx_id: None,
            tx_hash: None,
            failure_reason: None,
            created_at: None,
            confirmed_at: None,
            executed_at: None,
            cancelled_at: None,
            expires_at: None,
        }
    }

    /// The same quote in the status that a receipt tells.
    #[must_use]
    pub fn now(&self, receipt: &Self) -> Self {
        Self { status: receipt.status, status_text: receipt.status_text.clone(), ..self.clone() }
    }

    /// Whether this shows an earlier stage than another reading does: the venue's answers may come from a copy that lags.
    #[must_use]
    pub fn is_behind(&self, other: &Self) -> bool {
        let stage = |status| match status {
            QuoteStatus::Quoted => 0,
            QuoteStatus::Processing => 1,
            QuoteStatus::Executed | QuoteStatus::Failed | QuoteStatus::Cancelled => 2,
            QuoteStatus::Unrecognised => 3,
        };
        other.status != QuoteStatus::Unrecognised && stage(self.status) < stage(other.status)
    }
}

/// A quote as the journal holds it: what was asked, by whom, and what the venue last said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What was asked.
    pub request: QuoteRequest,
    /// Who asked.
    pub caller: CallerId,
    /// When it was recorded.
    pub requested_at: Timestamp,
    /// What the venue last said.
    pub venue: VenueQuote,
    /// When it said so.
    pub read_at: Timestamp,
    /// Rises with every change of what is shown; 1 at first.
    pub sequence: u64,
    /// Its confirmation, once one was asked for.
    pub confirmation: Option<Confirmation>,
}

impl Quote {
    /// Whether nothing more can happen to it: paid out, failed, cancelled, or lapsed with no confirmation undecided.
    #[must_use]
    pub fn is_terminal(&self, now: Timestamp) -> bool {
        let undecided = self.confirmation.as_ref().is_some_and(|confirmation| confirmation.state.is_open());
        !undecided && (self.venue.status.has_ended() || self.is_expired(now))
    }

    /// Whether the price has lapsed: the venue has no such status, so it follows from the expiry.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.venue.status == QuoteStatus::Quoted && self.venue.expires_at.is_some_and(|expiry| expiry <= now)
    }

    /// For how long the price still holds: nothing once it has lapsed, `None` where it is no price or lapses never.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        let expires_at = self.venue.expires_at.filter(|_| self.venue.status == QuoteStatus::Quoted)?;
        Some(Duration::try_from(expires_at.duration_since(now)).unwrap_or_default())
    }

    /// Whether the venue's own numbers agree with each other; `None` when one of them is missing.
    #[must_use]
    pub fn arithmetic_is_consistent(&self) -> Option<bool> {
        is_consistent(&self.request.source_currency, &self.venue)
    }
}
