//! Workers for due work that is no settlement: each claims an errand, has its owner run it, and gives it back.
//!
//! What an errand does is its owner's business: it reads its record, does one
//! durable step after the other, and says when it is due again. A worker may
//! be killed anywhere; the lease lapses and the next one finds the record as
//! it was last saved.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use metrics::counter;
use tokio::sync::{Mutex, Notify, broadcast};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

use crate::causes::with_causes;
use crate::domain::time::{Clock, later};
use crate::store::{ErrandClaim, ErrandKind, Store, StoreError};

/// How many announcements a slow listener may fall behind before it reads the journal instead.
const MAX_WAITING_ANNOUNCEMENTS: usize = 1024;

/// How long nobody looks for work when the journal does not answer.
const STORE_PAUSE: Duration = Duration::from_millis(500);

/// How long an errand rests that failed where only the journal should.
const FAILED_WAIT: Duration = Duration::from_secs(5);

/// Who runs the errands of one kind.
#[async_trait]
pub trait RunsErrands: Send + Sync {
    /// The kind.
    fn kind(&self) -> ErrandKind;

    /// Does what is due for the claim's subject, and says when it is due again; `None` when its work is done. The lease is
    /// given back afterwards, and whatever was saved under it before stays.
    async fn run(&self, claim: &ErrandClaim) -> Result<Option<Timestamp>, StoreError>;
}

/// The workers' tunables; the configuration's section `[engine]` says what goes wrong either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrandSettings {
    /// Errands that are run at once.
    pub workers: usize,
    /// How long a worker may be silent before another takes over; longer than the longest step.
    pub lease: Duration,
    /// The shortest rest of a worker that found nothing to do.
    pub shortest_rest: Duration,
    /// The longest rest of a worker that found nothing to do: work of other replicas is seen within it.
    pub longest_rest: Duration,
}

impl Default for ErrandSettings {
    fn default() -> Self {
        Self {
            workers: 8,
            lease: Duration::from_secs(90),
            shortest_rest: Duration::from_millis(20),
            longest_rest: Duration::from_secs(1),
        }
    }
}

/// The workers; clones share them.
#[derive(Clone)]
pub struct Errands {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    settings: ErrandSettings,
    wake: Notify,
    /// Held by the one worker that looks for what is due.
    lookout: Mutex<()>,
    changes: broadcast::Sender<(ErrandKind, String)>,
    draining: CancellationToken,
    workers: TaskTracker,
}

impl Errands {
    /// Workers that do nothing until [`Errands::start`].
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, settings: ErrandSettings) -> Self {
        let inner = Inner {
            store,
            clock,
            settings,
            wake: Notify::new(),
            lookout: Mutex::new(()),
            changes: broadcast::Sender::new(MAX_WAITING_ANNOUNCEMENTS),
            draining: CancellationToken::new(),
            workers: TaskTracker::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Starts the workers; whatever a former process left is taken up at once. Errands of a kind that nobody runs rest.
    pub fn start(&self, runners: Vec<Arc<dyn RunsErrands>>) {
        let runners: Arc<[Arc<dyn RunsErrands>]> = runners.into();
        for _ in 0..self.inner.settings.workers.max(1) {
            let (errands, runners) = (self.clone(), Arc::clone(&runners));
            self.inner.workers.spawn(async move { errands.work(&runners).await });
        }
    }

    /// Takes no new work and waits until what is under way is saved.
    pub async fn drain(&self) {
        self.inner.draining.cancel();
        self.inner.workers.close();
        self.inner.workers.wait().await;
    }

    /// Whether the workers are stopping.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.inner.draining.is_cancelled()
    }

    /// Tells the workers that something is due now.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
    }

    /// Tells everybody who waits that a subject's record has changed.
    pub fn announce(&self, kind: ErrandKind, subject: &str) {
        // Nobody listening is no fault.
        let _ = self.inner.changes.send((kind, subject.to_owned()));
    }

    /// How long a lease lasts.
    #[must_use]
    pub fn lease(&self) -> Duration {
        self.inner.settings.lease
    }

    /// Looks at a subject's record until `look` finds what is waited for, `patience` ends or the gateway drains; `None` for the
    /// last two. It looks when a change is announced and after each longest rest, since another replica may have made it.
    ///
    /// # Errors
    /// What `look` fails with.
    pub async fn wait_until<T, E, F>(
        &self,
        kind: ErrandKind,
        subject: &str,
        patience: Duration,
        mut look: impl FnMut() -> F,
    ) -> Result<Option<T>, E>
    where
        F: Future<Output = Result<Option<T>, E>>,
    {
        let end = Instant::now() + patience;
        let mut changes = self.inner.changes.subscribe();
        loop {
            if let Some(found) = look().await? {
                return Ok(Some(found));
            }
            if Instant::now() >= end || self.is_draining() {
                return Ok(None);
            }
            self.await_change(&mut changes, kind, subject, end.min(Instant::now() + self.inner.settings.longest_rest)).await;
        }
    }

    async fn await_change(
        &self,
        changes: &mut broadcast::Receiver<(ErrandKind, String)>,
        kind: ErrandKind,
        subject: &str,
        until: Instant,
    ) {
        let announced = async {
            while let Ok((changed, of)) = changes.recv().await {
                if changed == kind && of == subject {
                    return;
                }
            }
        };
        tokio::select! {
            () = self.inner.draining.cancelled() => {}
            // Either way the record is looked at next.
            _ = timeout_at(until, announced) => {}
        }
    }

    async fn work(&self, runners: &[Arc<dyn RunsErrands>]) {
        while let Some(claim) = self.next_claim().await {
            self.run(runners, claim).await;
        }
    }

    /// The next errand to run; `None` once the workers drain. One worker at a time looks, so that idle ones cost nothing.
    async fn next_claim(&self) -> Option<ErrandClaim> {
        let _lookout = self.inner.lookout.lock().await;
        while !self.is_draining() {
            match self.inner.store.claim_errand(self.inner.clock.now(), self.inner.settings.lease).await {
                Ok(Some(claim)) => return Some(claim),
                Ok(None) => self.rest().await,
                Err(error) => self.pause(&error).await,
            }
        }
        None
    }

    /// Runs an errand in a task of its own: a panic ends the run and not the worker, and the lease lapses.
    async fn run(&self, runners: &[Arc<dyn RunsErrands>], claim: ErrandClaim) {
        let (kind, lease) = (claim.lease.kind, claim.lease.clone());
        let Some(runner) = runners.iter().find(|runner| runner.kind() == kind).cloned() else {
            let due_at = later(self.inner.clock.now(), self.inner.settings.lease);
            return self.give_back(&claim, Some(due_at)).await;
        };
        let due_at = match tokio::spawn(async move { runner.run(&claim).await.map(|due_at| (claim, due_at)) }).await {
            Ok(Ok((claim, due_at))) => return self.give_back(&claim, due_at).await,
            Ok(Err(StoreError::Fenced)) => return warn!(kind = kind.as_str(), "another worker has taken an errand over"),
            Ok(Err(error)) => {
                self.failed(&error);
                later(self.inner.clock.now(), FAILED_WAIT)
            }
            Err(_) => return error!(kind = kind.as_str(), "a worker failed inside an errand; its lease will lapse"),
        };
        self.give_back(&ErrandClaim { lease, lapses: 0 }, Some(due_at)).await;
    }

    async fn give_back(&self, claim: &ErrandClaim, due_at: Option<Timestamp>) {
        match self.inner.store.release_errand(&claim.lease, due_at).await {
            // Its owner gave it back together with what it saved, or another has it.
            Ok(()) | Err(StoreError::Fenced) => {}
            Err(error) => self.failed(&error),
        }
        self.announce(claim.lease.kind, &claim.lease.subject);
    }

    /// Rests until something is due, something is announced, or the time of the longest rest is over.
    async fn rest(&self) {
        let longest = self.inner.settings.longest_rest;
        let next_due = match self.inner.store.next_errand_due().await {
            Ok(next_due) => next_due,
            Err(error) => return self.pause(&error).await,
        };
        let until_due = next_due.map(|due| due.duration_since(self.inner.clock.now()));
        let rest = until_due.map_or(longest, |due| Duration::try_from(due).unwrap_or_default().min(longest));
        tokio::select! {
            () = self.inner.wake.notified() => {}
            () = self.inner.draining.cancelled() => {}
            () = tokio::time::sleep(rest.max(self.inner.settings.shortest_rest)) => {}
        }
    }

    /// Leaves a journal that failed alone for a while, whatever is announced.
    async fn pause(&self, error: &StoreError) {
        self.failed(error);
        tokio::select! {
            () = self.inner.draining.cancelled() => {}
            () = tokio::time::sleep(STORE_PAUSE) => {}
        }
    }

    fn failed(&self, error: &StoreError) {
        counter!("settlement_gateway_store_failures_total").increment(1);
        warn!(error = with_causes(error), "the journal did not answer a worker");
    }
}
