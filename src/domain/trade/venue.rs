//! Trade settlements as the venue shows them, and its answers to writes.
//!
//! Every member is optional at the venue: what is missing and what is null are
//! alike `None`, and texts are as the venue sent them.

use std::time::Duration;

use jiff::Timestamp;

use super::payload::{Nonces, read_trade_payload};
use super::status::{AffirmationStatus, TradeSettlementStatus, TradeStatus};
use crate::domain::ids::{SettlementId, TradingAccountId, same_id};
use crate::domain::settlement::VenueError;

/// Assets that are locked on an account for a settlement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// `id`
    pub id: Option<String>,
    /// `accountId`
    pub account_id: Option<String>,
    /// `status`, as sent.
    pub status: Option<String>,
    /// `amount`, digit for digit.
    pub amount: Option<String>,
    /// `currency`
    pub currency: Option<String>,
    /// `createdAt`; the venue sends `{}` at times, which is none.
    pub created_at: Option<Timestamp>,
}

/// One account's part in a settlement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Affirmation {
    /// `id`
    pub id: Option<String>,
    /// `partyAccountId`: whose part it is.
    pub party_account_id: Option<String>,
    /// `counterpartyAccountId`
    pub counterparty_account_id: Option<String>,
    /// `counterpartyName`
    pub counterparty_name: Option<String>,
    /// `status`, as sent.
    pub status_text: Option<String>,
    /// `settlement`: the settlement's id.
    pub settlement_id: Option<String>,
    /// `lock`
    pub lock: Option<Lock>,
    /// `payload`, verbatim.
    pub payload: Option<String>,
    /// `signature`
    pub signature: Option<String>,
    /// `createdAt`
    pub created_at: Option<Timestamp>,
    /// `expireAt`
    pub expire_at: Option<Timestamp>,
}

impl Affirmation {
    /// The status, where it is a known one.
    #[must_use]
    pub fn status(&self) -> AffirmationStatus {
        let known = self.status_text.as_deref().and_then(AffirmationStatus::from_name);
        known.unwrap_or(AffirmationStatus::Unrecognised)
    }

    /// The nonces of its payload, where it shows one that can be read.
    #[must_use]
    pub fn nonces(&self) -> Option<Nonces> {
        read_trade_payload(self.payload.as_deref()?).ok().map(|payload| payload.nonces)
    }

    /// Whether this is an account's part.
    #[must_use]
    pub fn is_of(&self, account: &TradingAccountId) -> bool {
        self.party_account_id.as_deref().is_some_and(|id| same_id(id, account.as_str()))
    }
}

/// A trade as the venue shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShownTrade {
    /// `id`
    pub id: Option<String>,
    /// `baseAccountId`
    pub base_account_id: Option<String>,
    /// `quoteAccountId`
    pub quote_account_id: Option<String>,
    /// `status`, as sent.
    pub status_text: Option<String>,
    /// `timestamp`
    pub timestamp: Option<Timestamp>,
    /// `baseAmount`, digit for digit, as are the other amounts.
    pub base_amount: Option<String>,
    /// `quoteAmount`
    pub quote_amount: Option<String>,
    /// `baseCurrency`
    pub base_currency: Option<String>,
    /// `quoteCurrency`
    pub quote_currency: Option<String>,
    /// `baseReceiveAmount`
    pub base_receive_amount: Option<String>,
    /// `quoteReceiveAmount`
    pub quote_receive_amount: Option<String>,
    /// `baseReceiveCurrency`
    pub base_receive_currency: Option<String>,
    /// `quoteReceiveCurrency`
    pub quote_receive_currency: Option<String>,
    /// `costBasis`
    pub cost_basis: Option<String>,
    /// `costBasisCurrency`
    pub cost_basis_currency: Option<String>,
    /// `externalId`
    pub external_id: Option<String>,
}

impl ShownTrade {
    /// The status, where it is a known one.
    #[must_use]
    pub fn status(&self) -> TradeStatus {
        self.status_text.as_deref().and_then(TradeStatus::from_name).unwrap_or(TradeStatus::Unrecognised)
    }
}

/// A trade settlement (seed 003, the answer).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VenueTradeSettlement {
    /// `id`
    pub id: Option<String>,
    /// `requesterAccountId`
    pub requester_account_id: Option<String>,
    /// `requesterAccountName`
    pub requester_account_name: Option<String>,
    /// `status`, as sent.
    pub status_text: Option<String>,
    /// `type`, as sent: `direct` or `agency`.
    pub type_text: Option<String>,
    /// `affirmations`
    pub affirmations: Vec<Affirmation>,
    /// `expireAt`
    pub expire_at: Option<Timestamp>,
    /// `finalizedAt`, or `settledAt` in the venue's older library.
    pub finalized_at: Option<Timestamp>,
    /// `createdAt`
    pub created_at: Option<Timestamp>,
    /// `trades`
    pub trades: Vec<ShownTrade>,
}

/// Whether a settlement is the one that a payload of ours made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Our account's affirmation has our nonces.
    Ours,
    /// Our account's affirmation has others, or another account asked for it.
    Others,
    /// Nothing is shown that says so or speaks against it.
    Untold,
}

impl VenueTradeSettlement {
    /// The status, where it is a known one.
    #[must_use]
    pub fn status(&self) -> TradeSettlementStatus {
        let known = self.status_text.as_deref().and_then(TradeSettlementStatus::from_name);
        known.unwrap_or(TradeSettlementStatus::Unrecognised)
    }

    /// The id, where it is one that the settlement can be read by.
    #[must_use]
    pub fn readable_id(&self) -> Option<SettlementId> {
        SettlementId::new(self.id.as_deref()?).ok()
    }

    /// An account's affirmation.
    #[must_use]
    pub fn affirmation_of(&self, account: &TradingAccountId) -> Option<&Affirmation> {
        self.affirmations.iter().find(|affirmation| affirmation.is_of(account))
    }

    /// Whether an account made this settlement with a payload of these nonces.
    #[must_use]
    pub fn evidence(&self, account: &TradingAccountId, nonces: &Nonces) -> Evidence {
        match self.affirmation_of(account).and_then(Affirmation::nonces) {
            Some(found) if found == *nonces => Evidence::Ours,
            Some(_) => Evidence::Others,
            None if self.requester_account_id.as_deref().is_some_and(|id| !same_id(id, account.as_str())) => Evidence::Others,
            None => Evidence::Untold,
        }
    }
}

/// What the fees of a settlement would be (the venue's `calculatefees`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementFees {
    /// `feeRate`, digit for digit.
    pub fee_rate: Option<String>,
    /// `feeAmount`, digit for digit, in base units.
    pub fee_amount: Option<String>,
    /// `feeCurrency`
    pub fee_currency: Option<String>,
}

/// What an answer to a write shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The settlement that was created.
    Settlement(Box<VenueTradeSettlement>),
    /// The affirmation that was changed.
    Affirmation(Box<Affirmation>),
}

/// What became of the one dispatch of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TradeAnswer {
    /// No byte was written.
    NotSent {
        /// What failed, in a few words.
        detail: String,
    },
    /// No byte was written: the venue's budget of calls is spent.
    OverBudget {
        /// How long to wait.
        wait: Duration,
    },
    /// A status line came, with a body that could be read as far as it mattered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// What the body shows, on success.
        shown: Option<Shown>,
        /// The error in the body.
        error: VenueError,
        /// `Retry-After`, in seconds.
        retry_after_seconds: Option<u32>,
        /// Whether the venue itself answered, rather than a proxy before it.
        is_proven: bool,
    },
    /// A byte may have left and no readable answer came.
    NoAnswer {
        /// What failed, in a few words.
        detail: String,
    },
}
