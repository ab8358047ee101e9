//! Where a write stands.

use super::status::TradeSettlementStatus;
use crate::domain::settlement::names;

/// A write's state, as ADR 14 draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TradeState {
    /// Recorded; nothing else was done.
    Received,
    /// Its payload is stored and says what was asked.
    Prepared,
    /// Its signature is stored.
    Signed,
    /// Its one dispatch is under way.
    Submitting,
    /// It was sent and no conclusive answer is known; it is being read back.
    OutcomeUnknown,
    /// The venue has the settlement and awaits affirmations.
    Pending,
    /// Money has moved. Terminal.
    Settled,
    /// An account turned the settlement down. Terminal.
    Rejected,
    /// The settlement failed. Terminal.
    Failed,
    /// The settlement was withdrawn. Terminal.
    Canceled,
    /// A write on an affirmation took effect. Terminal.
    Done,
    /// The venue provably did nothing of it. Terminal.
    NotAccepted,
    /// A person must decide.
    NeedsOperator,
}

names!(TradeState {
    Received => "RECEIVED",
    Prepared => "PREPARED",
    Signed => "SIGNED",
    Submitting => "SUBMITTING",
    OutcomeUnknown => "OUTCOME_UNKNOWN",
    Pending => "PENDING",
    Settled => "SETTLED",
    Rejected => "REJECTED",
    Failed => "FAILED",
    Canceled => "CANCELED",
    Done => "DONE",
    NotAccepted => "NOT_ACCEPTED",
    NeedsOperator => "NEEDS_OPERATOR",
});

impl TradeState {
    /// All states, in the order of a write's life.
    pub const ALL: [Self; 13] = [
        Self::Received,
        Self::Prepared,
        Self::Signed,
        Self::Submitting,
        Self::OutcomeUnknown,
        Self::Pending,
        Self::Settled,
        Self::Rejected,
        Self::Failed,
        Self::Canceled,
        Self::Done,
        Self::NotAccepted,
        Self::NeedsOperator,
    ];

    /// Whether nothing can ever change it again.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Settled | Self::Rejected | Self::Failed | Self::Canceled | Self::Done | Self::NotAccepted => true,
            Self::Received
            | Self::Prepared
            | Self::Signed
            | Self::Submitting
            | Self::OutcomeUnknown
            | Self::Pending
            | Self::NeedsOperator => false,
        }
    }

    /// Whether the gateway is still finding out what the venue says: what a caller waits for.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Received | Self::Prepared | Self::Signed | Self::Submitting | Self::OutcomeUnknown)
    }

    /// The state of a settlement that the venue shows; an unknown word is followed like a pending one.
    #[must_use]
    pub fn at_venue(status: TradeSettlementStatus) -> Self {
        match status {
            TradeSettlementStatus::Pending | TradeSettlementStatus::Unrecognised => Self::Pending,
            TradeSettlementStatus::Settled => Self::Settled,
            TradeSettlementStatus::Rejected => Self::Rejected,
            TradeSettlementStatus::Failed => Self::Failed,
            TradeSettlementStatus::Canceled => Self::Canceled,
        }
    }
}
