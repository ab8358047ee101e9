//! The patrol: what does the venue have under an enterprise's name that this gateway did not make?
//!
//! It lists by time of creation, from before its last look that went through
//! to its end, and asks the journal afterwards: what was sent while the list
//! was read is ours. Each finding is alarmed once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use metrics::counter;
use tracing::{error, info, warn};

use super::directory::{Directory, Enterprise};
use super::errands::RunsErrands;
use super::renewing::renewing;
use crate::causes::with_causes;
use crate::domain::ids::EnterpriseId;
use crate::domain::network::{Page, PartnerSettlementsQuery};
use crate::domain::settlement::{ForeignSettlement, VenueSettlement, is_foreign};
use crate::domain::time::{Clock, later};
use crate::store::{ErrandClaim, ErrandKind, PatrolMark, Store, StoreError};
use crate::upstream::VenueFailure;

/// How far each look reaches back before the last one: more than clocks differ and lists lag.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);
/// Settlements that are asked for at once.
const PAGE_SIZE: u32 = 200;
/// The most pages of one look.
const MAX_PAGES: u32 = 100;
/// The longest wait after a look that failed.
const MAX_FAILED_WAIT: Duration = Duration::from_secs(60);

/// Who looks.
pub struct Patrol {
    store: Arc<dyn Store>,
    directory: Arc<Directory>,
    clock: Arc<dyn Clock>,
    interval: Duration,
}

impl Patrol {
    /// A patrol that looks once in each interval.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, directory: Arc<Directory>, clock: Arc<dyn Clock>, interval: Duration) -> Self {
        Self { store, directory, clock, interval }
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
        let shown = match list(enterprise, from).await {
            Ok(shown) => shown,
            Err(failure) => return Ok(Err(failure)),
        };
        let found = self.foreign(&enterprise.id, shown).await?;
        let mark = PatrolMark { looked_at: began_at, ..last };
        let new = self.store.save_patrol(&claim.lease, &enterprise.id, mark, &found).await?;
        new.iter().for_each(alarm);
        Ok(Ok(()))
    }

    /// Those that the journal cannot have made.
    async fn foreign(
        &self,
        enterprise_id: &EnterpriseId,
        shown: Vec<VenueSettlement>,
    ) -> Result<Vec<ForeignSettlement>, StoreError> {
        let mut foreign = Vec::new();
        for page in shown.chunks(PAGE_SIZE as usize) {
            let external_ids: Vec<String> = page.iter().map(|shown| shown.external_id.clone()).collect();
            let recorded = self.store.recorded_among(enterprise_id, &external_ids).await?;
            let recorded: HashMap<_, _> = recorded.into_iter().collect();
            let found_at = self.clock.now();
            let others = page.iter().filter(|shown| is_foreign(shown, recorded.get(&shown.external_id)));
            let finding = |venue: &VenueSettlement| ForeignSettlement {
                enterprise_id: enterprise_id.clone(),
                venue: venue.clone(),
                found_at,
            };
            foreign.extend(others.map(finding));
        }
        Ok(foreign)
    }
}

/// Everything that the venue created from an instant on, read until a page brings nothing new.
async fn list(enterprise: &Enterprise, from: Timestamp) -> Result<Vec<VenueSettlement>, VenueFailure> {
    let (mut seen, mut shown) = (HashSet::new(), Vec::new());
    for number in 0..MAX_PAGES {
        let query = PartnerSettlementsQuery {
            enterprise_id: enterprise.id.clone(),
            external_ids: Vec::new(),
            settlement_ids: Vec::new(),
            created_from: Some(from),
            created_before: None,
            updated_from: None,
            page: Page { number, size: PAGE_SIZE },
        };
        let page = renewing(enterprise.venue.as_ref(), || enterprise.reads.partner_settlements(&query)).await?;
        let known = shown.len();
        shown.extend(page.into_iter().filter(|one| seen.insert(one.settlement_id.clone())));
        if shown.len() == known {
            return Ok(shown);
        }
    }
    Err(VenueFailure::Unreadable { detail: "the list of settlements has too many pages".to_owned() })
}

fn alarm(foreign: &ForeignSettlement) {
    counter!("settlement_gateway_foreign_settlements_total").increment(1);
    let (enterprise, venue) = (foreign.enterprise_id.as_str(), &foreign.venue);
    let (external_id, settlement_id, initiated_by) = (&*venue.external_id, &*venue.settlement_id, &*venue.initiated_by);
    error!(
        alarm = "FOREIGN_SETTLEMENT",
        enterprise, external_id, settlement_id, initiated_by, "the venue has a settlement that this gateway did not make"
    );
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
