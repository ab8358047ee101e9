//! The settlement engine: workers that take due settlements and carry each to
//! its next rest, whoever asked and wherever they are by now.
//!
//! A worker leases a settlement, does one step, saves it and goes on until the
//! settlement rests: answered, or waiting for a later look. Each step is
//! durable before the next begins, so a worker may be killed anywhere; the
//! next one finds the settlement by its due time or its lapsed lease and knows
//! from the state alone what may already have happened.
//!
//! Safety does not rest on leases: what is sent again is the stored body, and
//! what is signed again is the stored signature.

mod anchored;
mod following;
mod pace;
mod report;
mod settings;
mod shares;
mod spans;
mod steps;
mod tails;
mod time;
mod turn;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::broadcast;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, error, warn};
use uuid::Uuid;

use super::anchor::AnchorKeeper;
use super::directory::Directory;
use super::lookout::{DueWork, Lookout, store_failed, taken_over};
use crate::custody::Keyring;
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::Settlement;
use crate::domain::time::Clock;
use crate::store::{Claim, Store, StoreError};
use following::KnownAccounts;
pub(in crate::service) use pace::next_look;
pub use settings::EngineSettings;
use shares::{Share, Shares};
use spans::Awaited;
pub use tails::Tail;
use tails::Tails;
use time::JournalClock;

/// How many announcements a slow listener may fall behind before it reads the journal instead.
const MAX_WAITING_ANNOUNCEMENTS: usize = 1024;

/// The engine; clones share it.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    anchor: AnchorKeeper,
    keyring: Arc<Keyring>,
    directory: Arc<Directory>,
    clock: Arc<JournalClock>,
    settings: EngineSettings,
    lookout: Lookout,
    shares: Arc<Shares>,
    /// Whose the venue's network accounts are.
    accounts: KnownAccounts,
    changes: broadcast::Sender<Changed>,
    tails: Tails,
    awaited: Awaited,
    workers: TaskTracker,
}

/// What is announced: this settlement has come to this sequence.
#[derive(Debug, Clone)]
struct Changed {
    enterprise_id: EnterpriseId,
    id: Uuid,
    sequence: u64,
}

impl Engine {
    /// An engine that does nothing until [`Engine::start`].
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        anchor: AnchorKeeper,
        keyring: Arc<Keyring>,
        directory: Arc<Directory>,
        clock: Arc<dyn Clock>,
        settings: EngineSettings,
    ) -> Self {
        let clock = Arc::new(JournalClock::new(clock));
        let lookout = Lookout::new(clock.clone(), settings.shortest_rest..=settings.longest_rest);
        let inner = Inner {
            accounts: KnownAccounts::default(),
            shares: Shares::new(settings.max_turns_per_enterprise, lookout.waker()),
            lookout,
            store,
            anchor,
            keyring,
            directory,
            clock,
            settings,
            changes: broadcast::Sender::new(MAX_WAITING_ANNOUNCEMENTS),
            tails: Tails::default(),
            awaited: Awaited::default(),
            workers: TaskTracker::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Starts the workers; whatever a former process left is taken up at once.
    pub fn start(&self) {
        for _ in 0..self.inner.settings.workers.max(1) {
            let engine = self.clone();
            self.inner.workers.spawn(async move { engine.work().await });
        }
        self.inner.workers.close();
    }

    /// Takes no new work and waits until the steps that are under way are saved.
    pub async fn drain(&self) {
        self.inner.lookout.drain();
        self.inner.workers.wait().await;
    }

    /// Whether the engine is stopping.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.inner.lookout.is_draining()
    }

    /// Tells the workers that something is due now.
    pub fn wake(&self) {
        self.inner.lookout.wake();
    }

    /// Tells everybody who waits that a settlement has changed.
    pub fn announce(&self, settlement: &Settlement) {
        let enterprise_id = settlement.header.enterprise_id.clone();
        let changed = Changed { enterprise_id, id: settlement.id, sequence: settlement.progress.sequence };
        // Nobody listening is no fault.
        let _ = self.inner.changes.send(changed);
    }

    /// How long a lease lasts.
    #[must_use]
    pub fn lease(&self) -> Duration {
        self.inner.settings.lease
    }

    /// The present instant, as the journal's clock has it: what is written into the journal is stamped with it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    async fn work(&self) {
        while let Some((claim, share)) = self.inner.lookout.next(self.inner.as_ref()).await {
            self.take_turn(claim).await;
            drop(share);
        }
    }

    /// One turn in a task of its own: a panic ends the turn and not the worker, and the lease lapses.
    async fn take_turn(&self, claim: Claim) {
        let engine = self.clone();
        if claim.lapses > 0 {
            taken_over("SETTLEMENT");
        }
        let (id, is_followed) = (claim.settlement.id, claim.settlement.progress.is_followed());
        let span = if is_followed { spans::batch(&claim.settlement) } else { self.span_of_turn(&claim).await };
        let turn = async move { if is_followed { engine.follow(claim).await } else { engine.turn(claim).await } };
        let ended = tokio::spawn(turn.instrument(span.clone())).await;
        span.in_scope(|| match ended {
            Ok(Ok(())) => {}
            Ok(Err(StoreError::Fenced)) => warn!(settlement = %id, "another worker has taken the settlement over"),
            Ok(Err(error)) => store_failed(&error),
            Err(_) => error!(settlement = %id, "a worker failed inside a settlement; its lease will lapse"),
        });
    }
}

impl DueWork for Inner {
    /// A settlement to work on, and its enterprise's share.
    type Claim = (Claim, Share);

    async fn claim(&self) -> Result<Option<Self::Claim>, StoreError> {
        // With a clock that is wrong, what is due would be found too late, and nothing would tell.
        if self.clock.is_long_unheard() {
            let asked = Instant::now();
            self.clock.hear(self.store.clock().await?, asked);
        }
        let asked = Instant::now();
        let claim = self.store.claim_due(self.clock.now(), self.settings.lease, &self.shares.used_up()).await?;
        Ok(claim.map(|claim| {
            self.clock.hear(claim.at, asked);
            let share = self.shares.take(&claim.settlement.header.enterprise_id);
            (claim, share)
        }))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_due(&self.shares.used_up()).await
    }
}
