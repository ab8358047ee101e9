//! What every handler of both venues has at hand.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bitgo;
use super::bitgo::finalize::{CallbackKey, CallbackKeyError};
use super::config::{SandboxConfig, SandboxEnterprise};
use super::faults::Faults;
use super::ledger::{Book, Durability, Ledger, LedgerError, LedgerSnapshot, Record, Writer};

/// The span of the request budget.
const BUDGET_WINDOW_MS: i64 = 60_000;
/// The furthest that time is moved at once: ten years.
const MAX_ADVANCE_MS: i64 = 10 * 366 * 24 * 3_600_000;
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
    /// Wakes whoever makes the venue's own calls.
    pub(crate) wake: Notify,
    moved_ms: AtomicI64,
    finalize_urls: Mutex<HashMap<String, String>>,
    callback_key: Mutex<Option<CallbackKey>>,
    requests: Mutex<BTreeMap<String, u64>>,
    spent: Mutex<HashMap<String, VecDeque<i64>>>,
}

impl Desk {
    /// A desk over open books.
    pub(crate) fn new(config: SandboxConfig, ledger: Arc<Ledger>) -> Self {
        let enterprises = config.enterprises.iter().cloned().map(Arc::new).collect();
        let urls = config.enterprises.iter().filter_map(|one| Some((one.enterprise_id.clone(), one.finalize_url.clone()?)));
        let finalize_urls = Mutex::new(urls.collect());
        let callback_key = Mutex::new(config.callback_key.clone());
        let moved_ms = AtomicI64::new(ledger.read(Book::clock_moved_ms));
        Self {
            config,
            enterprises,
            ledger,
            faults: Faults::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            wake: Notify::new(),
            moved_ms,
            finalize_urls,
            callback_key,
            requests: Mutex::default(),
            spent: Mutex::default(),
        }
    }

    /// The venues' present instant in milliseconds: windows and lifetimes run on it, and it can be moved ahead.
    pub(crate) fn now_ms(&self) -> i64 {
        self.unmoved_ms().saturating_add(self.moved_ms.load(Ordering::SeqCst))
    }

    /// The present instant of the clock that the sandbox was given: credentials and request budgets are held to it, since callers
    /// share it and not what it was moved by.
    pub(crate) fn unmoved_ms(&self) -> i64 {
        self.config.clock.now().as_millisecond()
    }

    /// Moves the venues' time ahead, and lets windows that end by that take their effect.
    ///
    /// # Errors
    /// [`LedgerError`] when the ledger cannot be written.
    pub(crate) async fn advance(self: &Arc<Self>, by: Duration) -> Result<(), LedgerError> {
        let advance_ms = i64::try_from(by.as_millis()).unwrap_or(MAX_ADVANCE_MS).min(MAX_ADVANCE_MS);
        let desk = Arc::clone(self);
        let change = move |ledger: &mut Writer| {
            ledger.commit(Record::ClockMoved { advance_ms }, Durability::Synced)?;
            desk.moved_ms.store(ledger.book().clock_moved_ms(), Ordering::SeqCst);
            bitgo::process_due(ledger, desk.now_ms())
        };
        let moved = self.ledger.change(change).await;
        self.wake.notify_one();
        moved
    }

    /// Where a partner is called when a settlement's amounts are final.
    pub(crate) fn finalize_url(&self, enterprise: &str) -> Option<String> {
        self.finalize_urls.lock().unwrap_or_else(PoisonError::into_inner).get(enterprise).cloned()
    }

    /// Calls a partner there from now on.
    pub(crate) fn call_partner_at(&self, enterprise: &str, url: &str) {
        let mut urls = self.finalize_urls.lock().unwrap_or_else(PoisonError::into_inner);
        urls.insert(enterprise.to_owned(), url.to_owned());
        self.wake.notify_one();
    }

    /// The key of the venue's own calls, made when it is first needed.
    ///
    /// # Errors
    /// [`CallbackKeyError`] when none can be made or kept.
    pub(crate) fn callback_key(&self) -> Result<CallbackKey, CallbackKeyError> {
        let mut key = self.callback_key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*key {
            return Ok(key.clone());
        }
        let made = self.config.data_dir.as_deref().map_or_else(CallbackKey::generate, CallbackKey::kept_in)?;
        *key = Some(made.clone());
        Ok(made)
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
        let now = self.unmoved_ms();
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
