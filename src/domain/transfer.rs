//! Movements of money inside a settlement, as the venue shows them (seed 001).

use jiff::Timestamp;

use super::settlement::{VenueStatus, names};

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
