//! ResolveQuoteConfirmation: a person decides what nobody else can, and the venue is read before it counts.

use super::confirming::report;
use super::context::{Caller, Context};
use super::create_quote::{desk, hold_answer};
use super::error::{NotFound, ServiceError, VenueCall};
use crate::domain::budget::Urgency;
use crate::domain::ids::{MerchantId, TxId};
use crate::domain::policy::Resource;
use crate::domain::quote::{ConfirmationChange, ConfirmationResolution, ConfirmationState, Quote};
use crate::store::ErrandKind;

/// A person's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteResolution {
    /// Whose quote.
    pub merchant_id: MerchantId,
    /// Which.
    pub tx_id: TxId,
    /// Whether the venue has the confirmation of this gateway.
    pub was_confirmed: bool,
    /// Why, for whoever reads the journal.
    pub why: String,
}

/// Decides a confirmation that needs a person. The same decision again returns the stored quote.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`], [`ServiceError::NotResolvable`],
/// [`ServiceError::ResolutionRefuted`] when the venue shows otherwise, [`ServiceError::Venue`] or a failing journal.
pub async fn resolve_quote_confirmation(
    context: &Context,
    caller: &Caller,
    asked: QuoteResolution,
) -> Result<Quote, ServiceError> {
    let QuoteResolution { merchant_id, tx_id, was_confirmed, why } = asked;
    caller.may(Resource::Merchant(&merchant_id))?;
    let desk = desk(context)?;
    let find = async || context.store.quote(&merchant_id, &tx_id).await?.ok_or(ServiceError::NotFound(NotFound::Quote));
    let stored = find().await?;
    let confirmation = stored.confirmation.as_ref().ok_or(ServiceError::NotResolvable)?;
    if confirmation.state != ConfirmationState::NeedsOperator {
        let decided = confirmation.resolution.as_ref().map(|decided| decided.was_confirmed);
        return if decided == Some(was_confirmed) { Ok(stored) } else { Err(ServiceError::NotResolvable) };
    }
    let asked_at = context.clock.now();
    let answer = desk.venue.get_quote(&tx_id, Urgency::Settling).await;
    let venue = answer.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })?;
    hold_answer(VenueCall::Read, &venue, &stored.request)?;
    let refuted = if venue.is_behind(&stored.venue) {
        Some("the venue shows an earlier state than before")
    } else {
        confirmation.refuted_by(&venue, was_confirmed, asked_at, desk.pace.silence_window)
    };
    if let Some(refuted) = refuted {
        return Err(ServiceError::ResolutionRefuted(refuted.to_owned()));
    }
    let now = context.clock.now();
    let resolution = ConfirmationResolution { was_confirmed, by: caller.grants.caller.clone(), why, at: now };
    let after = confirmation.after(ConfirmationChange::Resolved(resolution), now).ok_or(ServiceError::NotResolvable)?;
    let quote = Quote { venue, read_at: now, confirmation: Some(after.clone()), ..stored };
    context.store.resume_confirmation(&quote, &after).await?;
    report::changed(&quote);
    context.errands.announce(ErrandKind::Quote, tx_id.as_str());
    context.errands.wake();
    find().await
}
