//! Waiting for a settlement to change, whichever worker or replica changes it.
//!
//! A change by this process is announced at once; one by another replica is
//! seen when the journal is read again. A call that waits for its answer reads
//! it after each longest rest; watches, which are many and last, seldom do.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until, timeout_at};
use uuid::Uuid;

use super::Engine;
use crate::domain::settlement::Settlement;
use crate::service::error::{NotFound, ServiceError};

impl Engine {
    /// Waits until the engine has the venue's answer, or until `patience` ends; either way with what is durable.
    ///
    /// # Errors
    /// [`ServiceError::Store`] when the journal cannot be read.
    pub async fn wait_until_answered(&self, settlement: Settlement, patience: Duration) -> Result<Settlement, ServiceError> {
        let end = Instant::now() + patience;
        let mut settlement = settlement;
        while settlement.progress.state.is_under_way() {
            let waiting = self.wait(settlement.id, settlement.progress.sequence, self.inner.settings.longest_rest);
            match timeout_at(end, waiting).await {
                Ok(changed) => match changed? {
                    Some(changed) => settlement = changed,
                    None => break,
                },
                Err(_) => break,
            }
        }
        Ok(settlement)
    }

    /// Waits as a watch does until a settlement's sequence is above `seen`; `None` when the gateway drains first.
    ///
    /// # Errors
    /// [`ServiceError::Store`] when the journal cannot be read.
    pub async fn wait_for_change(&self, id: Uuid, seen: u64) -> Result<Option<Settlement>, ServiceError> {
        self.wait(id, seen, self.inner.settings.watch_reread).await
    }

    async fn wait(&self, id: Uuid, seen: u64, reread: Duration) -> Result<Option<Settlement>, ServiceError> {
        let mut changes = self.inner.changes.subscribe();
        loop {
            let settlement = self.inner.store.settlement_by_id(id).await?;
            let settlement = settlement.ok_or(ServiceError::NotFound(NotFound::Settlement))?;
            if settlement.progress.sequence > seen {
                return Ok(Some(settlement));
            }
            let look_again = Instant::now() + reread;
            loop {
                tokio::select! {
                    biased;
                    () = self.inner.lookout.drained() => return Ok(None),
                    () = sleep_until(look_again) => break,
                    announced = changes.recv() => match announced {
                        Ok(changed) if changed.id == id && changed.sequence > seen => break,
                        Ok(_) => {}
                        Err(RecvError::Lagged(_)) => break,
                        Err(RecvError::Closed) => return Ok(None),
                    },
                }
            }
        }
    }
}
