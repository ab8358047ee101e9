//! A settlement with what a reader wants to see beside it.

use super::error::ServiceError;
use super::funds::Funds;
use crate::domain::settlement::{Intent, Settlement, Standing, TimelineEntry};
use crate::store::{Store, StoreError};

/// How often a settlement that changes while it is read is read anew; it changes in steps that take a venue's answer each.
const MAX_READS: u32 = 4;

/// The most timeline entries that are shown: the newest ones.
pub(super) const MAX_TIMELINE_ENTRIES: u32 = 200;

/// A settlement, its legs and its timeline.
#[derive(Debug, Clone)]
pub struct SettlementView {
    /// The settlement.
    pub settlement: Settlement,
    /// What was asked; left out of lists and watches, since it can be large, and once it has left the journal.
    pub intent: Option<Intent>,
    /// How it stands at the venue, once that was read; left out of lists.
    pub standing: Option<Standing>,
    /// What happened, oldest first; left out of lists.
    pub timeline: Vec<TimelineEntry>,
    /// What accounts held beside what it takes, where this very call looked before it recorded the settlement.
    pub funds: Option<Funds>,
}

impl SettlementView {
    /// Reads everything that belongs to a settlement, as of one moment: what changes in between is read anew.
    pub(super) async fn whole(store: &dyn Store, settlement: Settlement) -> Result<Self, ServiceError> {
        let intent = match store.intent(settlement.id).await {
            Ok(intent) => Some(intent),
            Err(StoreError::Archived(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let mut view = Self::without_legs(store, settlement).await?;
        for _ in 0..MAX_READS {
            let Some(now) = store.settlement_by_id(view.settlement.id).await? else { break };
            let (seen, stands) = (&view.settlement, &now);
            if stands.progress.sequence == seen.progress.sequence && stands.archived_in == seen.archived_in {
                break;
            }
            view = Self::without_legs(store, now).await?;
        }
        Ok(Self { intent, ..view })
    }

    /// Reads the timeline, and leaves the legs out.
    pub(super) async fn without_legs(store: &dyn Store, settlement: Settlement) -> Result<Self, ServiceError> {
        let timeline = store.timeline(settlement.id, MAX_TIMELINE_ENTRIES).await?;
        let standing = store.standing(settlement.id).await?;
        Ok(Self { settlement, intent: None, standing, timeline, funds: None })
    }
}
