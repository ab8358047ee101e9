//! Quotes as Bitlipa writes them: decimals are JSON numbers, digit for digit, so the text is written by hand.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::sandbox::config::BitlipaRules;
use crate::sandbox::ledger::Quote;
use crate::sandbox::ordered::quoted;
use crate::sandbox::time::iso_seconds;

/// How far a quote has come. There is no `expired`: it follows from `expires_at`.
pub(crate) fn status(quote: &Quote, rules: &BitlipaRules, now_ms: i64) -> &'static str {
    match (&quote.confirmed, quote.cancelled_ms) {
        (_, Some(_)) => "cancelled",
        (None, None) => "quoted",
        (Some(confirmed), None) if now_ms < confirmed.at_ms + rules.execution_ms => "processing",
        _ if rules.executions_fail => "failed",
        _ => "executed",
    }
}

/// What creating a quote answers.
pub(crate) fn created(quote: &Quote) -> String {
    format!("{{{}}}", terms(quote, "quoted"))
}

/// What reading a quote answers: its terms and its history.
pub(crate) fn full(quote: &Quote, rules: &BitlipaRules, now_ms: i64) -> String {
    let status = status(quote, rules, now_ms);
    let confirmed_ms = quote.confirmed.as_ref().map(|confirmed| confirmed.at_ms);
    let ended = matches!(status, "executed" | "failed");
    let executed_ms = confirmed_ms.filter(|_| ended).map(|at| at + rules.execution_ms);
    let tx_hash = (status == "executed").then(|| format!("0x{}", crate::sandbox::bitgo::body_digest(quote.tx_id.as_bytes())));
    let failure = (status == "failed").then_some("payout was refused by the network");
    format!(
        "{{{},\"source_amount\":{},\"external_merchant_id\":{},\"wallet_address\":{},\"external_tx_id\":{},\"tx_hash\":{},\
         \"failure_reason\":{},\"created_at\":{},\"confirmed_at\":{},\"executed_at\":{},\"cancelled_at\":{}}}",
        terms(quote, status),
        quote.source_amount,
        quoted(&quote.external_merchant_id),
        quoted(&quote.wallet_address),
        text_or_null(quote.confirmed.as_ref().map(|confirmed| confirmed.external_tx_id.as_str())),
        text_or_null(tx_hash.as_deref()),
        text_or_null(failure),
        quoted(&iso_seconds(quote.created_ms)),
        instant_or_null(confirmed_ms),
        instant_or_null(executed_ms),
        instant_or_null(quote.cancelled_ms),
    )
}

fn terms(quote: &Quote, status: &str) -> String {
    format!(
        "\"tx_id\":{},\"status\":{},\"source_currency\":{},\"destination_currency\":{},\"chain\":{},\"exchange_rate\":{},\
         \"destination_amount\":{},\"platform_fee\":{},\"fulfillment\":{},\"expected_source_amount\":{},\"expires_at\":{}",
        quoted(&quote.tx_id),
        quoted(status),
        quoted(&quote.source_currency),
        quoted(&quote.destination_currency),
        quoted(&quote.chain),
        quote.exchange_rate,
        quote.destination_amount,
        quote.platform_fee,
        quoted(&quote.fulfillment),
        quote.expected_source_amount,
        quoted(&iso_seconds(quote.expires_ms)),
    )
}

fn text_or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quoted)
}

fn instant_or_null(at_ms: Option<i64>) -> String {
    text_or_null(at_ms.map(iso_seconds).as_deref())
}

/// JSON that was written by hand.
pub(crate) fn answer(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
