//! The patrol: what does the venue have under an enterprise's name that this gateway did not send?
//!
//! It lists by time of creation, from before its last look that went through
//! to its end, and asks the journal afterwards: what was sent while the list
//! was read is ours, and what was signed meanwhile was signed here. Each finding
//! is told once; one that nothing signed here accounts for is the alarm.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use metrics::counter;
use tracing::{error, info, warn};

use super::anchor::AnchorKeeper;
use super::context::Context;
use super::created_since::{PAGE_SIZE, created_since};
use super::directory::{Directory, Enterprise};
use super::errands::RunsErrands;
use crate::causes::with_causes;
use crate::custody::Keyring;
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::settlement::{ForeignOrigin, ForeignSettlement, RecordedSettlement, VenueSettlement, is_foreign, origin};
use crate::domain::signing::SigningReference;
use crate::domain::time::{Clock, later};
use crate::store::{ErrandClaim, ErrandKind, PatrolMark, Store, StoreError};
use crate::upstream::VenueFailure;

/// How far each look reaches back before the last one: more than clocks differ and lists lag.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);
/// The longest wait after a look that failed.
const MAX_FAILED_WAIT: Duration = Duration::from_secs(60);

/// Who looks.
pub struct Patrol {
    store: Arc<dyn Store>,
    keyring: Arc<Keyring>,
    directory: Arc<Directory>,
    clock: Arc<dyn Clock>,
    anchor: AnchorKeeper,
    interval: Duration,
}

impl Patrol {
    /// A patrol that looks once in each interval.
    #[must_use]
    pub fn new(context: &Context, interval: Duration) -> Self {
        let (store, keyring, directory) = (context.store.clone(), context.keyring.clone(), context.directory.clone());
        Self { store, keyring, directory, clock: context.clock.clone(), anchor: context.anchor.clone(), interval }
    }

    /// Has every enterprise that settles looked after from now on: at once where that was never done, otherwise an interval
    /// after the last look, so that a process that starts again and again does not spend the venue's budget on looking.
    ///
    /// # Errors
    /// [`StoreError`] when the journal does not answer.
    pub async fn enlist(&self) -> Result<(), StoreError> {
        for enterprise in self.directory.enterprises().filter(|enterprise| enterprise.settles.is_some()) {
            let last = self.store.patrol_mark(&enterprise.id).await?;
            let due_at = last.map_or(self.clock.now(), |mark| later(mark.looked_at, self.interval));
            self.store.enlist(ErrandKind::Patrol, enterprise.id.as_str(), due_at).await?;
        }
        Ok(())
    }

    /// One look from its beginning to its end; nothing is kept of one that fails.
    async fn look(&self, claim: &ErrandClaim, enterprise: &Enterprise) -> Result<Result<(), VenueFailure>, StoreError> {
        let began_at = self.clock.now();
        let Some(last) = self.store.patrol_mark(&enterprise.id).await? else {
            let mark = PatrolMark { began_at, looked_at: began_at };
            self.store.save_patrol(&claim.lease, &enterprise.id, mark, &[]).await?;
            return Ok(Ok(()));
        };
        let from = last.looked_at.checked_sub(OVERLAP).map_or(last.began_at, |from| from.max(last.began_at));
        let shown = match created_since(enterprise, Some(from)).await {
            Ok(shown) => shown,
            Err(failure) => return Ok(Err(failure)),
        };
        let found = self.foreign(&enterprise.id, shown).await?;
        let mark = PatrolMark { looked_at: began_at, ..last };
        let new = self.store.save_patrol(&claim.lease, &enterprise.id, mark, &found).await?;
        new.iter().for_each(alarm);
        Ok(Ok(()))
    }

    /// Those that the journal cannot have sent, each found at an instant of its own, so that lists of them can go on after any.
    async fn foreign(
        &self,
        enterprise_id: &EnterpriseId,
        shown: Vec<VenueSettlement>,
    ) -> Result<Vec<ForeignSettlement>, StoreError> {
        let mut under_id: HashMap<String, usize> = HashMap::new();
        shown.iter().for_each(|one| *under_id.entry(one.external_id.clone()).or_default() += 1);
        let mut foreign = Vec::new();
        let found_at = self.clock.now();
        for page in shown.chunks(PAGE_SIZE as usize) {
            let recorded = self.recorded(enterprise_id, page).await?;
            let strangers: Vec<_> = page.iter().filter(|shown| is_foreign(shown, recorded.get(&shown.external_id))).collect();
            let signed = self.signed(enterprise_id, &strangers).await?;
            for venue in strangers {
                let external_id = venue.external_id.as_str();
                let is_alone = under_id.get(external_id) == Some(&1);
                let origin = origin(venue, recorded.get(external_id), signed.contains(external_id), is_alone);
                let found_at = later(found_at, Duration::from_micros(foreign.len() as u64));
                foreign.push(ForeignSettlement { enterprise_id: enterprise_id.clone(), venue: venue.clone(), origin, found_at });
            }
        }
        Ok(foreign)
    }

    /// What the journal says of the external ids that are shown. What cannot be one of ours is not asked for.
    async fn recorded(
        &self,
        enterprise_id: &EnterpriseId,
        shown: &[VenueSettlement],
    ) -> Result<BTreeMap<String, RecordedSettlement>, StoreError> {
        let ids: Vec<_> = shown.iter().filter_map(external_id).collect();
        Ok(self.store.recorded_among(enterprise_id, &ids).await?.into_iter().collect())
    }

    /// The external ids under which any of our keys has signed a settlement's payload, whichever RPC asked for it.
    async fn signed(&self, enterprise_id: &EnterpriseId, shown: &[&VenueSettlement]) -> Result<HashSet<String>, StoreError> {
        let mut signed = HashSet::new();
        for key in self.keyring.iter() {
            let reference = |external_id: ExternalId| SigningReference::Settlement {
                key: key.id().clone(),
                enterprise: enterprise_id.clone(),
                external_id,
            };
            let references: Vec<_> = shown.iter().copied().filter_map(external_id).map(reference).collect();
            if references.is_empty() {
                break;
            }
            for reference in self.store.signed_among(&references).await? {
                if let SigningReference::Settlement { external_id, .. } = reference {
                    signed.insert(external_id.as_str().to_owned());
                }
            }
        }
        Ok(signed)
    }
}

/// A settlement's external id, where it is one that this gateway could have given: others may hold what no journal keeps.
fn external_id(shown: &VenueSettlement) -> Option<ExternalId> {
    ExternalId::new(shown.external_id.as_str()).ok()
}

fn alarm(foreign: &ForeignSettlement) {
    let (enterprise, venue) = (foreign.enterprise_id.as_str(), &foreign.venue);
    let (external_id, settlement_id, initiated_by) = (&*venue.external_id, &*venue.settlement_id, &*venue.initiated_by);
    match foreign.origin {
        ForeignOrigin::Unexplained => {
            counter!("settlement_gateway_foreign_settlements_total").increment(1);
            error!(
                alarm = "FOREIGN_SETTLEMENT",
                enterprise, external_id, settlement_id, initiated_by, "the venue has a settlement that this gateway did not make"
            );
        }
        ForeignOrigin::SignedHere => {
            counter!("settlement_gateway_settlements_posted_elsewhere_total").increment(1);
            warn!(
                enterprise,
                external_id,
                settlement_id,
                initiated_by,
                "the venue has a settlement whose payload was signed here and that this gateway did not post"
            );
        }
    }
}

#[async_trait]
impl RunsErrands for Patrol {
    fn kind(&self) -> ErrandKind {
        ErrandKind::Patrol
    }

    async fn run(&self, claim: &ErrandClaim) -> Result<Option<Timestamp>, StoreError> {
        let id = EnterpriseId::new(claim.lease.subject.as_str()).ok();
        let enterprise = id.and_then(|id| self.directory.enterprise(&id)).filter(|enterprise| enterprise.settles.is_some());
        let Some(enterprise) = enterprise else {
            info!(enterprise = claim.lease.subject, "an enterprise that no longer settles is no longer patrolled");
            return Ok(None);
        };
        if self.anchor.allows().await.is_err() {
            // What was made since may be forgotten, and would be called somebody else's.
            return Ok(Some(later(self.clock.now(), self.interval.min(MAX_FAILED_WAIT))));
        }
        let wait = match self.look(claim, enterprise).await? {
            Ok(()) => self.interval,
            Err(failure) => {
                counter!("settlement_gateway_patrol_failures_total").increment(1);
                warn!(enterprise = enterprise.id.as_str(), error = with_causes(&failure), "the patrol could not ask the venue");
                self.interval.min(MAX_FAILED_WAIT)
            }
        };
        Ok(Some(later(self.clock.now(), wait)))
    }
}
