//! A settlement as one of its clients sees it: other parties masked, their ids left out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::sandbox::config::SandboxEnterprise;
use crate::sandbox::desk::Desk;
use crate::sandbox::fixtures::ClientSettlement;
use crate::sandbox::ledger::{Book, Settlement, Transfer};

use super::entry::Entry;
use super::filters::Filters;
use super::reads::{catch_up, created_ms, settlement_id};
use super::refusal::Refusal;
use super::{disputes, wire};

/// What stands for a name that the client may not see.
const MASK: &str = "*****";

/// One settlement with a page of the client's own transfers.
pub(crate) async fn settlement(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Response, Refusal> {
    let filters = Filters::of(&entry.asked.uri)?;
    let id = settlement_id(&entry)?;
    let seeded = entry.enterprise.client_settlements.iter().find(|one| one.settlement_id == id);
    let body = match seeded {
        Some(fixture) => page_of_fixture(fixture, &filters)?,
        None => {
            catch_up(&desk).await?;
            live(&desk, &entry, &filters, id)?
        }
    };
    Ok(([(CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response())
}

fn page_of_fixture(fixture: &ClientSettlement, filters: &Filters) -> Result<String, Refusal> {
    let wanted = fixture.transfers.iter().filter(|transfer| filters.allows("currencies", &transfer.currency));
    let page = filters.page(wanted.map(|transfer| transfer.json.as_str()))?;
    Ok(format!(
        r#"{{"settlement":{},"settlementTransfers":[{}],"settlingDisputes":{},"settlementDisputes":{}}}"#,
        fixture.settlement,
        page.join(","),
        fixture.settling_disputes,
        fixture.settlement_disputes,
    ))
}

/// A settlement that a partner of this sandbox posted, where one of its connections is this client's.
fn live(desk: &Desk, entry: &Entry, filters: &Filters, id: &str) -> Result<String, Refusal> {
    let not_found = || Refusal::not_found("settlement not found");
    desk.ledger.read(|book| {
        let settlement = book.settlement_by_id(id).ok_or_else(not_found)?;
        let partner = desk.enterprise(&settlement.enterprise).ok_or_else(not_found)?;
        let own = own_connections(partner, entry.id());
        let is_own = |account: &str| own.contains(&account);
        let concerned = |transfer: &&Transfer| is_own(&transfer.destination) || transfer.source.as_deref().is_some_and(is_own);
        let transfers: Vec<&Transfer> = settlement.transfers.iter().filter(concerned).collect();
        if transfers.is_empty() {
            return Err(not_found());
        }
        let wanted = transfers.into_iter().filter(|transfer| filters.allows("currencies", &transfer.currency));
        let page = filters.page(wanted.map(|transfer| masked(book, settlement, transfer, &is_own)))?;
        let own_disputes = |shown: fn(&Book, &str, &str) -> Vec<Value>| {
            let all = shown(book, &settlement.enterprise, id).into_iter();
            all.filter(|one| one.get("connectionId").and_then(Value::as_str).is_some_and(is_own)).collect::<Vec<_>>()
        };
        let body = json!({
            "settlement": wire::settlement(settlement, book.is_disputed(id)),
            "settlementTransfers": page,
            "settlingDisputes": own_disputes(disputes::settled_in),
            "settlementDisputes": own_disputes(disputes::raised_on),
        });
        Ok(body.to_string())
    })
}

/// The connections of a partner that are a client's.
pub(crate) fn own_connections<'a>(partner: &'a SandboxEnterprise, client: &str) -> Vec<&'a str> {
    let own = partner.connections.iter().filter(|one| one.client_enterprise_id.as_deref() == Some(client));
    own.map(|one| one.connection_id.as_str()).collect()
}

/// A transfer as one of its parties sees it.
pub(crate) fn masked(book: &Book, settlement: &Settlement, transfer: &Transfer, is_own: &impl Fn(&str) -> bool) -> Value {
    let at_ms = created_ms(book, settlement, transfer);
    let mut value = wire::transfer(&settlement.enterprise, Some(settlement), transfer, at_ms);
    let Some(fields) = value.as_object_mut() else { return value };
    fields.insert("usdValue".to_owned(), Value::Null);
    fields.insert("settlementStatus".to_owned(), Value::from(settlement.status.as_str()));
    if let Some(notes) = &settlement.notes {
        fields.insert("settlementNotes".to_owned(), Value::from(notes.as_str()));
    }
    let sides = [("source", transfer.source.as_deref()), ("destination", Some(transfer.destination.as_str()))];
    for (side, account) in sides {
        let name = match account {
            Some(own) if is_own(own) => format!("Connection {own}"),
            _ => {
                fields.remove(&format!("{side}TradingAccountId"));
                fields.remove(&format!("{side}NetworkAccountId"));
                MASK.to_owned()
            }
        };
        fields.insert(format!("{side}ClientName"), Value::from(name.as_str()));
        if account.is_some() {
            fields.insert(format!("{side}ConnectionName"), Value::from(name));
        }
    }
    value
}
