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
use tokio::sync::broadcast;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;
use tracing::field::Empty;
use tracing::{Instrument, error, error_span, warn};

use super::lookout::{DueWork, Lookout, store_failed, taken_over};
use crate::domain::time::{Clock, later};
use crate::store::{ErrandClaim, ErrandKind, ErrandLease, Store, StoreError};
use crate::traces;

/// How many announcements a slow listener may fall behind before it reads the journal instead.
const MAX_WAITING_ANNOUNCEMENTS: usize = 1024;

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
    lookout: Lookout,
    changes: broadcast::Sender<(ErrandKind, String)>,
    workers: TaskTracker,
}

impl Errands {
    /// Workers that do nothing until [`Errands::start`].
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, settings: ErrandSettings) -> Self {
        let lookout = Lookout::new(Arc::clone(&clock), settings.shortest_rest..=settings.longest_rest);
        let inner = Inner {
            store,
            clock,
            settings,
            lookout,
            changes: broadcast::Sender::new(MAX_WAITING_ANNOUNCEMENTS),
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
        self.inner.lookout.drain();
        self.inner.workers.close();
        self.inner.workers.wait().await;
    }

    /// Whether the workers are stopping.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.inner.lookout.is_draining()
    }

    /// Tells the workers that something is due now.
    pub fn wake(&self) {
        self.inner.lookout.wake();
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
            () = self.inner.lookout.drained() => {}
            // Either way the record is looked at next.
            _ = timeout_at(until, announced) => {}
        }
    }

    async fn work(&self, runners: &[Arc<dyn RunsErrands>]) {
        while let Some(claim) = self.inner.lookout.next(self.inner.as_ref()).await {
            self.run(runners, claim).await;
        }
    }

    /// Runs an errand in a task of its own: a panic ends the run and not the worker, and the lease lapses.
    async fn run(&self, runners: &[Arc<dyn RunsErrands>], claim: ErrandClaim) {
        let (kind, lease) = (claim.lease.kind, claim.lease.clone());
        let Some(runner) = runners.iter().find(|runner| runner.kind() == kind).cloned() else {
            let due_at = later(self.inner.clock.now(), self.inner.settings.lease);
            return self.give_back(&lease, Some(due_at)).await;
        };
        if claim.lapses > 0 {
            taken_over(kind.as_str());
        }
        let span = error_span!("errand", kind = kind.as_str(), subject = Empty, request_id = Empty, trace_id = Empty);
        traces::come_from(&span, &claim.origin);
        // Where deliveries wait tells the path that venues call, which nobody should guess.
        if kind != ErrandKind::Delivery {
            span.record("subject", lease.subject.as_str());
        }
        let run = async move { runner.run(&claim).await };
        let ended = tokio::spawn(run.instrument(span.clone())).await;
        let due_at = match ended {
            Ok(Ok(due_at)) => return self.give_back(&lease, due_at).await,
            Ok(Err(StoreError::Fenced)) => return span.in_scope(|| warn!("another worker has taken an errand over")),
            Ok(Err(error)) => {
                span.in_scope(|| store_failed(&error));
                later(self.inner.clock.now(), FAILED_WAIT)
            }
            Err(_) => return span.in_scope(|| error!("a worker failed inside an errand; its lease will lapse")),
        };
        self.give_back(&lease, Some(due_at)).await;
    }

    async fn give_back(&self, lease: &ErrandLease, due_at: Option<Timestamp>) {
        match self.inner.store.release_errand(lease, due_at).await {
            // Its owner gave it back together with what it saved, or another has it.
            Ok(()) | Err(StoreError::Fenced) => {}
            Err(error) => store_failed(&error),
        }
        self.announce(lease.kind, &lease.subject);
    }
}

impl DueWork for Inner {
    type Claim = ErrandClaim;

    async fn claim(&self) -> Result<Option<ErrandClaim>, StoreError> {
        self.store.claim_errand(self.clock.now(), self.settings.lease).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_errand_due().await
    }
}
