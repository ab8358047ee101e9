//! CreateQuote: ask Bitlipa for a price (seed 004).
//!
//! The venue has no idempotency key: a repeat would be another quote, which
//! lapses unconfirmed. Under a request id the first quote is kept and repeated.

use jiff::Timestamp;
use metrics::histogram;
use tracing::Instrument;

use super::context::{Caller, Context};
use super::directory::QuoteDesk;
use super::error::{NotFound, Problem, ServiceError, VenueCall, Violation};
use crate::domain::ids::{CallerId, RequestId};
use crate::domain::policy::Resource;
use crate::domain::quote::{Quote, QuoteRequest, VenueQuote};
use crate::store::QuoteRecorded;
use crate::upstream::VenueFailure;

/// Asks for a price, or repeats the one that the request id already has.
///
/// The venue is asked in a task of its own, so that a quote is recorded although its caller has gone.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::Invalid`], [`ServiceError::WalletNotAllowed`],
/// [`ServiceError::RequestIdReused`], [`ServiceError::Overloaded`], [`ServiceError::Venue`], also for an answer that is not
/// what was asked for, or a failing journal.
pub async fn create_quote(context: &Context, caller: &Caller, request: QuoteRequest) -> Result<Quote, ServiceError> {
    caller.may(Resource::Merchant(&request.merchant_id))?;
    let desk = desk(context)?.clone();
    permit(&desk, &request)?;
    let (context, caller) = (context.clone(), caller.grants.caller.clone());
    let asking = tokio::spawn(async move { once(&context, caller, &desk, request).await }.in_current_span());
    asking.await.unwrap_or_else(|panic| Err(ServiceError::Internal("the quote's task ended early", Some(Box::new(panic)))))
}

/// Asks once for each request id. A second call under it waits until the first has its quote, and gets the same.
async fn once(context: &Context, caller: CallerId, desk: &QuoteDesk, request: QuoteRequest) -> Result<Quote, ServiceError> {
    let Some(request_id) = &request.request_id else { return ask(context, caller, desk, request).await };
    let _turn = desk.turns.take(&caller, request_id).await.ok_or(ServiceError::Overloaded)?;
    if let Some(quote) = recorded(context, &caller, request_id, &request).await? {
        return Ok(quote);
    }
    let quote = ask(context, caller.clone(), desk, request.clone()).await?;
    // The journal decides which quote the request id has.
    Ok(recorded(context, &caller, request_id, &request).await?.unwrap_or(quote))
}

/// Records the request unless its id is recorded, and reads the quote that the id has.
async fn recorded(
    context: &Context,
    caller: &CallerId,
    request_id: &RequestId,
    request: &QuoteRequest,
) -> Result<Option<Quote>, ServiceError> {
    match context.store.record_quote_request(caller, request_id, request, context.clock.now()).await? {
        QuoteRecorded::New => Ok(None),
        QuoteRecorded::Existing(first, quote) => {
            hold_same(&first, request)?;
            Ok(quote.map(|quote| *quote))
        }
    }
}

async fn ask(context: &Context, caller: CallerId, desk: &QuoteDesk, request: QuoteRequest) -> Result<Quote, ServiceError> {
    context.hold_journal().await?;
    let requested_at = context.clock.now();
    let answer = desk.venue.create_quote(&request).await;
    let venue = answer.map_err(|failure| ServiceError::Venue { call: VenueCall::Quote, failure })?;
    hold_answer(VenueCall::Quote, &venue, &request)?;
    let read_at = context.clock.now();
    let quote = Quote { request, caller, requested_at, venue, read_at, sequence: 1, confirmation: None };
    if context.store.record_quote(&quote).await? {
        tell_left(&quote, "CREATED", read_at);
        return Ok(quote);
    }
    Err(unbelievable(VenueCall::Quote, "its tx_id belongs to another request"))
}

/// Tells operators for how long a price still holds.
pub(super) fn tell_left(quote: &Quote, at: &'static str, now: Timestamp) {
    if let Some(left) = quote.left(now) {
        histogram!("settlement_gateway_quote_left_seconds", "at" => at).record(left);
    }
}

/// What the venue shows must be for what was asked: a price for another wallet would have the merchant's money paid there.
pub(super) fn hold_answer(call: VenueCall, venue: &VenueQuote, request: &QuoteRequest) -> Result<(), ServiceError> {
    match venue.differs_from(request) {
        Some(member) => Err(unbelievable(call, &format!("its {member} is not what was asked for"))),
        None => Ok(()),
    }
}

/// An answer that contradicts what was asked.
pub(super) fn unbelievable(call: VenueCall, detail: &str) -> ServiceError {
    ServiceError::Venue { call, failure: VenueFailure::Unreadable { detail: detail.to_owned() } }
}

/// Where quotes are had; without a venue there are no merchants either.
pub(super) fn desk(context: &Context) -> Result<&QuoteDesk, ServiceError> {
    context.directory.quotes.as_ref().ok_or(ServiceError::NotFound(NotFound::Quote))
}

/// Holds a request against the configured chains, currencies and wallets, before any call.
fn permit(desk: &QuoteDesk, request: &QuoteRequest) -> Result<(), ServiceError> {
    let checks = [
        ("chain", desk.chains.contains(&request.chain), Problem::ChainNotConfigured),
        ("source_currency", desk.source_currencies.contains(&request.source_currency), Problem::CurrencyNotConfigured),
        (
            "destination_currency",
            desk.destination_currencies.contains(&request.destination_currency),
            Problem::CurrencyNotConfigured,
        ),
    ];
    let violation = |(field, _, problem): (&str, bool, Problem)| Violation { field: field.to_owned(), problem };
    let violations: Vec<_> = checks.into_iter().filter(|(_, known, _)| !known).map(violation).collect();
    if !violations.is_empty() {
        return Err(ServiceError::Invalid(violations));
    }
    if !desk.merchants.contains_key(&request.merchant_id) {
        return Err(crate::domain::policy::Denied.into());
    }
    if desk.pays_out_to(request) { Ok(()) } else { Err(ServiceError::WalletNotAllowed) }
}

/// A repeat must ask for the same.
fn hold_same(first: &QuoteRequest, again: &QuoteRequest) -> Result<(), ServiceError> {
    let checks = [
        ("source_amount", first.source_amount == again.source_amount),
        ("source_currency", first.source_currency == again.source_currency),
        ("destination_currency", first.destination_currency == again.destination_currency),
        ("external_merchant_id", first.merchant_id == again.merchant_id),
        ("chain", first.chain == again.chain),
        ("wallet_address", first.wallet.is_same_account(&again.wallet)),
    ];
    let fields: Vec<_> = checks.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect();
    if fields.is_empty() { Ok(()) } else { Err(ServiceError::RequestIdReused { fields }) }
}
