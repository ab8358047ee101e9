//! Settlements and transfers as BitGo writes them.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::sandbox::config::SandboxEnterprise;
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

/// The network account behind a connection: what transfers name, and never the connection's own id.
pub(crate) fn network_account(connection: &str) -> String {
    uuid_of("network account", connection)
}

/// The venue's id of an enterprise as a partner.
pub(crate) fn partner_id(enterprise: &str) -> String {
    uuid_of("partner", enterprise)
}

/// The venue's id of the client behind a connection.
pub(crate) fn client_id(partner: &SandboxEnterprise, connection: &str) -> String {
    let configured = partner.connections.iter().find(|one| one.connection_id == connection);
    uuid_of("client", configured.and_then(|one| one.client_enterprise_id.as_deref()).unwrap_or(connection))
}

/// The partner's own name for a connection.
pub(crate) fn partners_connection_id(connection: &str) -> String {
    format!("account-of-{connection}")
}

/// The partner's own name for the client behind a connection.
pub(crate) fn partners_client_id(partner: &SandboxEnterprise, connection: &str) -> String {
    format!("customer-{}", client_id(partner, connection))
}

/// The id of a user of the venue.
pub(crate) fn user_id(name: &str) -> String {
    uuid_of("user", name).replace('-', "")
}

/// A settlement; what is absent is missing.
pub(crate) fn settlement(settlement: &Settlement, disputed: bool) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    put("id", json!(settlement.id));
    put("partnerId", json!(partner_id(&settlement.enterprise)));
    put("externalId", json!(settlement.external_id));
    put("status", json!(settlement.status.as_str()));
    put("settlementType", json!("offchain"));
    put("reconciled", json!(false));
    put("initiatedBy", json!(user_id(&settlement.enterprise)));
    put("createdAt", json!(iso_millis(settlement.created_ms)));
    put("updatedAt", json!(iso_millis(settlement.updated_ms)));
    put("lossSLAAlertSent", json!(false));
    put("gainSLAAlertSent", json!(false));
    put("disputed", json!(disputed));
    if let Some(at_ms) = settlement.finalized_ms {
        put("finalizedAt", json!(iso_millis(at_ms)));
    }
    if let Some(cutoff) = &settlement.cutoff_at {
        put("cutoffAt", json!(cutoff));
    }
    if let Some(notes) = &settlement.notes {
        put("notes", json!(notes));
    }
    if let (Status::Failed | Status::Rejected, Some(reason)) = (settlement.status, &settlement.reason) {
        put("reason", json!(reason));
    }
    Value::Object(fields)
}

/// A transfer as the partner sees it, in its settlement or, after a dispute was closed, waiting for one.
pub(crate) fn transfer(enterprise: &str, settlement: Option<&Settlement>, transfer: &Transfer, created_ms: i64) -> Value {
    let status = match settlement {
        _ if transfer.disputed => "disputed",
        Some(settlement) => settlement.status.as_str(),
        None => "pending_settlement_assignment",
    };
    let updated_ms = settlement.map_or(created_ms, |settlement| settlement.updated_ms.max(created_ms));
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    put("id", json!(transfer.id));
    put("createdAt", json!(iso_millis(created_ms)));
    put("updatedAt", json!(iso_millis(updated_ms)));
    put("currency", json!(transfer.currency));
    put("quantity", json!(transfer.quantity.to_plain_string()));
    put("txIds", if status == "completed" { json!([uuid_of("tx", &transfer.id)]) } else { json!([]) });
    put("status", json!(status));
    put("sourceTradingAccountId", json!(trading_account(enterprise, transfer.source.as_deref())));
    put("destinationTradingAccountId", json!(trading_account(enterprise, Some(&transfer.destination))));
    put("destinationNetworkAccountId", json!(network_account(&transfer.destination)));
    if let Some(settlement) = settlement {
        put("settlementId", json!(settlement.id));
    }
    if let Some(source) = &transfer.source {
        put("sourceNetworkAccountId", json!(network_account(source)));
    }
    if let Some(closure) = &transfer.dispute_closure_id {
        put("disputeClosureId", json!(closure));
    }
    Value::Object(fields)
}
