//! PreviewSettlement and `validate_only`: what InitiateSettlement would do, without a row, a reservation or a signature.

use super::before;
use super::context::{Caller, Context};
use super::directory::SettlementTerms;
use super::error::{ServiceError, VenueCall};
use super::funds::Funds;
use super::initiate_settlement::{InitiateSettlement, hold_against_clock, hold_assertions, new_settlement, unless_refused};
use super::renewing::renewing;
use crate::domain::budget::Urgency;
use crate::domain::network::PartnerTerms;
use crate::domain::payload::hold_settlement;
use crate::domain::policy::SpendLimit;
use crate::domain::settlement::{Asked, Intent, NetTotal};
use crate::store::{Recorded, SettlementName};

/// How much of a caller's limit of the day is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayLeft {
    /// The limit.
    pub limit: SpendLimit,
    /// What the caller may still have recorded, before this settlement: a decimal, zero where the limit was lowered since.
    pub left: String,
}

/// What InitiateSettlement would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The request with everything pinned as it would be.
    pub intent: Intent,
    /// The venue's signing payload; it says what was asked.
    pub payload: String,
    /// What each currency adds up to.
    pub net_totals: Vec<NetTotal>,
    /// What accounts hold beside what it would take.
    pub funds: Funds,
    /// The caller's limits of the day, by currency.
    pub days_left: Vec<DayLeft>,
    /// The partner's terms at the venue, where it tells any.
    pub terms: Option<PartnerTerms>,
}

/// Does everything that InitiateSettlement does before it records anything, and reads the balances. Under an id that is
/// recorded already it shows what was recorded, and holds nothing against it again.
///
/// # Errors
/// [`ServiceError`]: the same refusals as InitiateSettlement, and [`ServiceError::Venue`] when the venue cannot be asked.
pub async fn preview_settlement(
    context: &Context,
    caller: &Caller,
    request: InitiateSettlement,
) -> Result<Preview, ServiceError> {
    let (enterprise, settling) = context.settling(caller, &request.asked.enterprise_id)?;
    let limits = caller.grants.limits_for(&request.asked.amounts)?;
    hold_assertions(settling, &request)?;
    let (intent, terms) = match stored_intent(context, &request.asked).await? {
        Some(intent) => (intent, before::terms(context, enterprise).await?),
        None => {
            let intent = new_intent(context, caller, request, settling, limits.clone()).await?;
            let terms = before::hold_route(context, enterprise, intent.route).await?;
            (intent, terms)
        }
    };
    let venue = enterprise.venue.as_ref();
    let payload = renewing(venue, || venue.signing_payload(&intent, Urgency::Looking)).await;
    let payload = payload.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })?;
    hold_settlement(&payload, &intent).map_err(ServiceError::PayloadMismatch)?;
    Ok(Preview {
        net_totals: intent.asked.amounts.net_totals(),
        funds: before::look(context, enterprise, &intent).await?,
        days_left: days_left(context, caller, limits).await?,
        terms,
        payload,
        intent,
    })
}

/// What is recorded under the external id: a repeat sends that, with its own nonce.
async fn stored_intent(context: &Context, again: &Asked) -> Result<Option<Intent>, ServiceError> {
    let name = SettlementName::External(again.external_id.clone());
    let Some(stored) = context.store.settlement(&again.enterprise_id, &name).await? else { return Ok(None) };
    let fields = stored.header.differences(again);
    if fields.is_empty() {
        return Ok(Some(context.store.intent(stored.id).await?));
    }
    Err(ServiceError::ExternalIdReused { settlement: Box::new(stored), fields })
}

/// What would be recorded, once the journal says that it would be.
async fn new_intent(
    context: &Context,
    caller: &Caller,
    request: InitiateSettlement,
    settling: &SettlementTerms,
    limits: Vec<SpendLimit>,
) -> Result<Intent, ServiceError> {
    hold_against_clock(context, settling, &request)?;
    let new = new_settlement(context, caller, request, settling, limits)?;
    let found = context.store.rehearse_settlement(new.clone()).await?;
    match found.map(|found| unless_refused(found, &new.intent.asked)).transpose()? {
        // Recorded since we looked: the next preview shows what stands there.
        Some(Recorded::Existing(settlement)) => Err(ServiceError::StateConflict(settlement)),
        _ => Ok(new.intent),
    }
}

async fn days_left(context: &Context, caller: &Caller, limits: Vec<SpendLimit>) -> Result<Vec<DayLeft>, ServiceError> {
    let limits: Vec<SpendLimit> = limits.into_iter().filter(|limit| limit.per_day.is_some()).collect();
    if limits.is_empty() {
        return Ok(Vec::new());
    }
    let currencies = limits.iter().map(|limit| limit.currency.clone()).collect();
    let spent = context.store.spent_of_day(&caller.grants.caller, currencies, context.clock.now()).await?;
    let left = |limit: SpendLimit| {
        let spent = spent.get(&limit.currency).cloned().unwrap_or_default();
        DayLeft { left: limit.left_of_day(&spent), limit }
    };
    Ok(limits.into_iter().map(left).collect())
}
