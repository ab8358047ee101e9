//! A settlement as one of its clients sees it (seed 001).
//!
//! Other parties' names are masked by the venue and their ids may be missing;
//! what is missing and what is null are alike `None`. Words that this version
//! does not know stay as text.

use jiff::Timestamp;

use super::ids::{Currency, EnterpriseId, SettlementId};
use super::settlement::{VenueSettlement, VenueStatus, names};

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettlementQuery {
    /// The client's enterprise.
    pub enterprise_id: EnterpriseId,
    /// The venue's settlement id.
    pub settlement_id: SettlementId,
    /// Only transfers in these currencies; empty for all.
    pub currencies: Vec<Currency>,
    /// Zero-based page of transfers.
    pub page_number: u32,
    /// Transfers on a page.
    pub page_size: u32,
}

/// One page of a client's settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettlement {
    /// The settlement.
    pub settlement: VenueSettlement,
    /// The page's transfers.
    pub transfers: Vec<Transfer>,
    /// Disputes that are settled with it: both ids of `settled_in` and closure are then there.
    pub settling_disputes: Vec<Dispute>,
    /// Disputes that were raised on it.
    pub settlement_disputes: Vec<Dispute>,
}

/// A transfer's status (seed 001's nine).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferStatus {
    /// Not processed yet.
    Pending,
    /// Waiting for its on-chain movement.
    PendingOnchain,
    /// The on-chain movement was begun.
    OnchainInitiated,
    /// The on-chain movement failed.
    OnchainFailed,
    /// Done.
    Completed,
    /// Failed.
    Failed,
    /// Rejected.
    Rejected,
    /// Disputed by the client.
    Disputed,
    /// Created by closing a dispute and not yet given to a settlement.
    PendingSettlementAssignment,
    /// A word that this version does not know; the text stands beside it.
    Unrecognised,
}

names!(TransferStatus {
    Pending => "pending",
    PendingOnchain => "pending_onchain",
    OnchainInitiated => "onchain_initiated",
    OnchainFailed => "onchain_failed",
    Completed => "completed",
    Failed => "failed",
    Rejected => "rejected",
    Disputed => "disputed",
    PendingSettlementAssignment => "pending_settlement_assignment",
    Unrecognised => "unrecognised",
});

/// One side of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransferParty {
    /// The Go Account: `sourceTradingAccountId` or `destinationTradingAccountId`.
    pub trading_account_id: Option<String>,
    /// The network account: `sourceNetworkAccountId` or `destinationNetworkAccountId`.
    pub network_account_id: Option<String>,
    /// The client's name; masked when it is another's.
    pub client_name: Option<String>,
    /// The connection's name; masked when it is another's.
    pub connection_name: Option<String>,
}

/// A movement of one currency between two parties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// `id`
    pub id: String,
    /// `settlementId`; absent while the transfer waits for a settlement.
    pub settlement_id: Option<String>,
    /// Where money leaves when the quantity is positive.
    pub source: TransferParty,
    /// Where it arrives.
    pub destination: TransferParty,
    /// `currency`
    pub currency: String,
    /// `quantity`: signed decimal text, as sent.
    pub quantity: String,
    /// `txIds`: filled once completed.
    pub tx_ids: Vec<String>,
    /// `status`
    pub status: TransferStatus,
    /// `status`, as sent.
    pub status_text: String,
    /// `usdValue`: cents, as sent, whether text or number.
    pub usd_value_cents: Option<String>,
    /// `disputeClosureId`
    pub dispute_closure_id: Option<String>,
    /// `settlementStatus`
    pub settlement_status: VenueStatus,
    /// `settlementStatus`, as sent.
    pub settlement_status_text: String,
    /// `settlementNotes`
    pub settlement_notes: Option<String>,
    /// `createdAt`
    pub created_at: Option<Timestamp>,
    /// `updatedAt`
    pub updated_at: Option<Timestamp>,
}

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
