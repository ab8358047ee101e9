//! Connections of a partner to its clients, and what is held under them.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use crate::domain::amount::canonical;
use crate::sandbox::config::SandboxEnterprise;
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Account, Book};

use super::entry::Entry;
use super::filters::Filters;
use super::reads::catch_up;
use super::refusal::Refusal;
use super::wire;

/// When the sandbox's connections came to be.
const CONNECTED_AT: &str = "2025-11-11T19:12:37.874Z";

/// What connections hold, and what the partner itself holds.
pub(crate) async fn balances(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    catch_up(&desk).await?;
    let filters = Filters::of(&entry.asked.uri)?;
    desk.ledger.read(|book| {
        let page = filters.page(wanted(&filters, book, &entry.enterprise).into_iter())?;
        let network: Map<String, Value> = page
            .into_iter()
            .map(|id| {
                let value = json!({
                    "clientId": wire::client_id(&entry.enterprise, &id),
                    "partnerId": wire::partner_id(entry.id()),
                    "partnersConnectionId": wire::partners_connection_id(&id),
                    "balances": held(book, entry.id(), &Some(id.clone())),
                });
                (id, value)
            })
            .collect();
        Ok(Json(json!({ "networkBalances": network, "balances": held(book, entry.id(), &None) })))
    })
}

/// The partner's connections.
pub(crate) async fn connections(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    let filters = Filters::of(&entry.asked.uri)?;
    let connection = |id: String| {
        json!({
            "name": format!("Connection {id}"),
            "clientId": wire::client_id(&entry.enterprise, &id),
            "partnerId": wire::partner_id(entry.id()),
            "networkAccountId": wire::network_account(&id),
            "createdAt": CONNECTED_AT,
            "updatedAt": CONNECTED_AT,
            "active": true,
            "proof": "sandbox",
            "nonce": wire::uuid_of("nonce", &id),
            "partnersConnectionId": wire::partners_connection_id(&id),
            "partnersClientId": wire::partners_client_id(&entry.enterprise, &id),
            "initialized": true,
            "id": id,
        })
    };
    // Every connection of the sandbox is active.
    let none = filters.boolean("active")? == Some(false);
    let ids = desk.ledger.read(|book| wanted(&filters, book, &entry.enterprise));
    Ok(Json(json!({ "connections": filters.page(ids.into_iter().filter(|_| !none).map(connection))? })))
}

/// The configured connections that the filters leave and, where unlisted ones are known too, those that were ever named.
fn wanted(filters: &Filters, book: &Book, enterprise: &SandboxEnterprise) -> Vec<String> {
    let configured = enterprise.connections.iter().map(|one| one.connection_id.clone());
    let mut ids: Vec<String> = configured.collect();
    if enterprise.default_balance.is_some() {
        let listed: BTreeSet<&str> = enterprise.connections.iter().map(|one| one.connection_id.as_str()).collect();
        ids.extend(book.connections(&enterprise.enterprise_id).filter(|id| !listed.contains(id)).map(str::to_owned));
    }
    ids.retain(|id| {
        filters.allows("connectionIds", id)
            && filters.allows("clientIds", &wire::client_id(enterprise, id))
            && filters.allows("partnerIds", &wire::partner_id(&enterprise.enterprise_id))
            && filters.allows("partnersConnectionIds", &wire::partners_connection_id(id))
            && filters.allows("partnersClientIds", &wire::partners_client_id(enterprise, id))
    });
    ids
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
