//! CreateQuote: ask Bitlipa for a price (seed 004).
//!
//! The venue has no idempotency key: a repeat would be another quote, which
//! lapses unconfirmed. Under a request id the first quote is kept and repeated.

use super::context::{Caller, Context};
use super::directory::QuoteDesk;
use super::error::{NotFound, Problem, ServiceError, VenueCall, Violation};
use crate::domain::policy::Resource;
use crate::domain::quote::{Quote, QuoteRequest};
use crate::store::QuoteRecorded;

/// Asks for a price, or repeats the one that the request id already has.
///
/// The venue is asked in a task of its own, so that a quote is recorded although its caller has gone.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::Invalid`], [`ServiceError::WalletNotAllowed`],
/// [`ServiceError::RequestIdReused`], [`ServiceError::Venue`] or a failing journal.
pub async fn create_quote(context: &Context, caller: &Caller, request: QuoteRequest) -> Result<Quote, ServiceError> {
    caller.may(Resource::Merchant(&request.merchant_id))?;
    let desk = desk(context)?.clone();
    permit(&desk, &request)?;
    if let Some(request_id) = &request.request_id {
        let now = context.clock.now();
        let recorded = context.store.record_quote_request(&caller.grants.caller, request_id, &request, now).await?;
        if let QuoteRecorded::Existing(first, quote) = recorded {
            hold_same(&first, &request)?;
            if let Some(quote) = quote {
                return Ok(*quote);
            }
        }
    }
    let (context, caller) = (context.clone(), caller.clone());
    let asking = tokio::spawn(async move { ask(&context, &caller, &desk, request).await });
    asking.await.unwrap_or_else(|panic| Err(ServiceError::Internal("the quote's task ended early", Some(Box::new(panic)))))
}

async fn ask(context: &Context, caller: &Caller, desk: &QuoteDesk, request: QuoteRequest) -> Result<Quote, ServiceError> {
    let requested_at = context.clock.now();
    let answer = desk.venue.create_quote(&request).await;
    let venue = answer.map_err(|failure| ServiceError::Venue { call: VenueCall::Quote, failure })?;
    let read_at = context.clock.now();
    let quote = Quote { request, caller: caller.grants.caller.clone(), requested_at, venue, read_at };
    context.store.save_quote(&quote).await?;
    Ok(quote)
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
    let wallets = desk.merchants.get(&request.merchant_id).ok_or(crate::domain::policy::Denied)?;
    if wallets.iter().any(|wallet| wallet.is_same_account(&request.wallet)) {
        return Ok(());
    }
    Err(ServiceError::WalletNotAllowed)
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
