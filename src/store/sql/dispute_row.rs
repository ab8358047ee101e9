//! A dispute as part of a JSON column: this version's own format, not the venue's.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::{instant, read_instant_if_any as at};
use super::transfer_row::TransferRow;
use crate::domain::dispute::{ClosedBy, ClosureStatus, Dispute, DisputeClosure};

/// A dispute.
#[derive(Serialize, Deserialize)]
pub(super) struct DisputeRow {
    id: String,
    connection_id: String,
    disputed_settlement_id: String,
    settled_in_settlement_id: Option<String>,
    dispute_closure_id: Option<String>,
    dispute_closure: Option<ClosureRow>,
    user_id: String,
    expected_transfers: Vec<(String, String)>,
    retracted: bool,
    reason: Option<String>,
    retracted_by: Option<String>,
    retracted_at: Option<String>,
    retracted_reason: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ClosureRow {
    id: String,
    closed_by: String,
    closed_by_text: String,
    user_id: String,
    notes: String,
    adjusted_settlement_transfers: Vec<TransferRow>,
    adjusted_transfers: Vec<(String, String)>,
    status: String,
    status_text: String,
    reviewed_by: Option<String>,
    review_notes: Option<String>,
    created_at: Option<String>,
}

impl DisputeRow {
    /// The row of a dispute.
    pub(super) fn of(dispute: Dispute) -> Self {
        let at = |at: Option<Timestamp>| at.map(instant);
        Self {
            id: dispute.id,
            connection_id: dispute.connection_id,
            disputed_settlement_id: dispute.disputed_settlement_id,
            settled_in_settlement_id: dispute.settled_in_settlement_id,
            dispute_closure_id: dispute.dispute_closure_id,
            dispute_closure: dispute.dispute_closure.map(|closure| ClosureRow::of(*closure)),
            user_id: dispute.user_id,
            expected_transfers: dispute.expected_transfers,
            retracted: dispute.retracted,
            reason: dispute.reason,
            retracted_by: dispute.retracted_by,
            retracted_at: at(dispute.retracted_at),
            retracted_reason: dispute.retracted_reason,
            created_at: at(dispute.created_at),
            updated_at: at(dispute.updated_at),
        }
    }

    /// The dispute of a row; `None` when it is none that [`DisputeRow::of`] made.
    pub(super) fn read(self) -> Option<Dispute> {
        let dispute_closure = match self.dispute_closure {
            Some(closure) => Some(Box::new(closure.read()?)),
            None => None,
        };
        Some(Dispute {
            id: self.id,
            connection_id: self.connection_id,
            disputed_settlement_id: self.disputed_settlement_id,
            settled_in_settlement_id: self.settled_in_settlement_id,
            dispute_closure_id: self.dispute_closure_id,
            dispute_closure,
            user_id: self.user_id,
            expected_transfers: self.expected_transfers,
            retracted: self.retracted,
            reason: self.reason,
            retracted_by: self.retracted_by,
            retracted_at: at(self.retracted_at)?,
            retracted_reason: self.retracted_reason,
            created_at: at(self.created_at)?,
            updated_at: at(self.updated_at)?,
        })
    }
}

impl ClosureRow {
    fn of(closure: DisputeClosure) -> Self {
        Self {
            id: closure.id,
            closed_by: closure.closed_by.as_str().to_owned(),
            closed_by_text: closure.closed_by_text,
            user_id: closure.user_id,
            notes: closure.notes,
            adjusted_settlement_transfers: closure.adjusted_settlement_transfers.into_iter().map(TransferRow::of).collect(),
            adjusted_transfers: closure.adjusted_transfers,
            status: closure.status.as_str().to_owned(),
            status_text: closure.status_text,
            reviewed_by: closure.reviewed_by,
            review_notes: closure.review_notes,
            created_at: closure.created_at.map(instant),
        }
    }

    fn read(self) -> Option<DisputeClosure> {
        let transfers = self.adjusted_settlement_transfers.into_iter().map(TransferRow::read);
        Some(DisputeClosure {
            id: self.id,
            closed_by: ClosedBy::from_name(&self.closed_by)?,
            closed_by_text: self.closed_by_text,
            user_id: self.user_id,
            notes: self.notes,
            adjusted_settlement_transfers: transfers.collect::<Option<_>>()?,
            adjusted_transfers: self.adjusted_transfers,
            status: ClosureStatus::from_name(&self.status)?,
            status_text: self.status_text,
            reviewed_by: self.reviewed_by,
            review_notes: self.review_notes,
            created_at: at(self.created_at)?,
        })
    }
}
