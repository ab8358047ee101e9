//! CancelQuote: give a quote up that is not confirmed. It moves no money, so nothing is recorded before the call.

use tracing::Instrument;

use super::context::{Caller, Context};
use super::create_quote::{desk, hold_answer};
use super::directory::QuoteDesk;
use super::error::{NotFound, ServiceError, VenueCall};
use crate::domain::budget::Urgency;
use crate::domain::ids::{MerchantId, TxId};
use crate::domain::policy::Resource;
use crate::domain::quote::{ConfirmationState, Quote, QuoteStatus, VenueQuote, refusal};
use crate::store::ErrandKind;
use crate::upstream::VenueFailure;

/// Cancels a merchant's quote; one that is cancelled already is returned as it is.
///
/// The venue is asked in a task of its own, so that what it says is recorded although the caller has gone.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`], [`ServiceError::QuoteBeingConfirmed`],
/// [`ServiceError::QuoteNotCancellable`], [`ServiceError::CancellationUnknown`], [`ServiceError::Venue`] or a failing journal.
pub async fn cancel_quote(
    context: &Context,
    caller: &Caller,
    merchant_id: &MerchantId,
    tx_id: &TxId,
) -> Result<Quote, ServiceError> {
    caller.may(Resource::Merchant(merchant_id))?;
    let desk = desk(context)?.clone();
    let quote = context.store.quote(merchant_id, tx_id).await?.ok_or(ServiceError::NotFound(NotFound::Quote))?;
    if quote.venue.status == QuoteStatus::Cancelled {
        return Ok(quote);
    }
    let quote = cancellable(quote)?;
    context.hold_journal().await?;
    let context = context.clone();
    let asking = tokio::spawn(async move { cancel(&context, &desk, quote).await }.in_current_span());
    asking.await.unwrap_or_else(|panic| Err(ServiceError::Internal("the cancellation's task ended early", Some(Box::new(panic)))))
}

fn cancellable(quote: Quote) -> Result<Quote, ServiceError> {
    let state = quote.confirmation.as_ref().map(|confirmation| confirmation.state);
    let is_taken_up = quote.venue.status == QuoteStatus::Processing || quote.venue.status.has_ended();
    match state {
        Some(state) if state.is_under_way() => Err(ServiceError::QuoteBeingConfirmed(Box::new(quote))),
        Some(ConfirmationState::Confirmed | ConfirmationState::NeedsOperator) => {
            Err(ServiceError::QuoteNotCancellable(Box::new(quote)))
        }
        Some(_) | None if is_taken_up => Err(ServiceError::QuoteNotCancellable(Box::new(quote))),
        Some(_) | None => Ok(quote),
    }
}

/// Asks the venue. Whatever it answers but a cancellation, the quote is read back, and the reading decides.
async fn cancel(context: &Context, desk: &QuoteDesk, quote: Quote) -> Result<Quote, ServiceError> {
    let tx_id = quote.venue.tx_id.clone();
    let failure = match desk.venue.cancel_quote(&tx_id).await {
        Ok(receipt) if receipt.status == QuoteStatus::Cancelled => {
            let venue = VenueQuote { cancelled_at: receipt.cancelled_at, ..quote.venue.now(&receipt) };
            return keep(context, quote, venue).await;
        }
        Ok(_) => None,
        Err(failure) => Some(failure),
    };
    let Ok(venue) = desk.venue.get_quote(&tx_id, Urgency::Settling).await else { return Err(unread(failure)) };
    hold_answer(VenueCall::Read, &venue, &quote.request)?;
    let quote = keep(context, quote, venue).await?;
    match quote.venue.status {
        QuoteStatus::Cancelled => Ok(quote),
        QuoteStatus::Processing | QuoteStatus::Executed | QuoteStatus::Failed => {
            Err(ServiceError::QuoteNotCancellable(Box::new(quote)))
        }
        QuoteStatus::Quoted | QuoteStatus::Unrecognised => Err(still_quoted(failure, quote.is_expired(context.clock.now()))),
    }
}

async fn keep(context: &Context, quote: Quote, venue: VenueQuote) -> Result<Quote, ServiceError> {
    let quote = Quote { venue, read_at: context.clock.now(), ..quote };
    context.store.save_quote(&quote).await?;
    context.errands.announce(ErrandKind::Quote, quote.venue.tx_id.as_str());
    let saved = context.store.quote(&quote.request.merchant_id, &quote.venue.tx_id).await?;
    saved.ok_or(ServiceError::NotFound(NotFound::Quote))
}

/// A quote that could not be read back: only a call that had no effect for certain leaves it as it was.
fn unread(failure: Option<VenueFailure>) -> ServiceError {
    match failure {
        Some(failure) if is_untaken(&failure) => venue(failure),
        Some(_) | None => ServiceError::CancellationUnknown,
    }
}

/// A quote that is still offered: after a refusal in the venue's own words that is the answer; after anything else the
/// cancellation may yet arrive, or have arrived.
fn still_quoted(failure: Option<VenueFailure>, has_lapsed: bool) -> ServiceError {
    match failure {
        Some(failure) if is_untaken(&failure) || is_refusal(&failure, has_lapsed) => venue(failure),
        Some(_) | None => ServiceError::CancellationUnknown,
    }
}

/// Whether a call had no effect for certain.
fn is_untaken(failure: &VenueFailure) -> bool {
    matches!(failure, VenueFailure::NotSent { .. } | VenueFailure::OverBudget { .. } | VenueFailure::Refused { status: 429, .. })
}

/// Whether the venue itself refused. A conflict with a quote that is shown as offered is none, unless it has lapsed: the quote
/// may be cancelled, and the reading old.
fn is_refusal(failure: &VenueFailure, has_lapsed: bool) -> bool {
    let VenueFailure::Refused { status, error, .. } = failure else { return false };
    error.name.is_some() && refusal(*status).is_some() && (*status != 409 || has_lapsed)
}

fn venue(failure: VenueFailure) -> ServiceError {
    ServiceError::Venue { call: VenueCall::Read, failure }
}
