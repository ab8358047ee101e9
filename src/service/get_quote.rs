//! GetQuote: a quote as recorded, or read again from the venue.

use std::time::Duration;

use super::context::{Caller, Context};
use super::create_quote::{desk, hold_answer, unbelievable};
use super::error::{NotFound, ServiceError, VenueCall};
use crate::domain::budget::Urgency;
use crate::domain::ids::{MerchantId, TxId};
use crate::domain::policy::Resource;
use crate::domain::quote::{Quote, QuoteStatus};
use crate::domain::time::later;
use crate::store::ErrandKind;

/// How long after a reading a payout that is under way is looked at again.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// Reads a merchant's quote; `refresh` asks the venue and records what it says.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`], [`ServiceError::Venue`] or a failing journal.
pub async fn get_quote(
    context: &Context,
    caller: &Caller,
    merchant_id: &MerchantId,
    tx_id: &TxId,
    refresh: bool,
) -> Result<Quote, ServiceError> {
    caller.may(Resource::Merchant(merchant_id))?;
    let stored = context.store.quote(merchant_id, tx_id).await?.ok_or(ServiceError::NotFound(NotFound::Quote))?;
    if !refresh {
        return Ok(stored);
    }
    let answer = desk(context)?.venue.get_quote(tx_id, Urgency::Looking).await;
    let venue = answer.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })?;
    if venue.tx_id != *tx_id {
        return Err(unbelievable(VenueCall::Read, "it is another quote"));
    }
    hold_answer(VenueCall::Read, &venue, &stored.request)?;
    if venue.is_behind(&stored.venue) {
        // A copy of the venue's that lags says nothing.
        return Ok(stored);
    }
    let quote = Quote { venue, read_at: context.clock.now(), ..stored };
    context.store.save_quote(&quote).await?;
    if quote.venue.status == QuoteStatus::Processing {
        // Whoever confirmed it, the payout is followed.
        context.store.enlist(ErrandKind::Quote, tx_id.as_str(), later(context.clock.now(), FIRST_LOOK)).await?;
    }
    context.errands.announce(ErrandKind::Quote, tx_id.as_str());
    context.store.quote(merchant_id, tx_id).await?.ok_or(ServiceError::NotFound(NotFound::Quote))
}
