//! What a client lists: its settlements, transfers and disputes, at all partners.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bigdecimal::{BigDecimal, Zero};
use serde_json::{Value, json};

use crate::sandbox::desk::Desk;
use crate::sandbox::fixtures::ClientSettlement;
use crate::sandbox::ledger::{Book, Settlement};
use crate::sandbox::time::parse_ms;

use super::client::{masked, own_connections};
use super::entry::Entry;
use super::filters::Filters;
use super::reads::{catch_up, listed};
use super::refusal::Refusal;
use super::{disputes, wire};

/// A settlement as one of its clients sees it, with the client's own transfers.
struct Seen {
    settlement: Value,
    transfers: Vec<Value>,
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The client's settlements, oldest first.
pub(crate) async fn settlements(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    catch_up(&desk).await?;
    let filters = Filters::of(&entry.asked.uri)?;
    let mut found = seen(&desk, &entry, &filters)?;
    found.retain(|one| filters.allows("statuses", text(&one.settlement, "status")));
    found.sort_by(|left, right| text(&left.settlement, "createdAt").cmp(text(&right.settlement, "createdAt")));
    Ok(Json(json!({ "settlements": filters.page(found.into_iter().map(|one| one.settlement))? })))
}

/// The client's transfers, by when their settlement last changed.
pub(crate) async fn transfers(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    catch_up(&desk).await?;
    let filters = Filters::of(&entry.asked.uri)?;
    let mut found = Vec::new();
    for one in seen(&desk, &entry, &filters)? {
        let updated_ms = parse_ms(text(&one.settlement, "updatedAt")).unwrap_or_default();
        let settlement_wanted = filters.allows("initiatedBy", text(&one.settlement, "initiatedBy"))
            && filters.allows("settlementStatuses", text(&one.settlement, "status"))
            && filters.allows_instant("settlementUpdated", updated_ms)?;
        if settlement_wanted {
            let wanted = one.transfers.into_iter().filter(|transfer| {
                filters.allows("currencies", text(transfer, "currency"))
                    && filters.allows("settlementTransferStatuses", text(transfer, "status"))
            });
            found.extend(wanted.map(|transfer| (updated_ms, transfer)));
        }
    }
    match filters.choice("sortDirection", &["ASC", "DESC"])? {
        Some("DESC") => found.sort_by_key(|(updated_ms, _)| Reverse(*updated_ms)),
        _ => found.sort_by_key(|(updated_ms, _)| *updated_ms),
    }
    Ok(Json(json!({ "settlementTransfers": filters.page(found.into_iter().map(|(_, transfer)| transfer))? })))
}

/// The disputes that the client raised.
pub(crate) async fn disputes(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    catch_up(&desk).await?;
    let filters = Filters::of(&entry.asked.uri)?;
    desk.ledger.read(|book| {
        let mut found = Vec::new();
        for partner in desk.enterprises() {
            let own = own_connections(partner, entry.id());
            for dispute in book.disputes(&partner.enterprise_id) {
                if own.contains(&dispute.connection.as_str()) && disputes::listed(&filters, book, dispute)? {
                    found.push(disputes::shown(book, dispute));
                }
            }
        }
        Ok(Json(json!({ "disputes": filters.page(found.into_iter())? })))
    })
}

/// The client's settlements that the filters leave which all lists share.
fn seen(desk: &Desk, entry: &Entry, filters: &Filters) -> Result<Vec<Seen>, Refusal> {
    let mut found = Vec::new();
    for fixture in &entry.enterprise.client_settlements {
        let one = seen_fixture(fixture);
        let only_disputed = filters.boolean("onlyShowDisputed")? == Some(true);
        let disputed = one.settlement.get("disputed").and_then(Value::as_bool).unwrap_or_default();
        // Which connections a fixture's parties have, nobody says.
        let by_connection = ["partyConnectionIds", "counterpartyConnectionIds"].iter().any(|name| filters.list(name).is_some());
        if (disputed || !only_disputed)
            && !by_connection
            && filters.allows("settlementIds", &fixture.settlement_id)
            && filters.allows("partnerIds", text(&one.settlement, "partnerId"))
        {
            found.push(one);
        }
    }
    desk.ledger.read(|book| {
        for settlement in book.settlements() {
            if listed(filters, book, settlement)? {
                found.extend(seen_live(desk, entry, book, settlement));
            }
        }
        Ok(found)
    })
}

fn seen_fixture(fixture: &ClientSettlement) -> Seen {
    // A fixture that is no JSON shows as null, and nothing else suffers.
    let mut settlement: Value = serde_json::from_str(&fixture.settlement).unwrap_or_default();
    if let Some(fields) = settlement.as_object_mut() {
        fields.insert("transferDirection".to_owned(), Value::from("send-and-receive"));
    }
    let transfers = fixture.transfers.iter().filter_map(|transfer| serde_json::from_str(&transfer.json).ok()).collect();
    Seen { settlement, transfers }
}

/// The settlement, where one of its connections is this client's.
fn seen_live(desk: &Desk, entry: &Entry, book: &Book, settlement: &Settlement) -> Option<Seen> {
    let own = own_connections(desk.enterprise(&settlement.enterprise)?, entry.id());
    let is_own = |account: &str| own.contains(&account);
    let concerned: Vec<_> =
        settlement.transfers.iter().filter(|one| own.iter().any(|connection| one.concerns(connection))).collect();
    let received = concerned.iter().filter(|one| (one.quantity > BigDecimal::zero()) == is_own(&one.destination)).count();
    let direction = match received {
        _ if concerned.is_empty() => return None,
        0 => "send",
        all if all == concerned.len() => "receive",
        _ => "send-and-receive",
    };
    let mut value = wire::settlement(settlement, book.is_disputed(&settlement.id));
    if let Some(fields) = value.as_object_mut() {
        fields.insert("transferDirection".to_owned(), Value::from(direction));
    }
    let transfers = concerned.into_iter().map(|transfer| masked(book, settlement, transfer, &is_own)).collect();
    Some(Seen { settlement: value, transfers })
}
