//! Disputes that clients raise on settlements, and how they are closed (seed 001).

use jiff::Timestamp;

use super::settlement::names;
use super::transfer::Transfer;

/// A dispute that a client raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// `id`
    pub id: String,
    /// `connectionId`
    pub connection_id: String,
    /// `disputedSettlementId`
    pub disputed_settlement_id: String,
    /// `settledInSettlementId`
    pub settled_in_settlement_id: Option<String>,
    /// `disputeClosureId`
    pub dispute_closure_id: Option<String>,
    /// `disputeClosure`
    pub dispute_closure: Option<Box<DisputeClosure>>,
    /// `userId`
    pub user_id: String,
    /// `expectedTransfers`: currency and signed decimal text, in the venue's order.
    pub expected_transfers: Vec<(String, String)>,
    /// `retracted`
    pub retracted: bool,
    /// `reason`
    pub reason: Option<String>,
    /// `retractedBy`
    pub retracted_by: Option<String>,
    /// `retractedAt`
    pub retracted_at: Option<Timestamp>,
    /// `retractedReason`
    pub retracted_reason: Option<String>,
    /// `createdAt`
    pub created_at: Option<Timestamp>,
    /// `updatedAt`
    pub updated_at: Option<Timestamp>,
}

/// Who closed a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedBy {
    /// The client that had raised it.
    Client,
    /// The venue's administrator.
    Admin,
    /// A word that this version does not know; the text stands beside it.
    Unrecognised,
}

names!(ClosedBy { Client => "client", Admin => "admin", Unrecognised => "unrecognised" });

/// Where the review of a closure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosureStatus {
    /// Nobody has decided.
    PendingReview,
    /// It holds.
    Approved,
    /// It does not.
    Rejected,
    /// A word that this version does not know; the text stands beside it.
    Unrecognised,
}

names!(ClosureStatus {
    PendingReview => "pending_review",
    Approved => "approved",
    Rejected => "rejected",
    Unrecognised => "unrecognised",
});

/// How a dispute was closed. The seed names the object; the venue's contract names its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeClosure {
    /// `id`
    pub id: String,
    /// `closedBy`
    pub closed_by: ClosedBy,
    /// `closedBy`, as sent.
    pub closed_by_text: String,
    /// `userId`
    pub user_id: String,
    /// `notes`
    pub notes: String,
    /// `adjustedSettlementTransfers`: what the closure moves.
    pub adjusted_settlement_transfers: Vec<Transfer>,
    /// `adjustedTransfers`: currency and signed decimal text, in the venue's order.
    pub adjusted_transfers: Vec<(String, String)>,
    /// `status`
    pub status: ClosureStatus,
    /// `status`, as sent.
    pub status_text: String,
    /// `reviewedBy`
    pub reviewed_by: Option<String>,
    /// `reviewNotes`
    pub review_notes: Option<String>,
    /// `createdAt`
    pub created_at: Option<Timestamp>,
}
