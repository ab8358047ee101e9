//! ResolveTradeSettlement: a person decides what nobody else can, and the venue is read before it counts.

use super::access::renewing;
use super::steps::at;
use crate::domain::budget::Urgency;
use crate::domain::ids::{EnterpriseId, RequestId, SettlementId};
use crate::domain::policy::{Denied, Resource};
use crate::domain::trade::{
    Evidence, Finding, Nonces, Resolution, Shown, TradeChange, TradeState, TradeWrite, find_ours, judge_affirmation,
};
use crate::service::context::{Caller, Context};
use crate::service::error::{NotFound, ServiceError, VenueCall};
use crate::store::ErrandKind;
use crate::upstream::{TradeVenue, VenueFailure};

/// What a person says became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TradeDecision {
    /// A creation made this settlement.
    Created(SettlementId),
    /// A word to an affirmation took effect.
    TookEffect,
    /// It made nothing.
    Nothing,
}

/// A person's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeResolution {
    /// Whose write.
    pub enterprise_id: EnterpriseId,
    /// Which.
    pub request_id: RequestId,
    /// What is said of it.
    pub decision: TradeDecision,
    /// Why, for whoever reads the journal.
    pub why: String,
}

/// Decides a write that needs a person. The same decision again returns the stored write.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::NotFound`], [`ServiceError::NotResolvable`],
/// [`ServiceError::ResolutionRefuted`] when the venue shows otherwise, [`ServiceError::Venue`] or a failing journal.
pub async fn resolve_trade_settlement(
    context: &Context,
    caller: &Caller,
    resolution: TradeResolution,
) -> Result<TradeWrite, ServiceError> {
    let enterprise_id = &resolution.enterprise_id;
    caller.may(Resource::Enterprise(enterprise_id))?;
    let venue = context.directory.enterprise(enterprise_id).ok_or(Denied)?.trading.venue.clone();
    let found = context.store.trade(enterprise_id, &resolution.request_id).await?;
    let write = found.ok_or(ServiceError::NotFound(NotFound::TradeSettlement))?;
    let took_effect = resolution.decision != TradeDecision::Nothing;
    if write.progress.state != TradeState::NeedsOperator {
        let decided = write.progress.resolution.as_ref().map(|decided| decided.took_effect);
        return if decided == Some(took_effect) { Ok(write) } else { Err(ServiceError::NotResolvable) };
    }
    let finding = find(venue.as_ref(), &write, &resolution.decision).await?;
    let now = context.clock.now();
    let resolution = Resolution { took_effect, by: caller.grants.caller.clone(), why: resolution.why, at: now };
    let change = TradeChange::Resolved { resolution, finding };
    let after = write.after(&change, now).map_err(|_| ServiceError::NotResolvable)?;
    context.store.save_trade(None, &change, &after).await?;
    super::report::changed(&change, &after);
    context.errands.announce(ErrandKind::Trade, &after.id.to_string());
    context.errands.wake();
    Ok(after)
}

/// Holds the decision against what the venue shows.
async fn find(venue: &dyn TradeVenue, write: &TradeWrite, decision: &TradeDecision) -> Result<Finding, ServiceError> {
    let failed = |failure: VenueFailure| ServiceError::Venue { call: VenueCall::Read, failure };
    let refuted = |why: &str| Err(ServiceError::ResolutionRefuted(why.to_owned()));
    match (write.header.asked.action.affirmation_id(), decision) {
        (None, TradeDecision::Created(id)) => {
            let found = renewing(venue, || venue.trade_settlement(at(write), id)).await.map_err(failed)?;
            let Some(found) = found else { return refuted("the venue knows no such settlement of this account") };
            let nonces = write.progress.nonces.clone().unwrap_or(Nonces { hold: String::new(), settle: String::new() });
            if found.evidence(&write.header.asked.account_id, &nonces) == Evidence::Others {
                return refuted("the venue shows that settlement with another payload");
            }
            Ok(Finding::TookEffect(Shown::Settlement(Box::new(found))))
        }
        (None, TradeDecision::Nothing) => {
            let list = renewing(venue, || venue.trade_settlements(at(write), Urgency::Settling)).await.map_err(failed)?;
            match find_ours(&list, write) {
                Some(_) => refuted("the venue shows a settlement of this very payload"),
                None => Ok(Finding::Nothing),
            }
        }
        (Some(id), TradeDecision::TookEffect | TradeDecision::Nothing) => {
            let found = renewing(venue, || venue.affirmation(at(write), id, Urgency::Settling)).await.map_err(failed)?;
            let effect = match found.and_then(|affirmation| judge_affirmation(&affirmation, write)) {
                Some(TradeChange::Taken { shown }) => Some(shown),
                _ => None,
            };
            match (effect, decision) {
                (Some(shown), TradeDecision::TookEffect) => Ok(Finding::TookEffect(shown)),
                (None, TradeDecision::Nothing) => Ok(Finding::Nothing),
                (Some(_), _) => refuted("the venue shows that it took effect"),
                (None, _) => refuted("the venue does not show that it took effect"),
            }
        }
        (None, TradeDecision::TookEffect) => refuted("a creation is resolved by the settlement that it made"),
        (Some(_), TradeDecision::Created(_)) => refuted("a word to an affirmation makes no settlement"),
    }
}
