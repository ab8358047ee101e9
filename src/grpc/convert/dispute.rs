//! A dispute of a settlement, as the venue shows it to a client.

use super::time::to_proto;
use crate::domain::client_settlement::Dispute;
use crate::grpc::pb;

/// A dispute.
pub(super) fn dispute(dispute: Dispute) -> pb::Dispute {
    let expected = |(currency, amount)| pb::CurrencyAmount { currency, amount };
    pb::Dispute {
        id: dispute.id,
        created_at: dispute.created_at.map(to_proto),
        updated_at: dispute.updated_at.map(to_proto),
        connection_id: dispute.connection_id,
        disputed_settlement_id: dispute.disputed_settlement_id,
        user_id: dispute.user_id,
        expected_transfers: dispute.expected_transfers.into_iter().map(expected).collect(),
        retracted: dispute.retracted,
        settled_in_settlement_id: dispute.settled_in_settlement_id,
        reason: dispute.reason,
        retracted_by: dispute.retracted_by,
        retracted_at: dispute.retracted_at.map(to_proto),
        retracted_reason: dispute.retracted_reason,
        dispute_closure_id: dispute.dispute_closure_id,
        dispute_closure: None,
    }
}
