//! A transfer as part of a JSON column: this version's own format, not the venue's.

use serde::{Deserialize, Serialize};

use super::text::{instant, read_instant_if_any as at};
use crate::domain::settlement::VenueStatus;
use crate::domain::transfer::{Transfer, TransferParty, TransferStatus};

/// A transfer.
#[derive(Serialize, Deserialize)]
pub(super) struct TransferRow {
    id: String,
    settlement_id: Option<String>,
    source: PartyRow,
    destination: PartyRow,
    currency: String,
    quantity: String,
    tx_ids: Vec<String>,
    status: String,
    status_text: String,
    usd_value_cents: Option<String>,
    dispute_closure_id: Option<String>,
    settlement_status: String,
    settlement_status_text: String,
    settlement_notes: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct PartyRow {
    trading_account_id: Option<String>,
    network_account_id: Option<String>,
    client_name: Option<String>,
    connection_name: Option<String>,
}

impl TransferRow {
    /// The row of a transfer.
    pub(super) fn of(transfer: Transfer) -> Self {
        Self {
            id: transfer.id,
            settlement_id: transfer.settlement_id,
            source: PartyRow::of(transfer.source),
            destination: PartyRow::of(transfer.destination),
            currency: transfer.currency,
            quantity: transfer.quantity,
            tx_ids: transfer.tx_ids,
            status: transfer.status.as_str().to_owned(),
            status_text: transfer.status_text,
            usd_value_cents: transfer.usd_value_cents,
            dispute_closure_id: transfer.dispute_closure_id,
            settlement_status: transfer.settlement_status.as_str().to_owned(),
            settlement_status_text: transfer.settlement_status_text,
            settlement_notes: transfer.settlement_notes,
            created_at: transfer.created_at.map(instant),
            updated_at: transfer.updated_at.map(instant),
        }
    }

    /// The transfer of a row; `None` when it is none that [`TransferRow::of`] made.
    pub(super) fn read(self) -> Option<Transfer> {
        Some(Transfer {
            id: self.id,
            settlement_id: self.settlement_id,
            source: self.source.read(),
            destination: self.destination.read(),
            currency: self.currency,
            quantity: self.quantity,
            tx_ids: self.tx_ids,
            status: TransferStatus::from_name(&self.status)?,
            status_text: self.status_text,
            usd_value_cents: self.usd_value_cents,
            dispute_closure_id: self.dispute_closure_id,
            settlement_status: VenueStatus::from_name(&self.settlement_status)?,
            settlement_status_text: self.settlement_status_text,
            settlement_notes: self.settlement_notes,
            created_at: at(self.created_at)?,
            updated_at: at(self.updated_at)?,
        })
    }
}

impl PartyRow {
    fn of(party: TransferParty) -> Self {
        let TransferParty { trading_account_id, network_account_id, client_name, connection_name } = party;
        Self { trading_account_id, network_account_id, client_name, connection_name }
    }

    fn read(self) -> TransferParty {
        let Self { trading_account_id, network_account_id, client_name, connection_name } = self;
        TransferParty { trading_account_id, network_account_id, client_name, connection_name }
    }
}
