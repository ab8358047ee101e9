//! What every handler of both venues has at hand.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bitgo;
use super::config::{SandboxConfig, SandboxEnterprise};
use super::faults::Faults;
use super::ledger::{Ledger, LedgerSnapshot};

/// The span of the request budget.
const BUDGET_WINDOW_MS: i64 = 60_000;
/// The most different request lines that are counted; later ones are not.
const MAX_COUNTED_LINES: usize = 100_000;

/// Configuration, books, rules and counters of one sandbox.
pub(crate) struct Desk {
    pub(crate) config: SandboxConfig,
    enterprises: Vec<Arc<SandboxEnterprise>>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) faults: Faults,
    /// Cancelled when the sandbox stops: ends listeners and delays.
    pub(crate) stop: CancellationToken,
    /// The requests under way.
    pub(crate) tasks: TaskTracker,
    requests: Mutex<BTreeMap<String, u64>>,
    spent: Mutex<HashMap<String, VecDeque<i64>>>,
}

impl Desk {
    /// A desk over open books.
    pub(crate) fn new(config: SandboxConfig, ledger: Arc<Ledger>) -> Self {
        let enterprises = config.enterprises.iter().cloned().map(Arc::new).collect();
        Self {
            config,
            enterprises,
            ledger,
            faults: Faults::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            requests: Mutex::default(),
            spent: Mutex::default(),
        }
    }

    /// The present instant in milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.config.clock.now().as_millisecond()
    }

    /// An enterprise by its id.
    pub(crate) fn enterprise(&self, id: &str) -> Option<&Arc<SandboxEnterprise>> {
        self.enterprises.iter().find(|enterprise| enterprise.enterprise_id == id)
    }

    /// All enterprises.
    pub(crate) fn enterprises(&self) -> &[Arc<SandboxEnterprise>] {
        &self.enterprises
    }

    /// A copy of the ledger, after windows that have ended have taken their effect.
    pub(crate) fn snapshot(&self) -> LedgerSnapshot {
        let now_ms = self.now_ms();
        // A ledger that cannot be written says so to the next request; the copy shows what it holds.
        let _ = self.ledger.change_now(|ledger| bitgo::process_due(ledger, now_ms));
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.ledger.snapshot(requests)
    }

    /// Counts a request.
    pub(crate) fn count(&self, method: &str, path: &str) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let line = format!("{method} {path}");
        if requests.len() < MAX_COUNTED_LINES || requests.contains_key(&line) {
            *requests.entry(line).or_default() += 1;
        }
    }

    /// Takes one request from a user's budget of so many a minute.
    ///
    /// # Errors
    /// The seconds until the budget has room again.
    pub(crate) fn spend(&self, user: &str, per_minute: u32) -> Result<(), i64> {
        let now = self.now_ms();
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let times = spent.entry(user.to_owned()).or_default();
        while times.front().is_some_and(|at| at + BUDGET_WINDOW_MS <= now) {
            times.pop_front();
        }
        let limit = usize::try_from(per_minute).unwrap_or(usize::MAX);
        if times.len() < limit {
            times.push_back(now);
            return Ok(());
        }
        let free_at = times.front().map_or(now, |at| at + BUDGET_WINDOW_MS);
        Err((free_at - now).max(0) / 1000 + 1)
    }
}
