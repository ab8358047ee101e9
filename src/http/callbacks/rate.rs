//! How many requests are answered in a minute, whoever sends them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
/// The part of a minute's requests that may come at once.
const BURST_PART: u32 = 10;

/// A rate with a burst: each request moves the instant at which all before it would have been spread evenly.
pub(super) struct Rate {
    interval: Duration,
    burst: Duration,
    spread_until: Mutex<Instant>,
}

impl Rate {
    pub(super) fn per_minute(requests: u32) -> Self {
        let requests = requests.max(1);
        let interval = MINUTE / requests;
        Self { interval, burst: interval * (requests / BURST_PART).max(1), spread_until: Mutex::new(Instant::now()) }
    }

    /// Lets a request pass, or says how long to wait.
    pub(super) fn take(&self) -> Result<(), Duration> {
        let now = Instant::now();
        let mut spread_until = self.spread_until.lock().unwrap_or_else(PoisonError::into_inner);
        let next = (*spread_until).max(now) + self.interval;
        let ahead = next.duration_since(now);
        if ahead > self.burst {
            return Err(ahead - self.burst);
        }
        *spread_until = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_one_at_each_interval() {
        let rate = Rate::per_minute(60);
        let passed = (0..100).filter(|_| rate.take().is_ok()).count();
        assert_eq!(passed, 6);
        assert_eq!(rate.take(), Err(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(rate.take().is_ok());
        assert!(rate.take().is_err());
        tokio::time::advance(MINUTE).await;
        assert_eq!((0..100).filter(|_| rate.take().is_ok()).count(), 6, "a quiet minute is no larger burst");
    }

    #[tokio::test(start_paused = true)]
    async fn the_lowest_rate_still_lets_one_pass() {
        let rate = Rate::per_minute(1);
        assert!(rate.take().is_ok());
        assert_eq!(rate.take(), Err(MINUTE));
    }
}
