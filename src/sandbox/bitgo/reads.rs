//! The partner's reads.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Book, LedgerError, Settlement, Transfer};

use super::entry::Entry;
use super::filters::Filters;
use super::posting::process_due;
use super::refusal::Refusal;
use super::{disputes, wire};

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
            if listed(&filters, book, settlement)? && listed_to_partner(&filters, settlement)? {
                found.push(settlement);
            }
        }
        found.sort_by_key(|settlement| settlement.created_ms);
        let page = filters.page(found.into_iter().map(|one| wire::settlement(one, book.is_disputed(&one.id))))?;
        Ok(Json(json!({ "settlements": page })))
    })
}

/// Whether the filters that partners and clients share leave a settlement.
///
/// # Errors
/// 400 where a filter is malformed.
pub(crate) fn listed(filters: &Filters, book: &Book, settlement: &Settlement) -> Result<bool, Refusal> {
    let between = |names: &str, account: fn(&Transfer) -> Option<&str>| {
        filters.list(names).is_none_or(|list| settlement.transfers.iter().filter_map(account).any(|id| list.contains(id)))
    };
    let only_disputed = filters.boolean("onlyShowDisputed")? == Some(true);
    Ok((!only_disputed || book.is_disputed(&settlement.id))
        && filters.allows("settlementIds", &settlement.id)
        && filters.allows("partnerIds", &wire::partner_id(&settlement.enterprise))
        && between("partyConnectionIds", |transfer| transfer.source.as_deref())
        && between("counterpartyConnectionIds", |transfer| Some(&transfer.destination)))
}

/// Whether the filters that only partners have leave a settlement.
fn listed_to_partner(filters: &Filters, settlement: &Settlement) -> Result<bool, Refusal> {
    Ok(filters.allows("externalIds", &settlement.external_id)
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
        let wanted = |transfer: &&Transfer| transfer_listed(&filters, &settlement.enterprise, transfer);
        let shown = |transfer: &Transfer| {
            wire::transfer(&settlement.enterprise, Some(settlement), transfer, created_ms(book, settlement, transfer))
        };
        Ok(Json(json!({
            "settlement": wire::settlement(settlement, book.is_disputed(id)),
            "settlementTransfers": filters.page(settlement.transfers.iter().filter(wanted).map(shown))?,
            "settlingDisputes": disputes::settled_in(book, entry.id(), id),
            "settlementDisputes": disputes::raised_on(book, entry.id(), id),
        })))
    })
}

fn transfer_listed(filters: &Filters, enterprise: &str, transfer: &Transfer) -> bool {
    let source = transfer.source.as_deref();
    filters.allows("currencies", &transfer.currency)
        && filters.allows("sourceNetworkAccountIds", &source.map(wire::network_account).unwrap_or_default())
        && filters.allows("sourceTradingAccountIds", &wire::trading_account(enterprise, source))
        && filters.allows("destinationNetworkAccountIds", &wire::network_account(&transfer.destination))
        && filters.allows("destinationTradingAccountIds", &wire::trading_account(enterprise, Some(&transfer.destination)))
}

/// When a transfer of a settlement came to be: with it, or with the closure of a dispute.
pub(crate) fn created_ms(book: &Book, settlement: &Settlement, transfer: &Transfer) -> i64 {
    let Some(id) = transfer.dispute_closure_id.as_deref() else { return settlement.created_ms };
    let closures = settlement.settling_disputes.iter().filter_map(|id| book.dispute(id)?.closure.as_ref());
    closures.into_iter().find(|closure| closure.id == id).map_or(settlement.created_ms, |closure| closure.at_ms)
}

/// The settlement id of a path.
///
/// # Errors
/// 400 where it is no UUID.
pub(crate) fn settlement_id(entry: &Entry) -> Result<&str, Refusal> {
    let id = entry.asked.param("settlement_id");
    uuid::Uuid::try_parse(id).map(|_| id).map_err(|_| Refusal::invalid("settlementId must be a UUID"))
}
