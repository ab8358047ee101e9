//! ResolveTradeSettlement: a person decides what nobody else can, and the venue is read before it counts.

use super::access::renewing;
use super::steps::at;
use crate::domain::budget::Urgency;
use crate::domain::ids::{EnterpriseId, RequestId, SettlementId, same_id};
use crate::domain::policy::{Denied, Resource};
use crate::domain::trade::{
    Evidence, Finding, Resolution, Shown, TradeChange, TradeState, TradeWrite, VenueTradeSettlement, judge_affirmation,
    shows_ours,
};
use crate::service::context::{Caller, Context};
use crate::service::error::{NotFound, ServiceError, VenueCall};
use crate::store::{ErrandKind, TradeSaved};
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
        return if is_decided_so(&write, &resolution.decision) { Ok(write) } else { Err(ServiceError::NotResolvable) };
    }
    context.hold_journal().await?;
    hold_unclaimed(context, &write, &resolution.decision).await?;
    let finding = find(venue.as_ref(), &write, &resolution.decision).await?;
    let now = context.clock.now();
    let resolution = Resolution { took_effect, by: caller.grants.caller.clone(), why: resolution.why, at: now };
    let change = TradeChange::Resolved { resolution, finding };
    let after = write.after(&change, now).map_err(|_| ServiceError::NotResolvable)?;
    if context.store.save_trade(None, &change, &after).await? == TradeSaved::PayloadHeld {
        return Err(ServiceError::NotResolvable);
    }
    super::report::changed(&change, &after);
    context.errands.announce(ErrandKind::Trade, &after.id.to_string());
    context.errands.wake();
    Ok(after)
}

/// Whether a write that waits for nobody was decided by a person, and just so.
fn is_decided_so(write: &TradeWrite, decision: &TradeDecision) -> bool {
    let took_effect = write.progress.resolution.as_ref().map(|decided| decided.took_effect);
    match decision {
        TradeDecision::Created(id) => {
            let is_it = write.settlement_id().is_some_and(|made| same_id(made, id.as_str()));
            took_effect == Some(true) && is_it
        }
        TradeDecision::TookEffect => took_effect == Some(true),
        TradeDecision::Nothing => took_effect == Some(false),
    }
}

/// No two requests made the same settlement.
async fn hold_unclaimed(context: &Context, write: &TradeWrite, decision: &TradeDecision) -> Result<(), ServiceError> {
    let TradeDecision::Created(id) = decision else { return Ok(()) };
    match context.store.trade_of_settlement(&write.header.asked.enterprise_id, id).await? {
        Some(other) if other.id != write.id => {
            Err(ServiceError::ResolutionRefuted("another request made that settlement".to_owned()))
        }
        Some(_) | None => Ok(()),
    }
}

/// What a settlement that a person names says of the write that is said to have made it.
fn made_by(write: &TradeWrite, found: VenueTradeSettlement) -> Result<Finding, ServiceError> {
    let refuted = |why: &str| Err(ServiceError::ResolutionRefuted(why.to_owned()));
    let nonces = write.progress.nonces.as_ref();
    match nonces.map(|nonces| found.evidence(&write.header.asked.account_id, nonces)) {
        Some(Evidence::Others) => refuted("the venue shows that settlement with another payload"),
        // What was never sent made nothing, unless the venue shows its very payload.
        Some(Evidence::Untold) | None if !write.progress.exposed => refuted("the request was never sent"),
        Some(Evidence::Ours | Evidence::Untold) | None => Ok(Finding::TookEffect(Shown::Settlement(Box::new(found)))),
    }
}

/// Holds the decision against what the venue shows.
async fn find(venue: &dyn TradeVenue, write: &TradeWrite, decision: &TradeDecision) -> Result<Finding, ServiceError> {
    let failed = |failure: VenueFailure| ServiceError::Venue { call: VenueCall::Read, failure };
    let refuted = |why: &str| Err(ServiceError::ResolutionRefuted(why.to_owned()));
    match (write.header.asked.action.affirmation_id(), decision) {
        (None, TradeDecision::Created(id)) => {
            let found = renewing(venue, || venue.trade_settlement(at(write), id)).await.map_err(failed)?;
            match found {
                Some(found) => made_by(write, found),
                None => refuted("the venue knows no such settlement of this account"),
            }
        }
        (None, TradeDecision::Nothing) if write.progress.settlement.is_some() => {
            refuted("the venue has shown the settlement that it made")
        }
        (None, TradeDecision::Nothing) => {
            let list = renewing(venue, || venue.trade_settlements(at(write), Urgency::Settling)).await.map_err(failed)?;
            if shows_ours(&list, write) {
                return refuted("the venue shows a settlement of this very payload");
            }
            Ok(Finding::Nothing)
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
