//! Closed disputes: what the next asynchronous settlement pulls in, and how they are shown.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::sandbox::config::{ClosedDispute, SandboxEnterprise};
use crate::sandbox::ledger::{Book, Transfer};

use super::wire::uuid_of;

/// When the sandbox's disputes were raised and closed.
const CLOSED_AT: &str = "2025-11-12T09:00:00.000Z";

/// The movements of money that were agreed when a dispute was closed.
pub(crate) fn adjusted_transfers(dispute: &ClosedDispute) -> impl Iterator<Item = Transfer> {
    // The amounts were held to what an amount is before the sandbox started.
    let amounts = dispute.adjusted_transfers.iter().filter_map(|(currency, text)| Some((currency, Amount::parse(text).ok()?)));
    amounts.map(|(currency, amount)| Transfer {
        id: Uuid::new_v4().to_string(),
        source: None,
        destination: dispute.connection_id.clone(),
        currency: currency.clone(),
        quantity: amount.value().clone(),
        dispute_closure_id: Some(closure_id(dispute)),
    })
}

/// The disputes that are settled in one settlement, or all disputes of an enterprise.
pub(crate) fn shown(book: &Book, enterprise: &SandboxEnterprise, settled_in: Option<&str>) -> Vec<Value> {
    let disputes = enterprise.closed_disputes.iter().map(|dispute| (dispute, book.settled_in(&dispute.dispute_id)));
    disputes
        .filter(|(_, taken)| settled_in.is_none() || *taken == settled_in)
        .map(|(dispute, taken)| wire(dispute, taken))
        .collect()
}

fn wire(dispute: &ClosedDispute, settled_in: Option<&str>) -> Value {
    let user = uuid_of("user", &dispute.connection_id).replace('-', "");
    let closure = json!({
        "id": closure_id(dispute),
        "createdAt": CLOSED_AT,
        "updatedAt": CLOSED_AT,
        "closedBy": "partner",
        "userId": user,
        "notes": "agreed",
        "status": "approved",
        "adjustedTransfers": dispute.adjusted_transfers,
    });
    let mut value = json!({
        "id": dispute.dispute_id,
        "createdAt": CLOSED_AT,
        "updatedAt": CLOSED_AT,
        "connectionId": dispute.connection_id,
        "disputedSettlementId": dispute.disputed_settlement_id,
        "userId": user,
        "expectedTransfers": dispute.adjusted_transfers,
        "retracted": false,
        "disputeClosureId": closure_id(dispute),
        "disputeClosure": closure,
    });
    if let (Some(fields), Some(settlement)) = (value.as_object_mut(), settled_in) {
        fields.insert("settledInSettlementId".to_owned(), Value::from(settlement));
    }
    value
}

fn closure_id(dispute: &ClosedDispute) -> String {
    uuid_of("dispute closure", &dispute.dispute_id)
}
