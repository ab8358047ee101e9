//! The partners of the network, with their windows.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::sandbox::config::SandboxEnterprise;
use crate::sandbox::desk::Desk;

use super::entry::Entry;
use super::filters::Filters;
use super::refusal::Refusal;
use super::wire;

/// Every partner, not only the one that asks.
pub(crate) async fn partners(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    let filters = Filters::of(&entry.asked.uri)?;
    // Every partner of the sandbox is active, and none has policies of its own.
    let none = filters.boolean("active")? == Some(false) || filters.boolean("allocationPoliciesEnabled")? == Some(true);
    let wanted = desk.enterprises().iter().filter(|partner| {
        let id = partner.enterprise_id.as_str();
        !none
            && filters.allows("ids", &wire::partner_id(id))
            && filters.allows("names", &name(id))
            && filters.allows("institutionIds", &wire::uuid_of("institution", id))
            && filters.allows("institutionIdentifiers", id)
    });
    Ok(Json(json!({ "partners": filters.page(wanted.map(|partner| shown(partner)))? })))
}

fn name(enterprise: &str) -> String {
    format!("Sandbox partner {enterprise}")
}

/// An absent dispute window means that disputes are off.
fn shown(partner: &SandboxEnterprise) -> Value {
    let id = partner.enterprise_id.as_str();
    let mut value = json!({
        "id": wire::partner_id(id),
        "name": name(id),
        "institutionId": wire::uuid_of("institution", id),
        "institutionIdentifier": id,
        "connectionKeySchema": "token",
        "active": true,
        "trustOrg": "BitGo Trust",
        "stablePartner": false,
        "enterpriseId": id,
        "publicKey": base16ct::lower::encode_string(&partner.public_key),
    });
    if let (true, Some(fields)) = (partner.disputes, value.as_object_mut()) {
        fields.insert("clientDisputeWindowMinutes".to_owned(), Value::from(partner.dispute_window_ms / 60_000));
        fields.insert("topUpWindowMinutes".to_owned(), Value::from(partner.top_up_window_ms / 60_000));
    }
    value
}
