//! The newest changes of an enterprise's settlements, read once for all who watch them.
//!
//! While anybody watches an enterprise, one task reads its changes as they are
//! announced here or committed by another replica, and keeps the newest. A
//! watcher whose cursor lies among them needs no reading of its own; one that
//! is further behind reads the journal until it has caught up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until};

use super::{Changed, Engine};
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::SettlementEvent;
use crate::service::lookout::store_failed;
use crate::store::EventQuery;

/// How many changes a tail keeps: as many as a watcher may fall behind before it reads the journal.
const MAX_KEPT: usize = 256;

/// The newest changes of one enterprise, as far as they were read.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    kept: VecDeque<Arc<SettlementEvent>>,
    /// The place of the newest change that was read.
    newest: u64,
}

impl Tail {
    /// The place of the newest change that was read.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// The changes after a place; `None` when the first of them is no longer kept.
    #[must_use]
    pub fn after(&self, place: u64) -> Option<Vec<Arc<SettlementEvent>>> {
        let oldest = self.kept.front().map_or(self.newest + 1, |event| event.place);
        let is_kept = place.saturating_add(1) >= oldest;
        is_kept.then(|| self.kept.iter().filter(|event| event.place > place).cloned().collect())
    }

    /// Takes up what was read next.
    fn extend(&mut self, events: Vec<SettlementEvent>, read_to: u64) {
        self.kept.extend(events.into_iter().map(Arc::new));
        self.kept.drain(..self.kept.len().saturating_sub(MAX_KEPT));
        self.newest = read_to;
    }
}

/// The tails that somebody watches, by enterprise.
#[derive(Debug, Default)]
pub(super) struct Tails(Mutex<BTreeMap<EnterpriseId, Weak<watch::Sender<Tail>>>>);

impl Engine {
    /// Watches an enterprise's newest changes. The tail may end at any time, when the journal fails for instance: watch anew.
    #[must_use]
    pub fn watch_tail(&self, enterprise_id: &EnterpriseId) -> watch::Receiver<Tail> {
        // A poisoned map is whole: each change of it is one step.
        let mut tails = self.inner.tails.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tail) = tails.get(enterprise_id).and_then(Weak::upgrade) {
            return tail.subscribe();
        }
        let sender = Arc::new(watch::Sender::new(Tail::default()));
        let receiver = sender.subscribe();
        tails.insert(enterprise_id.clone(), Arc::downgrade(&sender));
        let (engine, enterprise_id) = (self.clone(), enterprise_id.clone());
        tokio::spawn(async move { engine.keep_tail(&enterprise_id, &sender).await });
        receiver
    }

    /// Keeps a tail until nobody watches it, the gateway drains or the journal fails.
    async fn keep_tail(&self, enterprise_id: &EnterpriseId, sender: &watch::Sender<Tail>) {
        let mut changes = self.inner.changes.subscribe();
        // Nothing lies beyond the last place that can be, so the first reading only finds the end.
        let mut seen = u64::MAX;
        loop {
            match self.read_on(enterprise_id, seen, sender).await {
                Some(newest) => seen = newest,
                None => return,
            }
            tokio::select! {
                () = sender.closed() => return,
                () = self.inner.lookout.drained() => return,
                () = self.announced_or_due(enterprise_id, &mut changes) => {}
            }
        }
    }

    /// Reads to the end and publishes what is new; `None` when the journal fails, which each watcher finds out and tells.
    async fn read_on(&self, enterprise_id: &EnterpriseId, seen: u64, sender: &watch::Sender<Tail>) -> Option<u64> {
        let limit = u32::try_from(MAX_KEPT).unwrap_or(u32::MAX);
        let mut query =
            EventQuery { enterprise_id: enterprise_id.clone(), external_id: None, states: Vec::new(), after: seen, limit };
        loop {
            let stretch = self.inner.store.settlement_events(&query).await;
            let stretch = stretch.inspect_err(store_failed).ok()?;
            let read_to = stretch.read_to.min(stretch.newest);
            if query.after != read_to {
                sender.send_modify(|tail| tail.extend(stretch.events, read_to));
            }
            query.after = read_to;
            if read_to >= stretch.newest {
                return Some(read_to);
            }
        }
    }

    /// Waits until a change of the enterprise is announced, or until another replica's would have to be looked for.
    async fn announced_or_due(&self, enterprise_id: &EnterpriseId, changes: &mut broadcast::Receiver<Changed>) {
        let look_again = Instant::now() + self.inner.settings.longest_rest;
        loop {
            tokio::select! {
                () = sleep_until(look_again) => return,
                announced = changes.recv() => match announced {
                    Ok(changed) if changed.enterprise_id == *enterprise_id => return,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return,
                },
            }
        }
    }
}
