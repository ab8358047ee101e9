//! One worker's look at a batch: its calls to the venue, and its leases, which last as long as it does.

use std::time::Duration;

use tokio::time::Instant;

use super::super::Engine;
use crate::service::directory::Enterprise;
use crate::service::renewing::renewing;
use crate::store::{Claim, Lease, StoreError};
use crate::upstream::VenueFailure;

/// Which part of a lease may pass before all are prolonged: little, since the next call may take long.
const PROLONGED_AFTER: u32 = 20;

/// What stops a look at one settlement.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The venue had no useful answer.
    Venue(VenueFailure),
    /// The journal did not answer, or the settlement is another's by now.
    Store(StoreError),
}

impl Trouble {
    /// An answer that does not fit together.
    pub(super) fn unreadable(detail: &str) -> Self {
        Self::Venue(VenueFailure::Unreadable { detail: detail.to_owned() })
    }

    /// The same as a venue's failure: where only a venue can fail.
    pub(super) fn into_failure(self) -> VenueFailure {
        match self {
            Self::Venue(failure) => failure,
            Self::Store(_) => VenueFailure::NotSent { detail: "the journal did not answer".to_owned() },
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One worker's look at a batch.
pub(super) struct Look<'e> {
    pub(super) engine: &'e Engine,
    pub(super) enterprise: &'e Enterprise,
    leases: Vec<Lease>,
    prolonged_at: Instant,
}

impl<'e> Look<'e> {
    pub(super) fn new<'c>(engine: &'e Engine, enterprise: &'e Enterprise, batch: impl IntoIterator<Item = &'c Claim>) -> Self {
        let leases = batch.into_iter().map(|claim| claim.lease.clone()).collect();
        Self { engine, enterprise, leases, prolonged_at: Instant::now() }
    }

    /// A settlement of the batch is done with: its lease is given back or lapses.
    pub(super) fn done(&mut self, lease: &Lease) {
        self.leases.retain(|other| other != lease);
    }

    /// Calls the venue, once more where it refuses the credential and there is another by now.
    pub(super) async fn call<T, F>(&mut self, call: impl Fn() -> F + Send) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, VenueFailure>> + Send,
    {
        self.prolong().await?;
        renewing(self.enterprise.venue.as_ref(), call).await.map_err(Trouble::Venue)
    }

    /// Makes all leases last for the next call. One that is another's by now is found out when it is saved.
    async fn prolong(&mut self) -> Result<(), StoreError> {
        let lease_for: Duration = self.engine.inner.settings.lease;
        if self.prolonged_at.elapsed() < lease_for / PROLONGED_AFTER {
            return Ok(());
        }
        self.prolonged_at = Instant::now();
        for lease in &self.leases {
            match self.engine.inner.store.prolong(lease, lease_for).await {
                Ok(()) | Err(StoreError::Fenced) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
