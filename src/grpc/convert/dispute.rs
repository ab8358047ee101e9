//! A dispute of a settlement, as the venue shows it to a client.

use super::time::to_proto;
use super::transfer::transfer;
use crate::domain::dispute::{Dispute, DisputeClosure};
use crate::grpc::pb;

/// A dispute.
pub(super) fn dispute(dispute: Dispute) -> pb::Dispute {
    pb::Dispute {
        id: dispute.id,
        created_at: dispute.created_at.map(to_proto),
        updated_at: dispute.updated_at.map(to_proto),
        connection_id: dispute.connection_id,
        disputed_settlement_id: dispute.disputed_settlement_id,
        user_id: dispute.user_id,
        expected_transfers: by_currency(dispute.expected_transfers),
        retracted: dispute.retracted,
        settled_in_settlement_id: dispute.settled_in_settlement_id,
        reason: dispute.reason,
        retracted_by: dispute.retracted_by,
        retracted_at: dispute.retracted_at.map(to_proto),
        retracted_reason: dispute.retracted_reason,
        dispute_closure_id: dispute.dispute_closure_id,
        dispute_closure: dispute.dispute_closure.map(|closed| closure(*closed)),
    }
}

fn closure(closure: DisputeClosure) -> pb::DisputeClosure {
    pb::DisputeClosure {
        id: closure.id,
        closed_by: pb::DisputeClosedBy::from(closure.closed_by).into(),
        closed_by_text: closure.closed_by_text,
        user_id: closure.user_id,
        notes: closure.notes,
        adjusted_settlement_transfers: closure.adjusted_settlement_transfers.into_iter().map(transfer).collect(),
        created_at: closure.created_at.map(to_proto),
        status: pb::DisputeClosureStatus::from(closure.status).into(),
        status_text: closure.status_text,
        adjusted_transfers: by_currency(closure.adjusted_transfers),
        reviewed_by: closure.reviewed_by,
        review_notes: closure.review_notes,
    }
}

fn by_currency(amounts: Vec<(String, String)>) -> Vec<pb::CurrencyAmount> {
    amounts.into_iter().map(|(currency, amount)| pb::CurrencyAmount { currency, amount }).collect()
}
