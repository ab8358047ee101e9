//! Settlements and transfers as BitGo writes them.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::sandbox::ledger::{Settlement, Status, Transfer};
use crate::sandbox::time::iso_millis;

/// A UUID that always belongs to the same thing: ids that the sandbox needs and nobody configures.
pub(crate) fn uuid_of(kind: &str, name: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("{kind}\n{name}")).into();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(place, byte)| *place = byte);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The account id of a connection, or of the partner itself.
pub(crate) fn trading_account(enterprise: &str, connection: Option<&str>) -> String {
    uuid_of("trading account", connection.unwrap_or(enterprise)).replace('-', "")
}

/// A settlement; what is absent is null where BitGo's samples show null, and missing elsewhere.
pub(crate) fn settlement(settlement: &Settlement) -> Value {
    let mut value = json!({
        "id": settlement.id,
        "partnerId": uuid_of("partner", &settlement.enterprise),
        "externalId": settlement.external_id,
        "status": settlement.status.as_str(),
        "settlementType": "offchain",
        "reconciled": false,
        "initiatedBy": uuid_of("user", &settlement.enterprise).replace('-', ""),
        "createdAt": iso_millis(settlement.created_ms),
        "updatedAt": iso_millis(settlement.updated_ms),
        "finalizedAt": settlement.finalized_ms.map(iso_millis),
        "lossSLAAlertSent": false,
        "gainSLAAlertSent": false,
        "cutoffAt": settlement.cutoff_at,
        "disputed": false,
    });
    if let Some(fields) = value.as_object_mut() {
        if let Some(notes) = &settlement.notes {
            fields.insert("notes".to_owned(), Value::from(notes.as_str()));
        }
        if let (Status::Failed | Status::Rejected, Some(reason)) = (settlement.status, &settlement.reason) {
            fields.insert("reason".to_owned(), Value::from(reason.as_str()));
        }
    }
    value
}

/// A transfer as the partner sees it.
pub(crate) fn transfer(settlement: &Settlement, transfer: &Transfer) -> Value {
    let done = settlement.status == Status::Completed;
    let mut value = json!({
        "id": transfer.id,
        "createdAt": iso_millis(settlement.created_ms),
        "updatedAt": iso_millis(settlement.updated_ms),
        "currency": transfer.currency,
        "settlementId": settlement.id,
        "quantity": transfer.quantity.to_plain_string(),
        "txIds": if done { vec![uuid_of("tx", &transfer.id)] } else { Vec::new() },
        "status": settlement.status.as_str(),
        "sourceTradingAccountId": trading_account(&settlement.enterprise, transfer.source.as_deref()),
        "destinationTradingAccountId": trading_account(&settlement.enterprise, Some(&transfer.destination)),
        "destinationNetworkAccountId": transfer.destination,
    });
    let optional = [("sourceNetworkAccountId", &transfer.source), ("disputeClosureId", &transfer.dispute_closure_id)];
    for (name, text) in optional {
        if let (Some(fields), Some(text)) = (value.as_object_mut(), text) {
            fields.insert(name.to_owned(), Value::from(text.as_str()));
        }
    }
    value
}
