//! A transfer of a settlement, as the venue shows it to a client.

use super::time::to_proto;
use crate::domain::transfer::Transfer;
use crate::grpc::pb;

/// A transfer; masked names stay masked, and absent ids absent.
pub(super) fn transfer(transfer: Transfer) -> pb::SettlementTransfer {
    let (source, destination) = (transfer.source, transfer.destination);
    pb::SettlementTransfer {
        id: transfer.id,
        source_trading_account_id: source.trading_account_id,
        source_network_account_id: source.network_account_id,
        destination_trading_account_id: destination.trading_account_id,
        destination_network_account_id: destination.network_account_id,
        currency: transfer.currency,
        quantity: transfer.quantity,
        tx_ids: transfer.tx_ids,
        status: pb::SettlementTransferStatus::from(transfer.status).into(),
        status_text: transfer.status_text,
        usd_value_cents: transfer.usd_value_cents,
        settlement_id: transfer.settlement_id,
        dispute_closure_id: transfer.dispute_closure_id,
        created_at: transfer.created_at.map(to_proto),
        updated_at: transfer.updated_at.map(to_proto),
        settlement_status: pb::VenueSettlementStatus::from(transfer.settlement_status).into(),
        settlement_status_text: transfer.settlement_status_text,
        settlement_notes: transfer.settlement_notes,
        source_client_name: source.client_name,
        destination_client_name: destination.client_name,
        source_connection_name: source.connection_name,
        destination_connection_name: destination.connection_name,
    }
}
