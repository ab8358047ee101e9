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

mod following;
mod pace;
mod report;
mod settings;
mod shares;
mod steps;
mod tails;
mod turn;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};
use uuid::Uuid;

use super::directory::Directory;
use crate::custody::Keyring;
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::Settlement;
use crate::domain::time::Clock;
use crate::store::{Claim, Store, StoreError};
use following::KnownAccounts;
pub(in crate::service) use pace::next_look;
pub use settings::EngineSettings;
use shares::{Share, Shares};
pub use tails::Tail;
use tails::Tails;

/// How many announcements a slow listener may fall behind before it reads the journal instead.
const MAX_WAITING_ANNOUNCEMENTS: usize = 1024;

/// How long nobody looks for work when the journal does not answer.
const STORE_PAUSE: Duration = Duration::from_millis(500);

/// The engine; clones share it.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    keyring: Arc<Keyring>,
    directory: Arc<Directory>,
    clock: Arc<dyn Clock>,
    settings: EngineSettings,
    wake: Arc<Notify>,
    /// Held by the one worker that looks for what is due.
    lookout: Mutex<()>,
    shares: Arc<Shares>,
    /// Whose the venue's network accounts are.
    accounts: KnownAccounts,
    changes: broadcast::Sender<Changed>,
    tails: Tails,
    draining: CancellationToken,
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
        keyring: Arc<Keyring>,
        directory: Arc<Directory>,
        clock: Arc<dyn Clock>,
        settings: EngineSettings,
    ) -> Self {
        let wake = Arc::new(Notify::new());
        let inner = Inner {
            lookout: Mutex::new(()),
            accounts: KnownAccounts::default(),
            shares: Shares::new(settings.max_turns_per_enterprise, Arc::clone(&wake)),
            store,
            keyring,
            directory,
            clock,
            settings,
            wake,
            changes: broadcast::Sender::new(MAX_WAITING_ANNOUNCEMENTS),
            tails: Tails::default(),
            draining: CancellationToken::new(),
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
        self.inner.draining.cancel();
        self.inner.workers.wait().await;
    }

    /// Whether the engine is stopping.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.inner.draining.is_cancelled()
    }

    /// Tells the workers that something is due now.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
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

    async fn work(&self) {
        while let Some((claim, share)) = self.next_claim().await {
            self.take_turn(claim).await;
            drop(share);
        }
    }

    /// The next settlement to work on, and its enterprise's share; `None` once the engine drains.
    ///
    /// One worker at a time looks: so the shares hold exactly, and idle workers cost the journal nothing.
    async fn next_claim(&self) -> Option<(Claim, Share)> {
        let _lookout = self.inner.lookout.lock().await;
        while !self.is_draining() {
            let pass_over = self.inner.shares.used_up();
            match self.inner.store.claim_due(self.inner.clock.now(), self.inner.settings.lease, &pass_over).await {
                Ok(Some(claim)) => {
                    let share = self.inner.shares.take(&claim.settlement.header.enterprise_id);
                    return Some((claim, share));
                }
                Ok(None) => self.rest(&pass_over).await,
                Err(error) => self.pause(&error).await,
            }
        }
        None
    }

    /// One turn in a task of its own: a panic ends the turn and not the worker, and the lease lapses.
    async fn take_turn(&self, claim: Claim) {
        let engine = self.clone();
        let id = claim.settlement.id;
        let turn = async move {
            if claim.settlement.progress.is_followed() { engine.follow(claim).await } else { engine.turn(claim).await }
        };
        match tokio::spawn(turn).await {
            Ok(Ok(())) => {}
            Ok(Err(StoreError::Fenced)) => warn!(settlement = %id, "another worker has taken the settlement over"),
            Ok(Err(error)) => report::store_failed(&error),
            Err(_) => error!(settlement = %id, "a worker failed inside a settlement; its lease will lapse"),
        }
    }

    /// Rests until something is due, something is announced, or the time of the longest rest is over.
    async fn rest(&self, pass_over: &[EnterpriseId]) {
        let longest = self.inner.settings.longest_rest;
        let next_due = match self.inner.store.next_due(pass_over).await {
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
        report::store_failed(error);
        tokio::select! {
            () = self.inner.draining.cancelled() => {}
            () = tokio::time::sleep(STORE_PAUSE) => {}
        }
    }
}
