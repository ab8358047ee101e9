//! A worker's turn on one settlement: steps until it rests.

use jiff::Timestamp;
use tokio::time::Instant;
use tracing::Instrument;

use super::steps::Step;
use super::{Engine, report, spans};
use crate::domain::settlement::{Change, Reason, Settlement, State};
use crate::domain::time::later;
use crate::kill_points::{KillPoint, reached_in};
use crate::store::{Claim, Lease, StoreError};

/// The most steps of one turn; a settlement needs six from its receipt to its answer.
const MAX_STEPS: usize = 32;

impl Engine {
    /// Carries a settlement to its next rest. Every change is saved before the next step begins.
    pub(super) async fn turn(&self, claim: Claim) -> Result<(), StoreError> {
        let Claim { lease, mut settlement, lapses, .. } = claim;
        let mut step = self.first_step(&settlement, lapses).await?;
        for _ in 0..MAX_STEPS {
            let held_since = match step {
                Step::Rest { due_at } => return self.inner.store.release(&lease, due_at).await,
                Step::Change { change: Change::Dispatched, .. } if self.is_draining() => {
                    return self.inner.store.release(&lease, Some(self.inner.clock.now())).await;
                }
                Step::Change { change, due_at } => {
                    let rests = due_at.is_some() || (self.is_draining() && change != Change::Dispatched);
                    let due_at = due_at.or_else(|| self.due_after(&change));
                    let began = Instant::now();
                    match self.save(&lease, &settlement, &change, due_at, rests).await {
                        Ok(Some(after)) if !rests && after.progress.state.is_under_way() => settlement = after,
                        // The database lacks what was there a moment ago, and has refused the change.
                        Err(StoreError::Adrift(adrift)) => {
                            step = self.unanchored(&settlement, self.inner.anchor.refuse(adrift));
                            continue;
                        }
                        saved => return saved.map(|_| ()),
                    }
                    began
                }
            };
            step = self.next_step(&settlement, held_since).instrument(spans::step(&settlement)).await?;
        }
        self.inner.store.release(&lease, Some(self.inner.clock.now())).await
    }

    async fn first_step(&self, settlement: &Settlement, lapses: u32) -> Result<Step, StoreError> {
        if lapses >= self.inner.settings.max_lapses {
            let detail = format!("workers stopped in the middle of it {lapses} times in a row");
            return Ok(Step::now(Change::Parked { reason: Reason::TooManyTakeovers, detail }));
        }
        if settlement.progress.state == State::Submitting {
            // Whoever finds this state at the beginning of a turn cannot know whether the body left.
            let detail = "the gateway stopped while the settlement was being sent".to_owned();
            let change = Change::Unanswered { refusal: None, reason: Reason::VenueUnavailable, detail };
            return Ok(Step::now(change));
        }
        self.next_step(settlement, Instant::now()).instrument(spans::step(settlement)).await
    }

    /// Saves a change and tells everybody; `None` when the state machine refuses it, which parks nothing and sends nothing.
    pub(super) async fn save(
        &self,
        lease: &Lease,
        settlement: &Settlement,
        change: &Change,
        due_at: Option<Timestamp>,
        rests: bool,
    ) -> Result<Option<Settlement>, StoreError> {
        let Ok(after) = settlement.after(change, self.inner.clock.now()) else {
            tracing::error!(settlement = %settlement.id, change = change.name(), "an illegal change was refused");
            self.inner.store.release(lease, Some(self.later_look(settlement))).await?;
            return Ok(None);
        };
        let goes_on = !rests && after.progress.state.is_under_way();
        let keep = goes_on.then_some(self.inner.settings.lease);
        let due_at = due_at.filter(|_| after.progress.state.is_under_way() || after.progress.is_followed());
        self.inner.store.save(lease, change, &after, due_at, keep).await?;
        reached_in(KillPoint::K9Saved, change.name());
        self.cover_end(change).await;
        report::changed(change, &after);
        self.announce(&after);
        Ok(Some(after))
    }

    /// When a settlement is due after a change that names no later instant.
    fn due_after(&self, change: &Change) -> Option<Timestamp> {
        let now = self.inner.clock.now();
        match change {
            Change::Taken { .. } => Some(later(now, self.inner.settings.shortest_wait)),
            _ => Some(now),
        }
    }
}
