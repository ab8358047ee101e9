//! What can go wrong in a use case, in the service's own words.
//!
//! Each variant is one row of the table in `docs/errors.md`; the public text is
//! made where the status is made, the cause is for the log alone.

use thiserror::Error;

use super::anchor::Unanchored;
use super::funds::Funds;
use crate::custody::SignerError;
use crate::domain::ids::{ExternalId, TxId};
use crate::domain::payload::Mismatch;
use crate::domain::policy::{Denied, LimitExceeded};
use crate::domain::quote::{ConfirmationReason, Quote};
use crate::domain::settlement::{AdoptedSettlement, Route, Settlement, Twice};
use crate::domain::signing::{PayloadDigest, Purpose};
use crate::domain::time::EntropyError;
use crate::domain::trade::TradeWrite;
use crate::store::StoreError;
use crate::upstream::VenueFailure;

/// A field that cannot be taken, beyond what its own type tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's path in the request, such as `cutoff_at`.
    pub field: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a field in the light of the configuration and the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Route v2 needs a cutoff.
    CutoffRequired,
    /// Route v1 takes no cutoff.
    CutoffNotTaken,
    /// The cutoff lies ahead of now by more than the configured margin.
    CutoffInFuture,
    /// `submit_before` has passed already.
    SubmitBeforePassed,
    /// The amounts do not come to the control total.
    ControlTotalsMismatch,
    /// The chain is not among the configured ones.
    ChainNotConfigured,
    /// The currency is not among the configured ones.
    CurrencyNotConfigured,
    /// The payload resembles a known kind and is not exactly one.
    PayloadAmbiguous,
    /// More is asked for than one answer holds.
    TooMuchToAnswer,
    /// The amounts do not come to the trades.
    TradesMismatch,
}

/// What was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFound {
    /// A settlement in the journal.
    Settlement,
    /// A settlement at the venue, as its partner.
    SettlementAtVenue,
    /// A settlement at the venue, as its client.
    ClientSettlement,
    /// A quote.
    Quote,
    /// A key.
    Key,
    /// A trade settlement, or another write on BitGo Trade.
    TradeSettlement,
}

/// Why a key did not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningRefusal {
    /// The key is switched off.
    KeyDisabled,
    /// The key may not sign for this purpose.
    PurposeNotAllowed(Purpose),
    /// SignPayload may not sign settlements with this key: InitiateSettlement does.
    UseInitiateSettlement,
    /// Another payload holds the reference.
    ReferenceTaken(PayloadDigest),
}

/// Which call to a venue failed: it decides what the same answer means to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VenueCall {
    /// A read that changes nothing.
    Read,
    /// A request for a quote, which costs nothing and may be repeated.
    Quote,
}

/// What went wrong.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// Fields that cannot be taken.
    #[error("the request cannot be taken")]
    Invalid(Vec<Violation>),
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A limit of the caller's.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
    /// The wallet is not on the merchant's allow-list.
    #[error("the wallet is not on the merchant's allow-list")]
    WalletNotAllowed,
    /// Nothing of that name, or nothing that this caller may see.
    #[error("not found")]
    NotFound(NotFound),
    /// The external id belongs to another request.
    #[error("the external id belongs to another request")]
    ExternalIdReused {
        /// The settlement that holds it.
        settlement: Box<Settlement>,
        /// The fields that differ.
        fields: Vec<&'static str>,
    },
    /// The request id belongs to another request.
    #[error("the request id belongs to another request")]
    RequestIdReused {
        /// The fields that differ.
        fields: Vec<&'static str>,
    },
    /// The settlement that is to be superseded may still move money, or is unknown.
    #[error("the settlement that is to be superseded may still move money, or is unknown")]
    SupersedesRefused(ExternalId),
    /// The settlement may be one that was recorded before under another id.
    #[error("the settlement may be one that was recorded before under another id")]
    Twice(Twice),
    /// The venue has a settlement under the external id that the journal does not hold.
    #[error("the venue has a settlement under the external id that the journal does not hold")]
    ExternalIdAdopted(Box<AdoptedSettlement>),
    /// The venue takes this partner's settlements on the other route only.
    #[error("the venue takes the route {}, and {} is configured", venue.as_str(), configured.as_str())]
    RouteMismatch {
        /// The route that is configured.
        configured: Route,
        /// The only one that the venue takes.
        venue: Route,
    },
    /// Accounts do not hold what the settlement takes, and the enterprise is configured to refuse it then.
    #[error("accounts do not hold what the settlement takes")]
    ShortOfFunds(Box<Funds>),
    /// The enterprise's amounts are in another unit than the caller asserted.
    #[error("the enterprise's amounts are in another unit")]
    AmountUnitMismatch,
    /// The venue provably created nothing.
    #[error("the settlement was not accepted")]
    NotAccepted(Box<Settlement>),
    /// The venue's signing payload says something else; found by a preview, nothing was recorded.
    #[error("the venue's signing payload is not what was asked for")]
    PayloadMismatch(#[source] Mismatch),
    /// The venue provably did nothing of a write on BitGo Trade, or it was never sent.
    #[error("the trade write was not accepted")]
    TradeNotAccepted(Box<TradeWrite>),
    /// Nothing waits for a person here.
    #[error("nothing waits for a person here")]
    NotResolvable,
    /// What a person says is not what the venue shows.
    #[error("the venue shows otherwise: {0}")]
    ResolutionRefuted(String),
    /// A key did not sign.
    #[error("the key did not sign")]
    SigningRefused(SigningRefusal),
    /// The holder of the key did not answer.
    #[error("the key's holder did not answer")]
    KeyUnavailable(#[source] SignerError),
    /// The settlement has moved on since the caller looked.
    #[error("the settlement has moved on")]
    StateConflict(Box<Settlement>),
    /// This settlement cannot be retried in its state.
    #[error("the settlement cannot be retried in its state")]
    NotRetryable(Box<Settlement>),
    /// This settlement cannot be cancelled in its state.
    #[error("the settlement cannot be cancelled in its state")]
    NotCancellable(Box<Settlement>),
    /// A worker is at this settlement just now.
    #[error("the settlement is being worked on")]
    Busy(Box<Settlement>),
    /// The quote must not be confirmed; nothing was recorded or sent.
    #[error("the quote cannot be confirmed")]
    QuoteUnconfirmable(ConfirmationReason),
    /// The quote's terms are not those that the caller expects; nothing was recorded or sent.
    #[error("the quote's terms are not those that the caller expects")]
    QuoteChanged {
        /// The expectations that are not met.
        fields: Vec<&'static str>,
    },
    /// The quote, or the name of the payout, belongs to another confirmation.
    #[error("the quote or the name of the payout belongs to another confirmation")]
    ConfirmationReused {
        /// The quote that has it.
        holder: TxId,
        /// The fields that differ.
        fields: Vec<&'static str>,
    },
    /// The venue provably has no confirmation of this gateway's.
    #[error("the quote was not confirmed")]
    ConfirmationRefused(Box<Quote>),
    /// There is no address for the venue's callbacks, and it takes no confirmation without one.
    #[error("no address is configured for the venue's callbacks")]
    CallbackNotConfigured,
    /// A confirmation of the quote is under way.
    #[error("the quote is being confirmed")]
    QuoteBeingConfirmed(Box<Quote>),
    /// The quote is confirmed or at its end.
    #[error("the quote is confirmed or at its end")]
    QuoteNotCancellable(Box<Quote>),
    /// The venue has not said what became of a cancellation.
    #[error("the venue has not said what became of the cancellation")]
    CancellationUnknown,
    /// A venue call that is not a settlement's post failed.
    #[error("a call to the venue failed")]
    Venue {
        /// Which.
        call: VenueCall,
        /// How.
        #[source]
        failure: VenueFailure,
    },
    /// The journal may have forgotten what was signed, or cannot be anchored.
    #[error("the journal must not be used")]
    Unanchored(#[source] Unanchored),
    /// The journal did not answer.
    #[error("the journal did not answer")]
    Store(#[source] StoreError),
    /// A cursor names a place that no change has taken: it is of another journal, or of this one before it was restored.
    #[error("the cursor is beyond the newest event")]
    CursorBeyondEnd {
        /// The place of the enterprise's newest change.
        newest: u64,
    },
    /// A stream's reader took nothing for too long.
    #[error("the stream's reader took nothing for too long")]
    ReaderTooSlow,
    /// More is asked for at once than the gateway takes; this was not begun.
    #[error("more is asked for at once than the gateway takes")]
    Overloaded,
    /// The gateway is shutting down and takes no new work.
    #[error("the gateway is shutting down")]
    Draining,
    /// A defect of this gateway.
    #[error("an internal fault: {0}")]
    Internal(&'static str, #[source] Option<Box<dyn std::error::Error + Send + Sync>>),
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Unanchored> for ServiceError {
    fn from(unanchored: Unanchored) -> Self {
        Self::Unanchored(unanchored)
    }
}

impl From<EntropyError> for ServiceError {
    fn from(error: EntropyError) -> Self {
        Self::Internal("no randomness", Some(Box::new(error)))
    }
}

impl ServiceError {
    /// One field that cannot be taken.
    #[must_use]
    pub fn invalid(field: &str, problem: Problem) -> Self {
        Self::Invalid(vec![Violation { field: field.to_owned(), problem }])
    }

    /// Whether the gateway refused: it goes on record where money or a signature was asked for. What the venue refused is a
    /// change of what was recorded, and what failed refused nothing.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Invalid(_)
            | Self::Denied(_)
            | Self::LimitExceeded(_)
            | Self::WalletNotAllowed
            | Self::NotFound(_)
            | Self::ExternalIdReused { .. }
            | Self::ExternalIdAdopted(_)
            | Self::RequestIdReused { .. }
            | Self::SupersedesRefused(_)
            | Self::Twice(_)
            | Self::RouteMismatch { .. }
            | Self::ShortOfFunds(_)
            | Self::AmountUnitMismatch
            | Self::PayloadMismatch(_)
            | Self::NotResolvable
            | Self::ResolutionRefuted(_)
            | Self::SigningRefused(_)
            | Self::StateConflict(_)
            | Self::NotRetryable(_)
            | Self::NotCancellable(_)
            | Self::QuoteUnconfirmable(_)
            | Self::QuoteChanged { .. }
            | Self::ConfirmationReused { .. }
            | Self::CallbackNotConfigured
            | Self::QuoteBeingConfirmed(_)
            | Self::QuoteNotCancellable(_) => true,
            Self::NotAccepted(_)
            | Self::TradeNotAccepted(_)
            | Self::ConfirmationRefused(_)
            | Self::KeyUnavailable(_)
            | Self::Busy(_)
            | Self::CancellationUnknown
            | Self::Venue { .. }
            | Self::Unanchored(_)
            | Self::Store(_)
            | Self::CursorBeyondEnd { .. }
            | Self::ReaderTooSlow
            | Self::Overloaded
            | Self::Draining
            | Self::Internal(..) => false,
        }
    }
}
