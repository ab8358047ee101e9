//! Calling unknown what this journal cannot know: whether an unfinished settlement was sent by a way that it does not hold.

use std::time::Duration;

use jiff::Timestamp;

use super::{Recovery, RecoveryError};
use crate::domain::settlement::{Change, Settlement};
use crate::store::{Claim, StoreError};

/// How often a settlement is asked for that a worker holds.
const CLAIM_PAUSE: Duration = Duration::from_millis(250);
/// How long one is waited for beyond a lease.
const CLAIM_RESERVE: Duration = Duration::from_secs(5);

impl Recovery {
    /// Makes a change to a settlement under a lease, so that it and a worker's step never mix; `None` where its state does not
    /// allow it. The engine looks at it at once.
    pub(super) async fn expose(&self, settlement: &Settlement, change: &Change) -> Result<Option<Settlement>, RecoveryError> {
        if settlement.after(change, self.clock.now()).is_err() {
            return Ok(None);
        }
        let Claim { lease, settlement, .. } = self.claimed(settlement).await?;
        let now = self.clock.now();
        let Ok(after) = settlement.after(change, now) else {
            self.store.release(&lease, Some(now)).await?;
            return Ok(None);
        };
        match self.store.save(&lease, change, &after, Some(now), None).await {
            Ok(()) => Ok(Some(after)),
            Err(StoreError::Fenced) => Err(RecoveryError::Held(settlement.header.external_id)),
            Err(error) => Err(error.into()),
        }
    }

    /// Leases a settlement, waiting for a worker that holds it until its lease must have lapsed.
    async fn claimed(&self, settlement: &Settlement) -> Result<Claim, RecoveryError> {
        let tries = (self.lease + CLAIM_RESERVE).as_millis() / CLAIM_PAUSE.as_millis();
        for _ in 0..=tries {
            if let Some(claim) = self.store.claim(settlement.id, self.lease).await? {
                return Ok(claim);
            }
            tokio::time::sleep(CLAIM_PAUSE).await;
        }
        Err(RecoveryError::Held(settlement.header.external_id.clone()))
    }

    /// The instant from which the venue is asked: the last that the journal certainly recorded, less a margin.
    pub(super) async fn read_from(&self, since: Option<Timestamp>, margin: Duration) -> Result<Option<Timestamp>, RecoveryError> {
        if since.is_some() {
            return Ok(since);
        }
        let last = self.store.last_recorded_at().await?;
        Ok(last.map(|last| last.checked_sub(margin).unwrap_or(Timestamp::MIN)))
    }
}
