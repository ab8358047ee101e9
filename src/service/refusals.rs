//! Refusals on record: each by itself within its caller's allowance, and beyond it by their counts.
//!
//! Nothing else is written for a refusal, so without a bound a caller who is
//! refused again and again could fill the disk. The bound is a caller's own:
//! one caller's flood hides nobody else's refusal.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use metrics::counter;
use tracing::{Instrument, warn};

use crate::causes::with_causes;
use crate::domain::audit::{Refusal, RefusalTally};
use crate::domain::ids::CallerId;
use crate::domain::time::Clock;
use crate::store::{AuditStore, StoreError};

/// How long counts wait before they are told, so that they are few records too.
const TOLD_AFTER: SignedDuration = SignedDuration::from_secs(60);
const NANOS_PER_MINUTE: u64 = 60_000_000_000;

/// The recorder of refusals; clones share it.
#[derive(Clone)]
pub struct Refusals {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn AuditStore>,
    clock: Arc<dyn Clock>,
    per_minute: u32,
    /// As many as there are callers, who are configured.
    callers: Mutex<HashMap<CallerId, Account>>,
}

/// One caller's allowance, and what went beyond it.
struct Account {
    allowance: Allowance,
    beyond: Option<RefusalTally>,
}

/// How many refusals may be recorded now: a minute's worth at the most, refilled steadily.
struct Allowance {
    left: u32,
    counted_at: Timestamp,
}

impl Allowance {
    fn take(&mut self, per_minute: u32, now: Timestamp) -> bool {
        let step = Duration::from_nanos(NANOS_PER_MINUTE / u64::from(per_minute.max(1)));
        let passed = Duration::try_from(now.duration_since(self.counted_at)).unwrap_or_default();
        let gained = u32::try_from(passed.as_nanos() / step.as_nanos().max(1)).unwrap_or(u32::MAX);
        if gained > 0 {
            self.left = self.left.saturating_add(gained).min(per_minute);
            self.counted_at = if self.left == per_minute { now } else { self.counted_at + step * gained };
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}

impl Refusals {
    /// A recorder that records at most so many refusals of one caller in a minute, each by itself.
    #[must_use]
    pub fn new(store: Arc<dyn AuditStore>, clock: Arc<dyn Clock>, per_minute: u32) -> Self {
        Self { inner: Arc::new(Inner { store, clock, per_minute, callers: Mutex::default() }) }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Records a refusal before it is answered, or counts it. In a task of its own: a caller that goes away leaves its record.
    pub async fn note(&self, refusal: Refusal) {
        let refusals = self.clone();
        // A panic is the task's, and a refusal permits nothing.
        let _ = tokio::spawn(async move { refusals.record(&refusal).await }.in_current_span()).await;
    }

    async fn record(&self, refusal: &Refusal) {
        if !self.may_record(refusal) {
            return self.count(refusal);
        }
        if let Err(error) = self.inner.store.record_audit(&refusal.entry()).await {
            report(&error);
            self.count(refusal);
        } else {
            counter!("settlement_gateway_refusals_recorded_total").increment(1);
        }
    }

    fn may_record(&self, refusal: &Refusal) -> bool {
        let per_minute = self.inner.per_minute;
        self.with(&refusal.caller, refusal.at, |account| account.allowance.take(per_minute, refusal.at))
    }

    fn count(&self, refusal: &Refusal) {
        counter!("settlement_gateway_refusals_counted_total").increment(1);
        self.with(&refusal.caller, refusal.at, |account| {
            let beyond = account.beyond.get_or_insert_with(|| RefusalTally {
                caller: refusal.caller.clone(),
                from: refusal.at,
                until: refusal.at,
                counts: BTreeMap::new(),
            });
            beyond.until = beyond.until.max(refusal.at);
            *beyond.counts.entry(format!("{} {}", refusal.rpc, refusal.reason)).or_default() += 1;
        });
    }

    /// Records the counts of those callers whose counts have waited long enough; of all, where everything ends.
    pub async fn tell(&self, everything: bool) {
        let due = |tally: &RefusalTally| everything || self.now().duration_since(tally.from) >= TOLD_AFTER;
        let tallies: Vec<RefusalTally> = {
            let mut callers = self.inner.callers.lock().unwrap_or_else(PoisonError::into_inner);
            callers.values_mut().filter_map(|account| account.beyond.take_if(|tally| due(tally))).collect()
        };
        for tally in tallies {
            if let Err(error) = self.inner.store.record_audit(&tally.entry()).await {
                report(&error);
                self.put_back(tally);
            }
        }
    }

    /// Keeps counts for later that could not be recorded.
    fn put_back(&self, tally: RefusalTally) {
        let caller = tally.caller.clone();
        self.with(&caller, tally.until, |account| match &mut account.beyond {
            Some(beyond) => {
                beyond.from = tally.from;
                for (name, count) in &tally.counts {
                    *beyond.counts.entry(name.clone()).or_default() += count;
                }
            }
            None => account.beyond = Some(tally),
        });
    }

    fn with<T>(&self, caller: &CallerId, now: Timestamp, then: impl FnOnce(&mut Account) -> T) -> T {
        let mut callers = self.inner.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Account { allowance: Allowance { left: self.inner.per_minute, counted_at: now }, beyond: None };
        then(callers.entry(caller.clone()).or_insert_with(fresh))
    }
}

fn report(error: &StoreError) {
    counter!("settlement_gateway_audit_failures_total").increment(1);
    warn!(error = with_causes(error), "a refusal could not be recorded; it is counted, and told once the journal answers");
}
