//! From BitGo's JSON to the domain: what must be there, and what may be missing.
//!
//! Ids, statuses and money must be there: an answer without them is unreadable.
//! A date that is none is treated as missing, except the cutoff, which decides
//! whether a settlement is the one that was posted.

use super::wire;
use crate::domain::client_settlement::ClientSettlement;
use crate::domain::dispute::{ClosedBy, ClosureStatus, Dispute, DisputeClosure};
use crate::domain::settlement::{VenueSettlement, VenueStatus};
use crate::domain::transfer::{Transfer, TransferParty, TransferStatus};
use crate::upstream::json::{DecimalText, Pairs, instant, weighty_instant};
use crate::upstream::unmapped::{Unmapped, required};

/// A settlement.
pub(super) fn settlement(wire: wire::Settlement) -> Result<VenueSettlement, Unmapped> {
    let status_text = required(wire.status, "settlement.status")?;
    Ok(VenueSettlement {
        settlement_id: required(wire.id, "settlement.id")?,
        partner_id: wire.partner_id.unwrap_or_default(),
        external_id: required(wire.external_id, "settlement.externalId")?,
        status: venue_status(&status_text),
        status_text,
        settlement_type: wire.settlement_type.unwrap_or_default(),
        reconciled: wire.reconciled,
        disputed: wire.disputed,
        initiated_by: wire.initiated_by.unwrap_or_default(),
        notes: wire.notes,
        rt_id: wire.rt_id,
        loss_sla_alert_sent: wire.loss_sla_alert_sent,
        gain_sla_alert_sent: wire.gain_sla_alert_sent,
        reason: wire.reason,
        created_at: instant(wire.created_at.as_deref()),
        updated_at: instant(wire.updated_at.as_deref()),
        finalized_at: instant(wire.finalized_at.as_deref()),
        cutoff_at: weighty_instant(wire.cutoff_at.as_deref()).map_err(|_| Unmapped("settlement.cutoffAt"))?,
    })
}

/// A page of settlements. Without its list it is unreadable: none would look like the last page.
pub(super) fn settlements(wire: wire::SettlementList) -> Result<Vec<VenueSettlement>, Unmapped> {
    wire.settlements.ok_or(Unmapped("settlements"))?.into_iter().map(settlement).collect()
}

/// One settlement with a page of its transfers. Without their list it is unreadable, for the same reason.
pub(super) fn settlement_detail(wire: wire::SettlementDetail) -> Result<ClientSettlement, Unmapped> {
    let transfers = wire.settlement_transfers.ok_or(Unmapped("settlementTransfers"))?;
    Ok(ClientSettlement {
        settlement: settlement(wire.settlement.ok_or(Unmapped("settlement"))?)?,
        transfers: self::transfers(transfers)?,
        settling_disputes: disputes(wire.settling_disputes)?,
        settlement_disputes: disputes(wire.settlement_disputes)?,
    })
}

/// Disputes; none where their list is missing.
pub(super) fn disputes(wire: Option<Vec<wire::Dispute>>) -> Result<Vec<Dispute>, Unmapped> {
    wire.unwrap_or_default().into_iter().map(dispute).collect()
}

/// Transfers.
pub(super) fn transfers(wire: Vec<wire::Transfer>) -> Result<Vec<Transfer>, Unmapped> {
    wire.into_iter().map(transfer).collect()
}

fn transfer(wire: wire::Transfer) -> Result<Transfer, Unmapped> {
    let status_text = wire.status.unwrap_or_default();
    let settlement_status_text = wire.settlement_status.unwrap_or_default();
    Ok(Transfer {
        id: required(wire.id, "settlementTransfers.id")?,
        settlement_id: wire.settlement_id,
        source: TransferParty {
            trading_account_id: wire.source_trading_account_id,
            network_account_id: wire.source_network_account_id,
            client_name: wire.source_client_name,
            connection_name: wire.source_connection_name,
        },
        destination: TransferParty {
            trading_account_id: wire.destination_trading_account_id,
            network_account_id: wire.destination_network_account_id,
            client_name: wire.destination_client_name,
            connection_name: wire.destination_connection_name,
        },
        currency: required(wire.currency, "settlementTransfers.currency")?,
        quantity: required(wire.quantity.map(|quantity| quantity.0), "settlementTransfers.quantity")?,
        tx_ids: wire.tx_ids.unwrap_or_default(),
        status: TransferStatus::from_name(&status_text).unwrap_or(TransferStatus::Unrecognised),
        status_text,
        usd_value_cents: wire.usd_value.map(|value| value.0),
        dispute_closure_id: wire.dispute_closure_id,
        settlement_status: venue_status(&settlement_status_text),
        settlement_status_text,
        settlement_notes: wire.settlement_notes,
        created_at: instant(wire.created_at.as_deref()),
        updated_at: instant(wire.updated_at.as_deref()),
    })
}

fn dispute(wire: wire::Dispute) -> Result<Dispute, Unmapped> {
    Ok(Dispute {
        id: required(wire.id, "disputes.id")?,
        connection_id: wire.connection_id.unwrap_or_default(),
        disputed_settlement_id: wire.disputed_settlement_id.unwrap_or_default(),
        settled_in_settlement_id: wire.settled_in_settlement_id,
        dispute_closure_id: wire.dispute_closure_id,
        dispute_closure: wire.dispute_closure.map(closure).transpose()?.map(Box::new),
        user_id: wire.user_id.unwrap_or_default(),
        expected_transfers: by_currency(wire.expected_transfers),
        retracted: wire.retracted.unwrap_or_default(),
        reason: wire.reason,
        retracted_by: wire.retracted_by,
        retracted_at: instant(wire.retracted_at.as_deref()),
        retracted_reason: wire.retracted_reason,
        created_at: instant(wire.created_at.as_deref()),
        updated_at: instant(wire.updated_at.as_deref()),
    })
}

fn closure(wire: wire::DisputeClosure) -> Result<DisputeClosure, Unmapped> {
    let closed_by_text = wire.closed_by.unwrap_or_default();
    let status_text = wire.status.unwrap_or_default();
    Ok(DisputeClosure {
        id: required(wire.id, "disputeClosure.id")?,
        closed_by: ClosedBy::from_name(&closed_by_text).unwrap_or(ClosedBy::Unrecognised),
        closed_by_text,
        user_id: wire.user_id.unwrap_or_default(),
        notes: wire.notes.unwrap_or_default(),
        adjusted_settlement_transfers: transfers(wire.adjusted_settlement_transfers.unwrap_or_default())?,
        adjusted_transfers: by_currency(wire.adjusted_transfers),
        status: ClosureStatus::from_name(&status_text).unwrap_or(ClosureStatus::Unrecognised),
        status_text,
        reviewed_by: wire.reviewed_by,
        review_notes: wire.review_notes,
        created_at: instant(wire.created_at.as_deref()),
    })
}

fn by_currency(wire: Option<Pairs<DecimalText>>) -> Vec<(String, String)> {
    wire.unwrap_or_default().0.into_iter().map(|(currency, amount)| (currency, amount.0)).collect()
}

fn venue_status(text: &str) -> VenueStatus {
    VenueStatus::from_name(text).unwrap_or(VenueStatus::Unrecognised)
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
