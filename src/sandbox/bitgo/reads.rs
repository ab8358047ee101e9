//! The partner's reads.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use crate::domain::amount::canonical;
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Account, Book, LedgerError, Settlement, Transfer};

use super::entry::Entry;
use super::filters::Filters;
use super::posting::process_due;
use super::refusal::Refusal;
use super::{disputes as closed, wire};

/// When the sandbox's connections came to be.
const CONNECTED_AT: &str = "2025-11-11T19:12:37.874Z";

/// Lets windows that have ended take their effect before anything is read.
pub(crate) async fn catch_up(desk: &Desk) -> Result<(), LedgerError> {
    let now_ms = desk.now_ms();
    if desk.ledger.read(|book| book.due(now_ms).is_empty()) {
        return Ok(());
    }
    desk.ledger.change(move |ledger| process_due(ledger, now_ms)).await
}

/// The settlements of a partner, newest last.
pub(crate) async fn settlements(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    catch_up(&desk).await?;
    let filters = Filters::of(&entry.asked.uri)?;
    desk.ledger.read(|book| {
        let mut found = Vec::new();
        for settlement in book.settlements().filter(|one| one.enterprise == entry.id()) {
            if listed(&filters, settlement)? {
                found.push(settlement);
            }
        }
        found.sort_by_key(|settlement| settlement.created_ms);
        let page = filters.page(found.into_iter().map(wire::settlement))?;
        Ok(Json(json!({ "settlements": page })))
    })
}

fn listed(filters: &Filters, settlement: &Settlement) -> Result<bool, Refusal> {
    let between = |names: &str, account: fn(&Transfer) -> Option<&str>| {
        filters.list(names).is_none_or(|list| settlement.transfers.iter().filter_map(account).any(|id| list.contains(id)))
    };
    // Nobody disputes in the sandbox, so that a filter for disputed settlements leaves none.
    Ok(!filters.flag("onlyShowDisputed")
        && filters.allows("settlementIds", &settlement.id)
        && filters.allows("externalIds", &settlement.external_id)
        && filters.allows("partnerIds", &wire::uuid_of("partner", &settlement.enterprise))
        && between("partyConnectionIds", |transfer| transfer.source.as_deref())
        && between("counterpartyConnectionIds", |transfer| Some(&transfer.destination))
        && filters.allows_instant("created", settlement.created_ms)?
        && filters.allows_instant("updated", settlement.updated_ms)?)
}

/// One settlement with a page of its transfers.
pub(crate) async fn settlement(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    catch_up(&desk).await?;
    let filters = Filters::of(&entry.asked.uri)?;
    let id = settlement_id(&entry)?;
    desk.ledger.read(|book| {
        let settlement = book
            .settlement_by_id(id)
            .filter(|found| found.enterprise == entry.id())
            .ok_or_else(|| Refusal::not_found("settlement not found"))?;
        let wanted = |transfer: &&Transfer| {
            filters.allows("currencies", &transfer.currency)
                && filters.allows("destinationNetworkAccountIds", &transfer.destination)
                && filters.allows("sourceNetworkAccountIds", transfer.source.as_deref().unwrap_or_default())
        };
        let transfers = settlement.transfers.iter().filter(wanted).map(|transfer| wire::transfer(settlement, transfer));
        Ok(Json(json!({
            "settlement": wire::settlement(settlement),
            "settlementTransfers": filters.page(transfers)?,
            "settlingDisputes": closed::shown(book, &entry.enterprise, Some(id)),
            "settlementDisputes": [],
        })))
    })
}

/// The settlement id of a path.
///
/// # Errors
/// 400 where it is no UUID.
pub(crate) fn settlement_id(entry: &Entry) -> Result<&str, Refusal> {
    let id = entry.asked.param("settlement_id");
    uuid::Uuid::try_parse(id).map(|_| id).map_err(|_| Refusal::invalid("settlementId must be a UUID"))
}

/// What connections hold, and what the partner itself holds.
pub(crate) async fn balances(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    catch_up(&desk).await?;
    let filters = Filters::of(&entry.asked.uri)?;
    let connections = entry.enterprise.connections.iter().map(|one| one.connection_id.as_str());
    let page = filters.page(connections.filter(|id| filters.allows("connectionIds", id)))?;
    desk.ledger.read(|book| {
        let network: Map<String, Value> = page
            .into_iter()
            .map(|id| {
                let value = json!({
                    "clientId": wire::uuid_of("client", id),
                    "partnerId": wire::uuid_of("partner", entry.id()),
                    "partnersConnectionId": id,
                    "balances": held(book, entry.id(), &Some(id.to_owned())),
                });
                (id.to_owned(), value)
            })
            .collect();
        Ok(Json(json!({ "networkBalances": network, "balances": held(book, entry.id(), &None) })))
    })
}

fn held(book: &Book, enterprise: &str, account: &Account) -> Map<String, Value> {
    let purses = book.purses(enterprise).filter(|(_, owner, _)| owner == account);
    purses
        .map(|purse| {
            let held = book.held(purse);
            let available = book.balance(purse) - &held;
            (purse.2.clone(), json!({ "available": canonical(&available), "held": canonical(&held) }))
        })
        .collect()
}

/// The partner's connections.
pub(crate) async fn connections(entry: Entry) -> Result<Json<Value>, Refusal> {
    let filters = Filters::of(&entry.asked.uri)?;
    let ids = entry.enterprise.connections.iter().map(|one| one.connection_id.as_str());
    let wanted = ids.filter(|id| filters.allows("connectionIds", id) && filters.allows("partnersConnectionIds", id));
    let connection = |id: &str| {
        json!({
            "id": id,
            "name": format!("Connection {id}"),
            "clientId": wire::uuid_of("client", id),
            "partnerId": wire::uuid_of("partner", entry.id()),
            "networkAccountId": id,
            "createdAt": CONNECTED_AT,
            "updatedAt": CONNECTED_AT,
            "active": true,
            "proof": "sandbox",
            "nonce": wire::uuid_of("nonce", id),
            "partnersConnectionId": id,
            "partnersClientId": null,
            "initialized": true,
        })
    };
    Ok(Json(json!({ "connections": filters.page(wanted.map(connection))? })))
}

/// The partner itself with its windows; an absent dispute window means that disputes are off.
pub(crate) async fn partners(entry: Entry) -> Json<Value> {
    let enterprise = &entry.enterprise;
    let mut partner = json!({
        "id": wire::uuid_of("partner", entry.id()),
        "name": format!("Sandbox partner {}", entry.id()),
        "institutionIdentifier": entry.id(),
        "connectionKeySchema": "token",
        "active": true,
        "trustOrg": "BitGo Trust",
        "stablePartner": false,
        "enterpriseId": entry.id(),
        "publicKey": base16ct::lower::encode_string(&enterprise.public_key),
    });
    if let (true, Some(fields)) = (enterprise.disputes, partner.as_object_mut()) {
        fields.insert("clientDisputeWindowMinutes".to_owned(), Value::from(enterprise.dispute_window_ms / 60_000));
        fields.insert("topUpWindowMinutes".to_owned(), Value::from(enterprise.top_up_window_ms / 60_000));
    }
    Json(json!({ "partners": [partner] }))
}

/// The closed disputes of the partner's earlier settlements; nobody opens new ones in the sandbox.
pub(crate) async fn disputes(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    let filters = Filters::of(&entry.asked.uri)?;
    let all = desk.ledger.read(|book| closed::shown(book, &entry.enterprise, None));
    let text = |dispute: &Value, name: &str| dispute.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted = all.into_iter().filter(|dispute| {
        filters.allows("disputeIds", &text(dispute, "id"))
            && filters.allows("connectionIds", &text(dispute, "connectionId"))
            && filters.allows("settlementIds", &text(dispute, "disputedSettlementId"))
            && filters.allows("settledInSettlementIds", &text(dispute, "settledInSettlementId"))
    });
    Ok(Json(json!({ "disputes": filters.page(wanted)? })))
}
