//! Disputes as BitGo shows them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Book, Closure, Dispute};
use crate::sandbox::time::iso_millis;

use super::entry::Entry;
use super::filters::Filters;
use super::reads::catch_up;
use super::refusal::Refusal;
use super::wire;

/// The disputes of the partner's settlements.
pub(crate) async fn of_partner(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    catch_up(&desk).await?;
    let filters = Filters::of(&entry.asked.uri)?;
    let retracted_too = filters.boolean("showRetracted")? == Some(true);
    desk.ledger.read(|book| {
        let client = |dispute: &Dispute| wire::client_id(&entry.enterprise, &dispute.connection);
        let mut found = Vec::new();
        for dispute in book.disputes(entry.id()) {
            if listed(&filters, book, dispute)?
                && (retracted_too || dispute.stands())
                && filters.allows("clientIds", &client(dispute))
            {
                found.push(dispute);
            }
        }
        Ok(Json(json!({ "disputes": filters.page(found.into_iter().map(|dispute| shown(book, dispute)))? })))
    })
}

/// Whether the filters that partners and clients share leave a dispute.
///
/// # Errors
/// 400 where a filter is malformed.
pub(crate) fn listed(filters: &Filters, book: &Book, dispute: &Dispute) -> Result<bool, Refusal> {
    let settled_in = dispute.settled_in.as_deref().unwrap_or_default();
    let external_id = |id: &str| book.settlement_by_id(id).map_or("", |settlement| settlement.external_id.as_str());
    let closure = dispute.closure.as_ref().map_or("", |closure| closure.id.as_str());
    Ok(filters.boolean("closed")?.is_none_or(|closed| closed == dispute.closure.is_some())
        && filters.allows("disputeIds", &dispute.id)
        && filters.allows("connectionIds", &dispute.connection)
        && filters.allows("partnerIds", &wire::partner_id(&dispute.enterprise))
        && filters.allows("settlementIds", &dispute.settlement_id)
        && filters.allows("settledInSettlementIds", settled_in)
        && filters.allows("disputeClosureIds", closure)
        && filters.allows("settlementExternalIds", external_id(&dispute.settlement_id))
        && filters.allows("settledInSettlementExternalIds", external_id(settled_in)))
}

/// The disputes that a settlement settles.
pub(crate) fn settled_in(book: &Book, enterprise: &str, settlement_id: &str) -> Vec<Value> {
    let disputes = book.disputes(enterprise).into_iter();
    disputes.filter(|dispute| dispute.settled_in.as_deref() == Some(settlement_id)).map(|one| shown(book, one)).collect()
}

/// The disputes that were raised on a settlement.
pub(crate) fn raised_on(book: &Book, enterprise: &str, settlement_id: &str) -> Vec<Value> {
    let disputes = book.disputes(enterprise).into_iter();
    disputes.filter(|dispute| dispute.settlement_id == settlement_id).map(|one| shown(book, one)).collect()
}

/// One dispute, with its closure.
pub(crate) fn shown(book: &Book, dispute: &Dispute) -> Value {
    let user = wire::user_id(&dispute.connection);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    put("id", json!(dispute.id));
    put("createdAt", json!(iso_millis(dispute.created_ms)));
    put("updatedAt", json!(iso_millis(dispute.updated_ms)));
    put("connectionId", json!(dispute.connection));
    put("disputedSettlementId", json!(dispute.settlement_id));
    put("userId", json!(user));
    put("expectedTransfers", json!(dispute.expected));
    put("retracted", json!(!dispute.stands()));
    if let Some(reason) = &dispute.reason {
        put("reason", json!(reason));
    }
    if let Some(retraction) = &dispute.retraction {
        put("retractedBy", json!(user));
        put("retractedAt", json!(iso_millis(retraction.at_ms)));
        if let Some(reason) = &retraction.reason {
            put("retractedReason", json!(reason));
        }
    }
    if let Some(settlement) = &dispute.settled_in {
        put("settledInSettlementId", json!(settlement));
    }
    if let Some(closure) = &dispute.closure {
        put("disputeClosureId", json!(closure.id));
        put("disputeClosure", shown_closure(book, dispute, closure));
    }
    Value::Object(fields)
}

fn shown_closure(book: &Book, dispute: &Dispute, closure: &Closure) -> Value {
    let settlement = dispute.settled_in.as_deref().and_then(|id| book.settlement_by_id(id));
    let transfers = closure.transfers.iter();
    let shown = transfers.map(|transfer| wire::transfer(&dispute.enterprise, settlement, transfer, closure.at_ms));
    json!({
        "id": closure.id,
        "createdAt": iso_millis(closure.at_ms),
        "closedBy": closure.closed_by,
        "userId": wire::user_id(&closure.closed_by),
        "notes": closure.notes,
        "status": "approved",
        "adjustedSettlementTransfers": shown.collect::<Vec<_>>(),
        "adjustedTransfers": closure.adjusted,
    })
}
