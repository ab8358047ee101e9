//! How many settlements of each enterprise are worked on in this process.
//!
//! A venue that hangs holds every worker that calls it. So that it never holds
//! all of them, an enterprise that has its share is passed over until one of
//! its turns ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::ids::EnterpriseId;

/// The turns that are under way, counted.
pub(super) struct Shares {
    most: usize,
    turns: Mutex<BTreeMap<EnterpriseId, usize>>,
    freed: Arc<Notify>,
}

impl Shares {
    /// Shares of so many turns, one at least. Whoever waits at `freed` is woken when an enterprise is below its share again.
    pub(super) fn new(most: usize, freed: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), turns: Mutex::default(), freed })
    }

    /// The enterprises that have their share: no more than there are workers.
    pub(super) fn used_up(&self) -> Vec<EnterpriseId> {
        let turns = self.turns();
        turns.iter().filter(|(_, count)| **count >= self.most).map(|(enterprise, _)| enterprise.clone()).collect()
    }

    /// Counts a turn of an enterprise until what is returned is dropped.
    pub(super) fn take(self: &Arc<Self>, enterprise: &EnterpriseId) -> Share {
        *self.turns().entry(enterprise.clone()).or_default() += 1;
        Share { shares: Arc::clone(self), enterprise: enterprise.clone() }
    }

    fn give_back(&self, enterprise: &EnterpriseId) {
        let mut turns = self.turns();
        let Some(count) = turns.get_mut(enterprise) else { return };
        let was_used_up = *count >= self.most;
        *count -= 1;
        if *count == 0 {
            turns.remove(enterprise);
        }
        drop(turns);
        if was_used_up {
            self.freed.notify_one();
        }
    }

    fn turns(&self) -> MutexGuard<'_, BTreeMap<EnterpriseId, usize>> {
        // Each change is one step, so a panic elsewhere leaves the counts whole.
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One turn; dropped when it ends, however it ends.
pub(super) struct Share {
    shares: Arc<Shares>,
    enterprise: EnterpriseId,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shares.give_back(&self.enterprise);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn an_enterprise_is_passed_over_while_it_has_its_share_and_its_end_wakes() {
        let freed = Arc::new(Notify::new());
        let shares = Shares::new(2, Arc::clone(&freed));
        let (one, other) = (EnterpriseId::new("one").unwrap(), EnterpriseId::new("other").unwrap());
        let first = shares.take(&one);
        let _other = shares.take(&other);
        assert_eq!(shares.used_up(), []);
        let second = shares.take(&one);
        assert_eq!(shares.used_up(), [one]);
        assert!(freed.notified().now_or_never().is_none());
        drop(first);
        assert_eq!(shares.used_up(), []);
        assert!(freed.notified().now_or_never().is_some());
        drop(second);
        assert!(freed.notified().now_or_never().is_none(), "it was below its share before");
    }

    #[test]
    fn a_share_is_one_turn_at_least() {
        let shares = Shares::new(0, Arc::default());
        assert_eq!(shares.used_up(), []);
        let one = EnterpriseId::new("one").unwrap();
        let _turn = shares.take(&one);
        assert_eq!(shares.used_up(), [one]);
    }
}
