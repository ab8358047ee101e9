//! Whether this process should be given work.
//!
//! Only what is local counts: a venue or a journal that is down would
//! otherwise take out every replica at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What stands between this process and work; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Facts>);

#[derive(Debug, Default)]
struct Facts {
    started: AtomicBool,
    keys_loaded: AtomicBool,
    draining: AtomicBool,
}

impl Readiness {
    /// A process that has only begun to start.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every listener is bound and the engine runs.
    pub fn started(&self) {
        self.0.started.store(true, Ordering::Release);
    }

    /// Every configured key is open.
    pub fn keys_loaded(&self) {
        self.0.keys_loaded.store(true, Ordering::Release);
    }

    /// The process is going down. There is no way back.
    pub fn draining(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// What is missing, in words; nothing when the process is ready.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let facts = &self.0;
        let mut missing = Vec::new();
        if !facts.started.load(Ordering::Acquire) {
            missing.push("not started");
        }
        if !facts.keys_loaded.load(Ordering::Acquire) {
            missing.push("keys not loaded");
        }
        if facts.draining.load(Ordering::Acquire) {
            missing.push("draining");
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_ready_between_its_start_and_its_drain() {
        let readiness = Readiness::new();
        assert_eq!(readiness.missing(), ["not started", "keys not loaded"]);
        readiness.keys_loaded();
        readiness.started();
        assert!(readiness.missing().is_empty());
        readiness.draining();
        assert_eq!(readiness.missing(), ["draining"]);
    }
}
