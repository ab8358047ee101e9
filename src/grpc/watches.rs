//! How many watches are open: each costs a task and memory for as long as its caller likes, so each is counted to its end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::pb::ErrorReason;
use crate::domain::ids::CallerId;

/// The most watches that may be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchLimits {
    /// In this process; one more is answered OVERLOADED.
    pub max: usize,
    /// Of one caller; one more is answered QUOTA_EXCEEDED.
    pub max_per_caller: usize,
    /// How long a reader of events may take nothing; then its watch ends with READER_TOO_SLOW.
    pub patience: Duration,
}

/// The open watches, counted by caller.
#[derive(Debug)]
pub(super) struct Watches {
    limits: WatchLimits,
    open: Mutex<BTreeMap<CallerId, usize>>,
}

impl Watches {
    /// No watch yet.
    pub(super) fn new(limits: WatchLimits) -> Arc<Self> {
        Arc::new(Self { limits, open: Mutex::default() })
    }

    /// How long a reader may take nothing.
    pub(super) fn patience(&self) -> Duration {
        self.limits.patience
    }

    /// Counts a watch until what is returned is dropped.
    ///
    /// # Errors
    /// The reason of the limit that stands against it; the caller's own goes first.
    pub(super) fn begin(self: &Arc<Self>, caller: &CallerId) -> Result<Watch, ErrorReason> {
        let mut open = self.open();
        let of_all: usize = open.values().sum();
        let of_caller = open.get(caller).copied().unwrap_or_default();
        if of_caller >= self.limits.max_per_caller {
            return Err(ErrorReason::QuotaExceeded);
        }
        if of_all >= self.limits.max {
            return Err(ErrorReason::Overloaded);
        }
        open.insert(caller.clone(), of_caller + 1);
        drop(open);
        Ok(Watch { watches: Arc::clone(self), caller: caller.clone() })
    }

    fn end(&self, caller: &CallerId) {
        let mut open = self.open();
        match open.get_mut(caller) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(open.remove(caller)),
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<CallerId, usize>> {
        // Each change is one step, so a panic elsewhere leaves the counts whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open watch; dropped with its stream, however that ends.
#[derive(Debug)]
pub(super) struct Watch {
    watches: Arc<Watches>,
    caller: CallerId,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.watches.end(&self.caller);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: WatchLimits = WatchLimits { max: 3, max_per_caller: 2, patience: Duration::from_secs(30) };

    fn caller(name: &str) -> CallerId {
        CallerId::new(name).unwrap()
    }

    #[test]
    fn a_caller_has_its_share_and_all_together_have_theirs() {
        let watches = Watches::new(LIMITS);
        let begin = |name| watches.begin(&caller(name));
        let first = begin("one").unwrap();
        let _second = begin("one").unwrap();
        assert_eq!(begin("one").unwrap_err(), ErrorReason::QuotaExceeded);
        let other = begin("other").unwrap();
        assert_eq!(begin("other").unwrap_err(), ErrorReason::Overloaded);
        assert_eq!(begin("one").unwrap_err(), ErrorReason::QuotaExceeded, "its own share goes first");
        drop(first);
        let _again = begin("one").unwrap();
        drop(other);
        assert!(begin("third").is_ok());
    }

    #[test]
    fn what_has_ended_leaves_nothing_behind() {
        let watches = Watches::new(LIMITS);
        for n in 0..10 {
            drop(watches.begin(&caller(&format!("caller-{n}"))).unwrap());
        }
        assert!(watches.open().is_empty());
    }
}
