//! The venue's words for where trades, settlements, affirmations and locks stand.

use crate::domain::settlement::names;

/// Where a trade stands (seed 003, and what the venue's own client library knows beside it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeStatus {
    /// Made and not settled.
    Pending,
    /// Past its time.
    Overdue,
    /// Turned down.
    Rejected,
    /// Agreed to.
    Affirmed,
    /// Settled.
    Settled,
    /// Failed.
    Failed,
    /// Made; in the venue's library and not in its documentation.
    Executed,
    /// Withdrawn; likewise.
    Canceled,
    /// A word that this version does not know; the text stands beside it.
    Unrecognised,
}

names!(TradeStatus {
    Pending => "pending",
    Overdue => "overdue",
    Rejected => "rejected",
    Affirmed => "affirmed",
    Settled => "settled",
    Failed => "failed",
    Executed => "executed",
    Canceled => "canceled",
    Unrecognised => "unrecognised",
});

/// Where a trade settlement stands at the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeSettlementStatus {
    /// Affirmations are awaited.
    Pending,
    /// Money has moved.
    Settled,
    /// An account turned it down.
    Rejected,
    /// It could not be settled.
    Failed,
    /// Withdrawn.
    Canceled,
    /// A word that this version does not know; the text stands beside it.
    Unrecognised,
}

names!(TradeSettlementStatus {
    Pending => "pending",
    Settled => "settled",
    Rejected => "rejected",
    Failed => "failed",
    Canceled => "canceled",
    Unrecognised => "unrecognised",
});

/// Where an account's part in a trade settlement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AffirmationStatus {
    /// Awaited.
    Pending,
    /// Past its time.
    Overdue,
    /// Turned down.
    Rejected,
    /// Agreed to and signed.
    Affirmed,
    /// Agreed to, and failed.
    Failed,
    /// Withdrawn.
    Canceled,
    /// A word that this version does not know; the text stands beside it.
    Unrecognised,
}

names!(AffirmationStatus {
    Pending => "pending",
    Overdue => "overdue",
    Rejected => "rejected",
    Affirmed => "affirmed",
    Failed => "failed",
    Canceled => "canceled",
    Unrecognised => "unrecognised",
});
