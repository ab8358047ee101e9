//! What the ledger's file holds, one record a line.

use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

use super::decimal;
use super::dispute::{Closure, Dispute, Retraction};
use super::trade::TradeSettlement;

/// Who holds money at an enterprise: a connection by its id, or the partner itself (`None`).
pub(crate) type Account = Option<String>;

/// One thing that happened; the ledger is what its records say, in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    /// An account holds this much, whatever it held before.
    Funded(Funding),
    /// A body arrived under an external id, whatever became of it.
    Received { enterprise: String, external_id: String, body_sha256: String },
    /// A body arrived that changes something where no repeat is recognised, whatever became of it.
    Written { call: String, name: String, body_sha256: String },
    /// A settlement came to be, in the state that it carries.
    Created(Box<Settlement>),
    /// A settlement's money moved.
    Settled { enterprise: String, external_id: String, at_ms: i64 },
    /// A settlement's money could not move.
    Failed { enterprise: String, external_id: String, at_ms: i64, reason: String },
    /// An administrator of the venue turned a settlement down for good.
    Rejected { enterprise: String, external_id: String, at_ms: i64, reason: String },
    /// The venues' time was moved ahead.
    ClockMoved { advance_ms: i64 },
    /// A client disputed a settlement.
    Disputed(Box<Dispute>),
    /// A client took a dispute back.
    DisputeRetracted { dispute_id: String, retraction: Retraction },
    /// A dispute was closed, inside its own settlement's dispute window (`settled_in`) or later.
    DisputeClosed { dispute_id: String, closure: Box<Closure>, settled_in: Option<String> },
    /// The partner answered the call that told it of a settlement's final amounts.
    FinalizeAnswered { enterprise: String, external_id: String, at_ms: i64 },
    /// A trade settlement came to be, or has changed: it stands so now.
    TradeStands(Box<TradeSettlement>),
    /// A quote was given.
    Quoted(Box<Quote>),
    /// A quote was confirmed.
    Confirmed {
        tx_id: String,
        external_tx_id: String,
        #[serde(default)]
        callback_url: String,
        at_ms: i64,
    },
    /// A payout ended before its time, by command; failed where there is a reason.
    Ended { tx_id: String, failure: Option<String>, at_ms: i64 },
    /// A callback was tried; none follows where it was answered 2xx.
    CalledBack { tx_id: String, answered: bool, at_ms: i64 },
    /// A quote was cancelled.
    Cancelled { tx_id: String, at_ms: i64 },
}

/// What an account holds of one currency.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Funding {
    /// The partner's enterprise.
    pub(crate) enterprise: String,
    /// The account; absent for the partner's own.
    #[serde(default)]
    pub(crate) account: Account,
    /// The currency.
    pub(crate) currency: String,
    /// The amount that it holds from now on.
    #[serde(with = "decimal")]
    pub(crate) amount: BigDecimal,
}

/// How far a settlement has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Its windows run.
    Pending,
    /// Its money moved.
    Completed,
    /// Funds were short; may yet complete.
    Failed,
    /// Turned down for good.
    Rejected,
}

impl Status {
    /// The venue's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
        }
    }
}

/// A settlement as the venue keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Settlement {
    /// The venue's id, a UUID.
    pub(crate) id: String,
    /// The partner's enterprise.
    pub(crate) enterprise: String,
    /// The partner's name for it.
    pub(crate) external_id: String,
    /// SHA-256 of the whole body, in hex: what a repeat is held against.
    pub(crate) body_sha256: String,
    /// How far it has come.
    pub(crate) status: Status,
    /// Why it failed or was rejected.
    pub(crate) reason: Option<String>,
    /// The partner's notes.
    pub(crate) notes: Option<String>,
    /// The newest trade's time, as posted.
    pub(crate) cutoff_at: Option<String>,
    /// When it was created.
    pub(crate) created_ms: i64,
    /// When it last changed.
    pub(crate) updated_ms: i64,
    /// When it was completed or rejected.
    pub(crate) finalized_ms: Option<i64>,
    /// When its clients can dispute no more; `None` for a synchronous one.
    pub(crate) dispute_ends_ms: Option<i64>,
    /// When its windows end; `None` for a synchronous one.
    pub(crate) due_ms: Option<i64>,
    /// The movements of money.
    pub(crate) transfers: Vec<Transfer>,
    /// The ids of the closed disputes that it settles as well.
    pub(crate) settling_disputes: Vec<String>,
}

/// One movement of money.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Transfer {
    /// The venue's id, a UUID.
    pub(crate) id: String,
    /// Who pays a positive quantity.
    pub(crate) source: Account,
    /// Who receives a positive quantity.
    pub(crate) destination: String,
    /// The currency.
    pub(crate) currency: String,
    /// Signed: positive moves from source to destination.
    #[serde(with = "decimal")]
    pub(crate) quantity: BigDecimal,
    /// The closure of the dispute that it comes from; `None` where it was posted.
    pub(crate) dispute_closure_id: Option<String>,
    /// Whether a dispute keeps it from being executed.
    pub(crate) disputed: bool,
}

impl Transfer {
    /// Whether a connection stands on either side.
    pub(crate) fn concerns(&self, connection: &str) -> bool {
        self.destination == connection || self.source.as_deref() == Some(connection)
    }
}

/// A Bitlipa quote and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Quote {
    /// Bitlipa's id.
    pub(crate) tx_id: String,
    /// The merchant.
    pub(crate) external_merchant_id: String,
    /// What was asked for, in minor units.
    pub(crate) source_amount: u64,
    /// What will be settled, in minor units.
    pub(crate) expected_source_amount: u64,
    /// The currency paid in.
    pub(crate) source_currency: String,
    /// The currency paid out.
    pub(crate) destination_currency: String,
    /// The network, CAIP-2.
    pub(crate) chain: String,
    /// Where it is paid out.
    pub(crate) wallet_address: String,
    /// Decimal text, digit for digit.
    pub(crate) exchange_rate: String,
    /// Decimal text, digit for digit.
    pub(crate) destination_amount: String,
    /// Decimal text, digit for digit.
    pub(crate) platform_fee: String,
    /// `full`, `partial` or `none`.
    pub(crate) fulfillment: String,
    /// When it was given.
    pub(crate) created_ms: i64,
    /// Until when it can be confirmed.
    pub(crate) expires_ms: i64,
    /// The partner's id for it and when it was confirmed.
    pub(crate) confirmed: Option<Confirmation>,
    /// When it was cancelled.
    pub(crate) cancelled_ms: Option<i64>,
    /// How its payout ended, where that was by command.
    #[serde(default)]
    pub(crate) ended: Option<Ended>,
}

/// A payout's end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ended {
    /// Why it failed, where it did.
    pub(crate) failure: Option<String>,
    /// When.
    pub(crate) at_ms: i64,
}

/// A quote's confirmation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Confirmation {
    /// The partner's id for the transaction.
    pub(crate) external_tx_id: String,
    /// When.
    pub(crate) at_ms: i64,
    /// Where the partner is called once the payout has ended.
    #[serde(default)]
    pub(crate) callback_url: String,
    /// How often it was called.
    #[serde(default)]
    pub(crate) callbacks: u32,
    /// When it was last called.
    #[serde(default)]
    pub(crate) called_ms: i64,
    /// Whether it answered 2xx.
    #[serde(default)]
    pub(crate) answered: bool,
}

impl Confirmation {
    /// A confirmation that was just made.
    pub(crate) fn new(external_tx_id: String, callback_url: String, at_ms: i64) -> Self {
        Self { external_tx_id, at_ms, callback_url, callbacks: 0, called_ms: 0, answered: false }
    }
}
