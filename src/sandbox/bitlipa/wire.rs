//! Quotes as Bitlipa writes them: decimals are JSON numbers, digit for digit, so the text is written by hand.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::sandbox::config::BitlipaRules;
use crate::sandbox::ledger::{Ended, Quote};
use crate::sandbox::ordered::quoted;
use crate::sandbox::time::iso_seconds;

/// How a payout ended, or that it has not: by command, or by itself once its time is over.
enum End<'a> {
    /// Not yet.
    None,
    /// Paid out, at this time.
    Executed(i64),
    /// Failed, at this time and for this reason.
    Failed(i64, &'a str),
}

fn end<'a>(quote: &'a Quote, rules: &BitlipaRules, now_ms: i64) -> End<'a> {
    let Some(confirmed) = &quote.confirmed else { return End::None };
    let at_ms = confirmed.at_ms + rules.execution_ms;
    match &quote.ended {
        Some(Ended { failure: None, at_ms }) => End::Executed(*at_ms),
        Some(Ended { failure: Some(reason), at_ms }) => End::Failed(*at_ms, reason),
        None if now_ms < at_ms => End::None,
        None if rules.executions_fail => End::Failed(at_ms, "payout was refused by the network"),
        None => End::Executed(at_ms),
    }
}

/// How far a quote has come. There is no `expired`: it follows from `expires_at`.
pub(crate) fn status(quote: &Quote, rules: &BitlipaRules, now_ms: i64) -> &'static str {
    match (end(quote, rules, now_ms), &quote.confirmed, quote.cancelled_ms) {
        (_, _, Some(_)) => "cancelled",
        (_, None, None) => "quoted",
        (End::None, Some(_), None) => "processing",
        (End::Executed(_), Some(_), None) => "executed",
        (End::Failed(..), Some(_), None) => "failed",
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
    let (executed_ms, failure) = match end(quote, rules, now_ms) {
        End::None => (None, None),
        End::Executed(at_ms) => (Some(at_ms), None),
        End::Failed(at_ms, reason) => (Some(at_ms), Some(reason)),
    };
    let tx_hash = (status == "executed").then(|| format!("0x{}", crate::sandbox::bitgo::body_digest(quote.tx_id.as_bytes())));
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
