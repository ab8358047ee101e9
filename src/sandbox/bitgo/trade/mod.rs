//! BitGo Trade: settlements between trading accounts, direct and agency.
//!
//! It documents no idempotency, and here it has none: the same post again is
//! another settlement.

mod affirming;
mod creating;
mod payload;
mod tamper;
mod wire;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::sandbox::config::{SandboxEnterprise, SandboxTradingAccount};
use crate::sandbox::desk::Desk;
use crate::sandbox::exchange::Asked;

use super::entry::Entry;
use super::refusal::Refusal;
pub(crate) use tamper::{tampered, with_other_nonces};

/// Every call of an account.
pub(super) fn router() -> Router<Arc<Desk>> {
    let account = "/api/trade/v1/enterprise/{enterprise_id}/account/{account_id}";
    Router::new()
        .route(&format!("{account}/payload"), post(payload::build))
        .route(&format!("{account}/calculatefees"), post(payload::fees))
        .route(&format!("{account}/settlements"), get(settlements).post(creating::create))
        .route(&format!("{account}/settlements/{{settlement_id}}"), get(settlement))
        .route(&format!("{account}/affirmations"), get(affirmations))
        .route(&format!("{account}/affirmations/{{affirmation_id}}"), get(affirmation).put(affirming::put))
}

/// The account of a path, where it is the enterprise's.
fn account(entry: &Entry) -> Result<&SandboxTradingAccount, Refusal> {
    let id = entry.asked.param("account_id");
    let found = entry.enterprise.trading_accounts.iter().find(|account| account.account_id == id);
    found.ok_or_else(|| Refusal::not_found("trading account not found"))
}

/// An account of anybody's.
fn anybodys<'a>(desk: &'a Desk, id: &str) -> Option<(&'a SandboxEnterprise, &'a SandboxTradingAccount)> {
    let all =
        desk.enterprises().iter().flat_map(|enterprise| enterprise.trading_accounts.iter().map(move |one| (enterprise, one)));
    all.into_iter().find(|(_, account)| account.account_id == id).map(|(enterprise, account)| (&**enterprise, account))
}

/// The body as JSON.
fn body(asked: &Asked) -> Result<Value, Refusal> {
    serde_json::from_slice(&asked.body).map_err(|_| Refusal::invalid("the body is no JSON"))
}

async fn settlements(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    let own = &account(&entry)?.account_id;
    let now_ms = desk.now_ms();
    Ok(Json(desk.ledger.read(|book| {
        let shown = book.trades().filter(|trade| trade.affirmation_of(own).is_some());
        json!({ "settlements": shown.map(|trade| wire::settlement(&desk, trade, own, now_ms)).collect::<Vec<_>>() })
    })))
}

async fn settlement(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    let own = &account(&entry)?.account_id;
    let now_ms = desk.now_ms();
    desk.ledger.read(|book| {
        let found = book.trade(entry.asked.param("settlement_id")).filter(|trade| trade.affirmation_of(own).is_some());
        let found = found.ok_or_else(|| Refusal::not_found("settlement not found"))?;
        Ok(Json(wire::settlement(&desk, found, own, now_ms)))
    })
}

async fn affirmations(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    let own = &account(&entry)?.account_id;
    let status = entry.asked.uri.query().and_then(|query| query.strip_prefix("status=")).map(str::to_owned);
    let now_ms = desk.now_ms();
    Ok(Json(desk.ledger.read(|book| {
        let all =
            book.trades().filter_map(|trade| Some(wire::affirmation(&desk, trade, trade.affirmation_of(own)?, own, now_ms)));
        let wanted = |shown: &Value| status.as_ref().is_none_or(|status| shown["status"] == status.as_str());
        json!({ "affirmations": all.filter(wanted).collect::<Vec<_>>() })
    })))
}

async fn affirmation(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Json<Value>, Refusal> {
    let own = &account(&entry)?.account_id;
    let (id, now_ms) = (entry.asked.param("affirmation_id"), desk.now_ms());
    desk.ledger.read(|book| {
        let mut all = book.trades().filter_map(|trade| Some((trade, trade.affirmation_of(own)?)));
        let (trade, found) = all.find(|(_, one)| one.id == id).ok_or_else(|| Refusal::not_found("affirmation not found"))?;
        Ok(Json(wire::affirmation(&desk, trade, found, own, now_ms)))
    })
}
