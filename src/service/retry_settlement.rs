//! RetrySettlement: send the stored bytes again, after funding or a repair.

use std::time::Duration;

use tracing::Instrument;

use super::context::{Caller, Context};
use super::error::ServiceError;
use super::get_settlement::find;
use super::initiate_settlement::answer;
use super::view::{MAX_TIMELINE_ENTRIES, SettlementView};
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::settlement::{Change, OBSERVED, Settlement, TimelineEntry};
use crate::store::{Claim, SettlementName, StoreError};

/// How often a caller's change asks for a lease that a worker holds.
const MAX_CLAIM_TRIES: usize = 50;
/// The pause between two such tries.
const CLAIM_PAUSE: Duration = Duration::from_millis(20);

/// A settlement at the sequence at which the caller saw it.
#[derive(Debug, Clone)]
pub struct SettlementVersion {
    /// Whose.
    pub enterprise_id: EnterpriseId,
    /// Which.
    pub external_id: ExternalId,
    /// The sequence that the caller's decision rests on.
    pub expected_sequence: u64,
}

/// Has the stored bytes sent again and answers like InitiateSettlement.
///
/// # Errors
/// [`ServiceError::NotRetryable`], [`ServiceError::StateConflict`], [`ServiceError::Busy`], [`ServiceError::NotAccepted`],
/// or what finding the settlement may fail with.
pub async fn retry_settlement(
    context: &Context,
    caller: &Caller,
    version: &SettlementVersion,
    patience: Duration,
) -> Result<SettlementView, ServiceError> {
    let settlement = change_by_caller(context, caller, version, &Change::RetryAsked).await?;
    context.engine.expect(settlement.id, caller.origin.clone());
    context.engine.wake();
    answer(context, settlement, patience).await
}

/// Makes a caller's change under a lease, so that it and the engine's work never mix.
pub(super) async fn change_by_caller(
    context: &Context,
    caller: &Caller,
    version: &SettlementVersion,
    change: &Change,
) -> Result<Settlement, ServiceError> {
    let name = SettlementName::External(version.external_id.clone());
    let seen = find(context, caller, &version.enterprise_id, &name).await?;
    if context.engine.is_draining() {
        return Err(ServiceError::Draining);
    }
    hold_version(context, &seen, version).await?;
    refuse_illegal(&seen, change)?;
    match change {
        // That nothing was sent is told by the whole journal alone.
        Change::Cancelled => context.anchor.cover().await?,
        _ => context.hold_journal().await?,
    }
    let (context, version, change) = (context.clone(), version.clone(), change.clone());
    // In a task of its own: a caller that goes away between the lease and the save would leave the settlement held.
    let changing = tokio::spawn(async move { change_under_lease(&context, seen, &version, &change).await }.in_current_span());
    changing.await.unwrap_or_else(|panic| Err(ServiceError::Internal("the change's task ended early", Some(Box::new(panic)))))
}

async fn change_under_lease(
    context: &Context,
    seen: Settlement,
    version: &SettlementVersion,
    change: &Change,
) -> Result<Settlement, ServiceError> {
    let Some(claim) = claim_soon(context, &seen).await? else {
        return Err(ServiceError::Busy(Box::new(seen)));
    };
    let held = hold_version(context, &claim.settlement, version).await;
    let changed = held.and_then(|()| apply(context, &claim.settlement, change));
    let after = match changed {
        Ok(after) => after,
        Err(error) => {
            context.store.release(&claim.lease, Some(context.engine.now())).await?;
            return Err(error);
        }
    };
    let goes_on = after.progress.state.is_under_way() || after.progress.is_followed();
    let due_at = goes_on.then(|| context.engine.now());
    match context.store.save(&claim.lease, change, &after, due_at, None).await {
        Ok(()) => {
            // Whoever is told that it is cancelled may settle otherwise: a journal that forgot it must not send it.
            let covered = if change.is_anchored() { context.anchor.cover().await } else { Ok(()) };
            context.engine.announce(&after);
            covered?;
            Ok(after)
        }
        Err(StoreError::Adrift(adrift)) => {
            context.store.release(&claim.lease, due_at).await?;
            Err(context.anchor.refuse(adrift).into())
        }
        Err(StoreError::Fenced) => Err(ServiceError::Busy(Box::new(claim.settlement))),
        Err(error) => Err(error.into()),
    }
}

/// Leases the settlement, waiting a little for a worker that is looking at it just now.
async fn claim_soon(context: &Context, seen: &Settlement) -> Result<Option<Claim>, ServiceError> {
    for _ in 0..MAX_CLAIM_TRIES {
        if let Some(claim) = context.store.claim(seen.id, context.engine.lease()).await? {
            return Ok(Some(claim));
        }
        tokio::time::sleep(CLAIM_PAUSE).await;
    }
    Ok(None)
}

/// Refuses a decision that rests on another state of affairs. What was only observed of the venue since, in the same state, is
/// none: balances and disputes move without anybody's doing.
async fn hold_version(context: &Context, seen: &Settlement, version: &SettlementVersion) -> Result<(), ServiceError> {
    let (stands, expected) = (seen.progress.sequence, version.expected_sequence);
    if stands == expected {
        return Ok(());
    }
    let timeline = context.store.timeline(seen.id, MAX_TIMELINE_ENTRIES).await?;
    let is_known = timeline.iter().any(|entry| entry.sequence == expected && entry.state == seen.progress.state);
    let only_observed = |entry: &TimelineEntry| entry.change == OBSERVED && entry.state == seen.progress.state;
    if is_known && timeline.iter().filter(|entry| entry.sequence > expected).all(only_observed) {
        return Ok(());
    }
    Err(ServiceError::StateConflict(Box::new(seen.clone())))
}

fn refuse_illegal(seen: &Settlement, change: &Change) -> Result<(), ServiceError> {
    let refused = seen.progress.apply(change, seen.header.route, seen.progress.updated_at).is_err();
    match change {
        Change::Cancelled if refused => Err(ServiceError::NotCancellable(Box::new(seen.clone()))),
        _ if refused => Err(ServiceError::NotRetryable(Box::new(seen.clone()))),
        _ => Ok(()),
    }
}

fn apply(context: &Context, settlement: &Settlement, change: &Change) -> Result<Settlement, ServiceError> {
    refuse_illegal(settlement, change)?;
    settlement
        .after(change, context.engine.now())
        .map_err(|error| ServiceError::Internal("a legal change was refused", Some(Box::new(error))))
}
