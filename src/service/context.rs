//! What every use case works with, and for whom.

use std::sync::Arc;
use std::time::Duration;

use bigdecimal::{BigDecimal, Zero};
use tokio::time::{Instant, timeout_at};
use tracing::Span;

use super::anchor::{AnchorKeeper, Unanchored};
use super::directory::{Directory, Enterprise, SettlementTerms};
use super::engine::Engine;
use super::errands::Errands;
use super::error::ServiceError;
use super::refusals::Refusals;
use crate::custody::Keyring;
use crate::domain::ids::EnterpriseId;
use crate::domain::origin::Origin;
use crate::domain::policy::{Denied, Grants, Resource, RpcName};
use crate::domain::settlement::SettlementAmounts;
use crate::domain::time::{Clock, Entropy};
use crate::store::Store;

/// The ports behind the use cases.
#[derive(Clone)]
pub struct Context {
    /// The journal.
    pub store: Arc<dyn Store>,
    /// The keeper of its anchor.
    pub anchor: AnchorKeeper,
    /// The keys.
    pub keyring: Arc<Keyring>,
    /// Whom this gateway serves.
    pub directory: Arc<Directory>,
    /// The present instant.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The engine that does what outlives its caller.
    pub engine: Engine,
    /// The workers that do what outlives its caller and is no settlement.
    pub errands: Errands,
    /// The record of what was refused.
    pub refusals: Refusals,
}

/// Who calls, and what.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What the caller may do.
    pub grants: Arc<Grants>,
    /// The RPC that is called.
    pub rpc: RpcName,
    /// Which request it is.
    pub origin: Origin,
}

impl Caller {
    /// Refuses unless the caller may call this RPC about this resource. Nothing is looked up before it.
    ///
    /// # Errors
    /// [`ServiceError::Denied`].
    pub fn may(&self, resource: Resource<'_>) -> Result<(), ServiceError> {
        Ok(self.grants.check(&self.rpc, resource)?)
    }

    /// Holds one settlement's amounts against the caller's limits as if it were the first of its day: all that can be
    /// told without the journal.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] for a currency that needs a limit and has none, [`ServiceError::LimitExceeded`].
    pub(super) fn hold_limits(&self, amounts: &SettlementAmounts) -> Result<(), ServiceError> {
        for limit in self.grants.limits_for(amounts)? {
            let legs = amounts.legs().iter().filter(|leg| leg.currency == limit.currency);
            let moved: BigDecimal = legs.map(|leg| leg.amount.value().abs()).sum();
            limit.check(&moved, &BigDecimal::zero())?;
        }
        Ok(())
    }
}

/// How long the anchor is asked for at least before an end is told: less than what a deadline is answered before.
const SHORTEST_COVER: Duration = Duration::from_millis(250);

impl Context {
    /// Waits until the anchor knows of an end without effect, before a call tells of it: whoever is told may settle otherwise, and
    /// a journal that forgot it must not send. By `answer_by`, or a moment later.
    ///
    /// # Errors
    /// [`ServiceError::Unanchored`].
    pub(super) async fn cover_end(&self, answer_by: Instant) -> Result<(), ServiceError> {
        let end = answer_by.max(Instant::now() + SHORTEST_COVER);
        let covered = timeout_at(end, self.anchor.cover()).await;
        Ok(covered.unwrap_or(Err(Unanchored::Unavailable))?)
    }

    /// Refuses what would be written to a journal that may have forgotten signatures. One that only cannot be anchored just now
    /// is written to: what is recorded waits.
    ///
    /// # Errors
    /// [`ServiceError::Unanchored`].
    pub(super) async fn hold_journal(&self) -> Result<(), ServiceError> {
        match self.anchor.allows().await {
            Err(unanchored @ Unanchored::Adrift(_)) => Err(unanchored.into()),
            Ok(()) | Err(Unanchored::Unavailable) => Ok(()),
        }
    }

    /// The enterprise that a caller names, once the caller may name it.
    pub(super) fn enterprise(&self, caller: &Caller, id: &EnterpriseId) -> Result<&Enterprise, ServiceError> {
        caller.may(Resource::Enterprise(id))?;
        Span::current().record("enterprise", id.as_str());
        self.directory.enterprise(id).ok_or(Denied.into())
    }

    /// The same, with the terms on which it settles.
    pub(super) fn settling(&self, caller: &Caller, id: &EnterpriseId) -> Result<(&Enterprise, &SettlementTerms), ServiceError> {
        let enterprise = self.enterprise(caller, id)?;
        let terms = enterprise.settles.as_ref().ok_or(Denied)?;
        Ok((enterprise, terms))
    }
}
