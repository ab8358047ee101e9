//! Creating a quote.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::sandbox::config::{Rate, SandboxConfig};
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Durability, Quote, Record};

use super::entry::Entry;
use super::money::{destination_amount, fulfillment};
use super::refusal::Refusal;
use super::{wallet, wire};

#[derive(Deserialize)]
pub(super) struct Request {
    source_amount: u64,
    source_currency: String,
    destination_currency: String,
    external_merchant_id: String,
    chain: String,
    wallet_address: String,
}

/// Gives a quote; there is no idempotency, so a repeat is another quote.
pub(crate) async fn quote(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Response, Refusal> {
    let quote = quoted(&desk.config, entry.body()?, desk.now_ms())?;
    let body = wire::created(&quote);
    desk.ledger.change(move |ledger| ledger.commit(Record::Quoted(Box::new(quote)), Durability::Synced)).await?;
    Ok(wire::answer(StatusCode::CREATED, body))
}

fn quoted(config: &SandboxConfig, request: Request, now_ms: i64) -> Result<Quote, Refusal> {
    let rate = checked(config, &request)?;
    let fulfilled = fulfillment(request.source_amount, rate.liquidity_minor_units);
    let destination_amount = match fulfilled.name {
        "none" => "0.00".to_owned(),
        _ => destination_amount(fulfilled.expected_source_amount, rate)
            .ok_or_else(|| Refusal::field("amount_below_minimum", "source_amount"))?,
    };
    Ok(Quote {
        tx_id: format!("tx_{}", Uuid::new_v4().simple()),
        external_merchant_id: request.external_merchant_id,
        source_amount: request.source_amount,
        expected_source_amount: fulfilled.expected_source_amount,
        source_currency: request.source_currency,
        destination_currency: request.destination_currency,
        chain: request.chain,
        wallet_address: request.wallet_address,
        exchange_rate: rate.rate.clone(),
        destination_amount,
        platform_fee: rate.fee.clone(),
        fulfillment: fulfilled.name.to_owned(),
        created_ms: now_ms,
        expires_ms: now_ms + config.bitlipa.quote_lifetime_ms,
        confirmed: None,
        cancelled_ms: None,
        ended: None,
    })
}

fn checked<'a>(config: &'a SandboxConfig, request: &Request) -> Result<&'a Rate, Refusal> {
    let rules = &config.bitlipa;
    let known = config.merchants.is_empty() || config.merchants.contains(&request.external_merchant_id);
    if !known || request.external_merchant_id.is_empty() {
        return Err(Refusal::field("invalid_request", "external_merchant_id"));
    }
    if !rules.chains.contains(&request.chain) {
        return Err(Refusal::field("unsupported_chain", "chain"));
    }
    if !wallet::is_address(&request.wallet_address) {
        return Err(Refusal::field("invalid_wallet_address", "wallet_address"));
    }
    if request.source_amount < rules.minimum_minor_units {
        return Err(Refusal::field("amount_below_minimum", "source_amount"));
    }
    if request.source_amount > rules.maximum_minor_units {
        return Err(Refusal::field("amount_above_maximum", "source_amount"));
    }
    let pair = |rate: &&Rate| rate.source == request.source_currency && rate.destination == request.destination_currency;
    rules.rates.iter().find(pair).ok_or_else(|| Refusal::field("unsupported_pair", "destination_currency"))
}
