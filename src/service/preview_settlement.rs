//! `validate_only`: what InitiateSettlement would do, without a row, a reservation or a signature.

use jiff::Timestamp;

use super::context::{Caller, Context};
use super::directory::SettlementTerms;
use super::error::{ServiceError, VenueCall};
use super::initiate_settlement::{InitiateSettlement, hold_against_clock, hold_assertions, hold_superseded, pin};
use super::renewing::renewing;
use crate::domain::budget::Urgency;
use crate::domain::payload::hold_settlement;
use crate::domain::settlement::{Asked, Intent, NetTotal, Shortfall, shortfalls};
use crate::store::SettlementName;

/// What InitiateSettlement would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The request with everything pinned as it would be.
    pub intent: Intent,
    /// The venue's signing payload; it says what was asked.
    pub payload: String,
    /// What each currency adds up to.
    pub net_totals: Vec<NetTotal>,
    /// The accounts that owe more than they have, the partner's own first, then by connection and currency.
    pub shortfalls: Vec<Shortfall>,
    /// When the balances were read.
    pub balances_read_at: Timestamp,
}

/// Does everything that InitiateSettlement does before it records anything, and reads the balances. Under an id that is
/// recorded already it shows what was recorded. Of the limits it holds those of one settlement, not the day's so far.
///
/// # Errors
/// [`ServiceError`]: the same refusals as InitiateSettlement, and [`ServiceError::Venue`] when the venue cannot be asked.
pub async fn preview_settlement(
    context: &Context,
    caller: &Caller,
    request: InitiateSettlement,
) -> Result<Preview, ServiceError> {
    let (enterprise, terms) = context.settling(caller, &request.asked.enterprise_id)?;
    caller.grants.limits_for(&request.asked.amounts)?;
    hold_assertions(terms, &request)?;
    let intent = match stored_intent(context, &request.asked).await? {
        Some(intent) => intent,
        None => new_intent(context, caller, request, terms).await?,
    };
    let venue = enterprise.venue.as_ref();
    let read = |failure| ServiceError::Venue { call: VenueCall::Read, failure };
    let payload = renewing(venue, || venue.signing_payload(&intent, Urgency::Looking)).await.map_err(read)?;
    hold_settlement(&payload, &intent).map_err(ServiceError::PayloadMismatch)?;
    let balances = renewing(venue, || venue.network_balances(&enterprise.id)).await.map_err(read)?;
    Ok(Preview {
        net_totals: intent.asked.amounts.net_totals(),
        shortfalls: shortfalls(intent.asked.amounts.legs(), &balances),
        balances_read_at: context.clock.now(),
        payload,
        intent,
    })
}

/// What is recorded under the external id: a repeat sends that, with its own nonce, and holds nothing against it again.
async fn stored_intent(context: &Context, again: &Asked) -> Result<Option<Intent>, ServiceError> {
    let name = SettlementName::External(again.external_id.clone());
    let Some(stored) = context.store.settlement(&again.enterprise_id, &name).await? else { return Ok(None) };
    let intent = context.store.intent(stored.id).await?;
    let fields = intent.differences(again);
    if fields.is_empty() {
        return Ok(Some(intent));
    }
    Err(ServiceError::ExternalIdReused { settlement: Box::new(stored), fields })
}

/// What would be recorded, once it may be.
async fn new_intent(
    context: &Context,
    caller: &Caller,
    request: InitiateSettlement,
    terms: &SettlementTerms,
) -> Result<Intent, ServiceError> {
    hold_against_clock(context, terms, &request)?;
    caller.hold_limits(&request.asked.amounts)?;
    hold_superseded(context, &request.asked).await?;
    pin(context, caller, request, terms)
}
