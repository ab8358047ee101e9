//! Reading, confirming and cancelling quotes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Book, Durability, LedgerError, Quote, Record};
use crate::sandbox::time::iso_seconds;

use super::entry::Entry;
use super::refusal::Refusal;
use super::{courier, wire};

#[derive(Deserialize)]
struct Confirm {
    tx_id: String,
    external_tx_id: String,
    callback_url: String,
}

#[derive(Deserialize)]
struct Cancel {
    tx_id: String,
}

/// A quote's terms and history.
pub(crate) async fn read(State(desk): State<Arc<Desk>>, Entry(asked): Entry) -> Result<Response, Refusal> {
    let now_ms = desk.now_ms();
    let body = desk.ledger.read(|book| {
        let quote = book.quote(asked.param("tx_id")).ok_or_else(|| Refusal::of("not_found"))?;
        Ok::<_, Refusal>(wire::full(quote, &desk.config.bitlipa, now_ms))
    })?;
    Ok(wire::answer(StatusCode::OK, body))
}

/// Takes a quote up while it lasts.
pub(crate) async fn confirm(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Response, Refusal> {
    let Confirm { tx_id, external_tx_id, callback_url } = entry.body()?;
    if external_tx_id.is_empty() {
        return Err(Refusal::field("invalid_request", "external_tx_id"));
    }
    if !courier::may_call(&callback_url) {
        return Err(Refusal::field("invalid_request", "callback_url"));
    }
    let at_ms = desk.now_ms();
    let answer = json!({ "tx_id": tx_id, "status": "processing", "confirmed_at": iso_seconds(at_ms) });
    let record = Record::Confirmed { tx_id: tx_id.clone(), external_tx_id, callback_url, at_ms };
    decide(&desk, tx_id, record, move |quote| confirmable(quote, at_ms)).await?;
    Ok(wire::answer(StatusCode::OK, answer.to_string()))
}

/// Gives a quote up while it is only quoted.
pub(crate) async fn cancel(State(desk): State<Arc<Desk>>, entry: Entry) -> Result<Response, Refusal> {
    let Cancel { tx_id } = entry.body()?;
    let at_ms = desk.now_ms();
    let answer = json!({ "tx_id": tx_id, "status": "cancelled", "cancelled_at": iso_seconds(at_ms) });
    let record = Record::Cancelled { tx_id: tx_id.clone(), at_ms };
    decide(&desk, tx_id, record, cancellable).await?;
    Ok(wire::answer(StatusCode::OK, answer.to_string()))
}

fn confirmable(quote: &Quote, now_ms: i64) -> Result<(), Refusal> {
    match (&quote.confirmed, quote.cancelled_ms) {
        (_, Some(_)) => Err(Refusal::of("already_cancelled")),
        (Some(_), None) => Err(Refusal::of("already_confirmed")),
        (None, None) if now_ms >= quote.expires_ms => Err(Refusal::of("quote_expired")),
        (None, None) if quote.fulfillment == "none" => Err(Refusal::field("invalid_request", "tx_id")),
        (None, None) => Ok(()),
    }
}

fn cancellable(quote: &Quote) -> Result<(), Refusal> {
    match (&quote.confirmed, quote.cancelled_ms) {
        (_, Some(_)) => Err(Refusal::of("already_cancelled")),
        (Some(_), None) => Err(Refusal::of("cannot_cancel")),
        (None, None) => Ok(()),
    }
}

/// Ends a payout that is under way, before its time; `false` where none is under that name.
///
/// # Errors
/// [`LedgerError`] when the ledger cannot be written.
pub(crate) async fn end(desk: &Desk, tx_id: String, failure: Option<String>) -> Result<bool, LedgerError> {
    let (at_ms, rules) = (desk.now_ms(), desk.config.bitlipa.clone());
    desk.ledger
        .change(move |ledger| match ledger.book().quote(&tx_id) {
            Some(quote) if wire::status(quote, &rules, at_ms) == "processing" => {
                ledger.commit(Record::Ended { tx_id, failure, at_ms }, Durability::Synced).map(|()| true)
            }
            Some(_) | None => Ok(false),
        })
        .await
}

/// Writes a record where the quote as it is now allows it.
async fn decide<F>(desk: &Desk, tx_id: String, record: Record, allowed: F) -> Result<(), Refusal>
where
    F: FnOnce(&Quote) -> Result<(), Refusal> + Send + 'static,
{
    let look = move |book: &Book| book.quote(&tx_id).ok_or_else(|| Refusal::of("not_found")).and_then(allowed);
    desk.ledger
        .change(move |ledger| match look(ledger.book()) {
            Ok(()) => ledger.commit(record, Durability::Synced).map(Ok),
            Err(refusal) => Ok::<_, LedgerError>(Err(refusal)),
        })
        .await?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::ledger::Confirmation;

    fn quote() -> Quote {
        Quote {
            tx_id: "tx_1".into(),
            external_merchant_id: "m".into(),
            source_amount: 1,
            expected_source_amount: 1,
            source_currency: "KES".into(),
            destination_currency: "USDT".into(),
            chain: "eip155:137".into(),
            wallet_address: "0x".into(),
            exchange_rate: "1".into(),
            destination_amount: "1".into(),
            platform_fee: "0".into(),
            fulfillment: "full".into(),
            created_ms: 0,
            expires_ms: 10,
            confirmed: None,
            cancelled_ms: None,
            ended: None,
        }
    }

    #[test]
    fn a_quote_is_confirmed_once_and_in_time() {
        assert!(confirmable(&quote(), 9).is_ok());
        assert_eq!(confirmable(&quote(), 10).unwrap_err().code(), "quote_expired");
        let confirmed = Quote { confirmed: Some(Confirmation::new("x".into(), String::new(), 1)), ..quote() };
        assert_eq!(confirmable(&confirmed, 2).unwrap_err().code(), "already_confirmed");
        assert_eq!(cancellable(&confirmed).unwrap_err().code(), "cannot_cancel");
        let cancelled = Quote { cancelled_ms: Some(1), ..quote() };
        assert_eq!(confirmable(&cancelled, 2).unwrap_err().code(), "already_cancelled");
        assert_eq!(cancellable(&cancelled).unwrap_err().code(), "already_cancelled");
    }

    #[test]
    fn nothing_can_be_confirmed_where_nothing_can_be_fulfilled() {
        let none = Quote { fulfillment: "none".into(), ..quote() };
        assert_eq!(confirmable(&none, 2).unwrap_err().code(), "invalid_request");
    }
}
