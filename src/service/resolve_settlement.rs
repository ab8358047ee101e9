//! ResolveSettlement: a person decides what nobody else can, and the venue is read before it counts.

use super::context::{Caller, Context};
use super::error::{ServiceError, VenueCall};
use super::get_settlement::find;
use super::renewing::renewing;
use super::retry_settlement::{SettlementVersion, change_by_caller};
use super::view::SettlementView;
use crate::domain::ids::{SettlementId, same_id};
use crate::domain::policy::Denied;
use crate::domain::settlement::{Change, Decision, Settlement, State};
use crate::store::SettlementName;

/// What a person says of a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementDecision {
    /// The engine shall go on with it.
    GoOn,
    /// It is this settlement at the venue.
    Adopt(SettlementId),
    /// There is none at the venue.
    NotCreated,
}

/// A person's decision.
#[derive(Debug, Clone)]
pub struct SettlementResolution {
    /// Of which settlement, as the person saw it.
    pub version: SettlementVersion,
    /// What is said of it.
    pub decision: SettlementDecision,
    /// Why, for whoever reads the timeline.
    pub why: String,
}

/// Decides a settlement that needs a person; its timeline keeps who did, and why.
///
/// # Errors
/// [`ServiceError::NotResolvable`], [`ServiceError::ResolutionRefuted`] when the venue shows otherwise,
/// [`ServiceError::StateConflict`], [`ServiceError::Venue`], or what finding the settlement may fail with.
pub async fn resolve_settlement(
    context: &Context,
    caller: &Caller,
    resolution: SettlementResolution,
) -> Result<SettlementView, ServiceError> {
    let SettlementResolution { version, decision, why } = resolution;
    let name = SettlementName::External(version.external_id.clone());
    let seen = find(context, caller, &version.enterprise_id, &name).await?;
    if seen.progress.state != State::NeedsOperator {
        return Err(ServiceError::NotResolvable);
    }
    let decision = held(context, &seen, decision).await?;
    let detail = format!("{} decided: {why}", caller.grants.caller);
    let settlement = change_by_caller(context, caller, &version, &Change::Resolved { decision, detail }).await?;
    context.engine.wake();
    SettlementView::whole(context.store.as_ref(), settlement).await
}

/// Holds the decision against what the venue shows.
async fn held(context: &Context, seen: &Settlement, decision: SettlementDecision) -> Result<Decision, ServiceError> {
    let refuted = |why: &str| Err(ServiceError::ResolutionRefuted(why.to_owned()));
    let header = &seen.header;
    let venue = context.directory.enterprise(&header.enterprise_id).ok_or(Denied)?.venue.clone();
    let shown = async || {
        let found = renewing(venue.as_ref(), || venue.find_settlement(&header.enterprise_id, &header.external_id)).await;
        found.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })
    };
    match decision {
        SettlementDecision::GoOn => Ok(Decision::GoOn),
        SettlementDecision::Adopt(id) => match shown().await? {
            Some(found) if same_id(&found.settlement_id, id.as_str()) => Ok(Decision::Adopted(Box::new(found))),
            Some(_) => refuted("the venue shows another settlement under this external id"),
            None => refuted("the venue shows no settlement under this external id"),
        },
        SettlementDecision::NotCreated => match shown().await? {
            None => Ok(Decision::NotCreated),
            Some(_) => refuted("the venue shows a settlement under this external id"),
        },
    }
}
