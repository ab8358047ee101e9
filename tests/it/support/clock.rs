//! A clock that stands still.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::domain::time::Clock;

/// A clock that moves only when told to.
pub(crate) struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that shows an instant.
    pub(crate) fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(now)))
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}
