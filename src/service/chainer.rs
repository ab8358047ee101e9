//! The chainer: gives audit records their places in the chain, in batches.
//!
//! It works in intervals and is not woken by records: each batch is a commit
//! that competes with those that sign. A full batch is followed by the next
//! one at once, and a drain by a last pass.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use metrics::{counter, gauge, histogram};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::refusals::Refusals;
use crate::causes::with_causes;
use crate::domain::audit::AuditHead;
use crate::domain::time::Clock;
use crate::store::{AuditLag, AuditStore, Chained, StoreError};

/// The most batches of one pass, so that a pass ends while records keep coming.
const MAX_BATCHES: u32 = 1_000;
/// How often the head is told while it moves: whoever keeps the log can see later that the chain was cut or written anew.
const HEAD_TOLD_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// The chainer's tunables; the configuration's section `[audit]` says what goes wrong either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainerSettings {
    /// The wait between two passes.
    pub interval: Duration,
    /// The most records of one batch.
    pub batch: u32,
}

impl Default for ChainerSettings {
    fn default() -> Self {
        Self { interval: Duration::from_secs(1), batch: 500 }
    }
}

/// Who chains.
pub struct Chainer {
    store: Arc<dyn AuditStore>,
    refusals: Refusals,
    clock: Arc<dyn Clock>,
    settings: ChainerSettings,
    told: Mutex<Option<(AuditHead, Timestamp)>>,
}

impl Chainer {
    /// A chainer, which also has counted refusals told.
    #[must_use]
    pub fn new(store: Arc<dyn AuditStore>, refusals: Refusals, clock: Arc<dyn Clock>, settings: ChainerSettings) -> Self {
        Self { store, refusals, clock, settings, told: Mutex::default() }
    }

    /// Chains until `stop`, and then what is left.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            let stopping = stop.is_cancelled();
            self.refusals.tell(stopping).await;
            if let Err(error) = self.pass(stopping).await {
                counter!("settlement_gateway_audit_failures_total").increment(1);
                warn!(error = with_causes(&error), "audit records could not be chained; they wait");
            }
            if stopping {
                return;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.settings.interval) => {}
            }
        }
    }

    /// Chains what waits.
    async fn pass(&self, is_last: bool) -> Result<(), StoreError> {
        let lag = self.store.audit_lag().await?;
        self.show(lag);
        if lag.waiting == 0 {
            return self.tell_head(None, is_last).await;
        }
        for _ in 0..MAX_BATCHES {
            match self.store.chain_audit(self.settings.batch).await? {
                Chained::Added { count, head } => {
                    counter!("settlement_gateway_audit_chained_total").increment(count.into());
                    histogram!("settlement_gateway_audit_batch_records").record(count);
                    self.tell_head(Some(head), is_last).await?;
                    if count < self.settings.batch {
                        break;
                    }
                }
                // Another replica is at it.
                Chained::Busy => break,
            }
        }
        self.show(self.store.audit_lag().await?);
        Ok(())
    }

    fn show(&self, lag: AuditLag) {
        let age = lag.oldest.map(|oldest| self.clock.now().duration_since(oldest).as_secs()).unwrap_or_default();
        gauge!("settlement_gateway_audit_waiting").set(lag.waiting);
        gauge!("settlement_gateway_audit_lag_seconds").set(u32::try_from(age.max(0)).unwrap_or(u32::MAX));
    }

    /// Logs where the chain ends, when that is new and was not told a moment ago.
    async fn tell_head(&self, head: Option<AuditHead>, is_last: bool) -> Result<(), StoreError> {
        let now = self.clock.now();
        let told = *self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = told.is_none_or(|(_, at)| now.duration_since(at) >= HEAD_TOLD_AFTER);
        if !is_due && !is_last {
            return Ok(());
        }
        let head = match head {
            Some(head) => head,
            None => self.store.audit_head().await?,
        };
        if told.is_none_or(|(before, _)| before != head) {
            info!(head = head.to_text(), "the audit chain ends here");
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some((head, now));
        }
        Ok(())
    }
}
