//! Calls that change nothing are made again when the way to the venue failed them.
//!
//! Only a caller that knows its call to be a read asks for this. A 429 is not
//! repeated, since its budget is spent; nor is a silence, since it took all
//! the time that there was.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{CallError, HttpClient, Response, TOO_LONG};

impl HttpClient {
    /// Makes a call, and again where a repeat may help: at most as often as configured, and all within one call's time.
    pub(in crate::upstream) async fn repeating<T, F>(&self, once: impl Fn() -> F) -> Result<T, CallError>
    where
        T: AsRef<Response>,
        F: Future<Output = Result<T, CallError>>,
    {
        let deadline = Instant::now() + self.options.call_timeout;
        let mut called = once().await;
        for turn in 0..self.options.read_repeats {
            let Some(least) = worth_repeating(&called, self.clock.now()) else { break };
            let at = Instant::now() + least.max(spread(self.options.repeat_wait, turn));
            if at >= deadline {
                break;
            }
            sleep_until(at).await;
            called = timeout_at(deadline, once()).await.unwrap_or(Err(CallError::NoAnswer(TOO_LONG)));
        }
        called
    }
}

/// The least wait before a repeat, where one may help.
fn worth_repeating<T: AsRef<Response>>(called: &Result<T, CallError>, now: Timestamp) -> Option<Duration> {
    match called {
        Err(CallError::NotSent(_)) => Some(Duration::ZERO),
        Err(CallError::NoAnswer(detail)) if *detail != TOO_LONG => Some(Duration::ZERO),
        Ok(answer) if matches!(answer.as_ref().status, 502..=504) => {
            let seconds = answer.as_ref().retry_after_seconds(now).unwrap_or_default();
            Some(Duration::from_secs(seconds.into()))
        }
        _ => None,
    }
}

/// A wait that doubles with each turn, from its half to its whole, so that many callers do not come back as one.
fn spread(wait: Duration, turn: u32) -> Duration {
    let most = wait.saturating_mul(2_u32.saturating_pow(turn));
    let [byte, ..] = RandomState::new().hash_one(turn).to_le_bytes();
    most / 2 + most / 2 / 255 * u32::from(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_keep_between_their_half_and_their_whole() {
        let wait = Duration::from_millis(100);
        for turn in 0..4 {
            let most = wait * 2_u32.pow(turn);
            for _ in 0..100 {
                let drawn = spread(wait, turn);
                assert!(drawn >= most / 2 && drawn <= most, "{turn}: {drawn:?}");
            }
        }
    }
}
