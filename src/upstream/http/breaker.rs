//! A venue that fails again and again is left alone for a while.
//!
//! Being left alone is no outcome: a call that is held back was not sent, and
//! its caller is told so. Only what says that the venue itself is away counts
//! (no connection, no answer, 502, 503, 504); whatever it answers otherwise,
//! a refusal too, says that it is there.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::gauge;

use super::Pulse;

/// Counts failures in a row, and holds calls back after too many of them.
pub(super) struct Breaker {
    name: String,
    most_failures: u32,
    wait: Duration,
    state: Mutex<State>,
    pulse: Pulse,
}

#[derive(Default)]
struct State {
    failures: u32,
    opened_at: Option<Instant>,
    is_probed: bool,
}

/// Leave for one call. What is dropped untold, as with a caller that goes away, says nothing of the venue.
pub(super) struct Permit<'a> {
    breaker: &'a Breaker,
    is_probe: bool,
}

impl Breaker {
    /// A breaker that holds calls back for `wait` after so many failures in a row; after none it never does.
    pub(super) fn new(name: String, most_failures: u32, wait: Duration) -> Self {
        Self { name, most_failures, wait, state: Mutex::default(), pulse: Pulse::default() }
    }

    /// The same, which shows in `pulse` as well whether calls are held back.
    pub(super) fn shown_by(self, pulse: Pulse) -> Self {
        Self { pulse, ..self }
    }

    /// Leave to call the venue; `None` while it is left alone. After the wait one call at a time tries whether it is back.
    pub(super) fn admit(&self, now: Instant) -> Option<Permit<'_>> {
        let mut state = self.lock();
        let Some(opened_at) = state.opened_at else {
            return Some(Permit { breaker: self, is_probe: false });
        };
        if state.is_probed || now.duration_since(opened_at) < self.wait {
            return None;
        }
        state.is_probed = true;
        Some(Permit { breaker: self, is_probe: true })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let was_open = std::mem::take(&mut *self.lock()).opened_at.is_some();
        if was_open {
            self.pulse.held_back(false);
            gauge!("settlement_gateway_venue_held_back", "venue" => self.name.clone()).set(0);
            tracing::info!(venue = self.name, "the venue answers again");
        }
    }

    fn count(&self, now: Instant, is_probe: bool) {
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        let opens = state.opened_at.is_none() && self.most_failures > 0 && state.failures >= self.most_failures;
        if opens || is_probe {
            state.opened_at = Some(now);
        }
        drop(state);
        if opens {
            self.pulse.held_back(true);
            gauge!("settlement_gateway_venue_held_back", "venue" => self.name.clone()).set(1);
            tracing::warn!(venue = self.name, failures = self.most_failures, "the venue is left alone for a while");
        }
    }
}

impl Permit<'_> {
    /// Tells whether the venue was there.
    pub(super) fn tell(self, now: Instant, was_there: bool) {
        if was_there {
            self.breaker.close();
        } else {
            self.breaker.count(now, self.is_probe);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            self.breaker.lock().is_probed = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(5);

    fn opened(now: Instant) -> Breaker {
        let breaker = Breaker::new("test".to_owned(), 3, WAIT);
        for _ in 0..3 {
            breaker.admit(now).unwrap().tell(now, false);
        }
        breaker
    }

    #[test]
    fn it_opens_after_so_many_failures_in_a_row_and_an_answer_between_them_starts_the_count_anew() {
        let now = Instant::now();
        let breaker = Breaker::new("test".to_owned(), 3, WAIT);
        for was_there in [false, false, true, false, false] {
            breaker.admit(now).unwrap().tell(now, was_there);
        }
        assert!(breaker.admit(now).is_some());
        breaker.admit(now).unwrap().tell(now, false);
        assert!(breaker.admit(now).is_none());
    }

    #[test]
    fn who_looks_on_sees_whether_calls_are_held_back() {
        let (now, pulse) = (Instant::now(), Pulse::default());
        let breaker = Breaker::new("test".to_owned(), 1, WAIT).shown_by(pulse.clone());
        assert!(!pulse.seen().is_held_back);
        breaker.admit(now).unwrap().tell(now, false);
        assert!(pulse.seen().is_held_back);
        breaker.admit(now + WAIT).unwrap().tell(now + WAIT, true);
        assert!(!pulse.seen().is_held_back);
    }

    #[test]
    fn after_the_wait_one_call_tries_and_its_answer_decides() {
        let now = Instant::now();
        let breaker = opened(now);
        assert!(breaker.admit(now + WAIT / 2).is_none());
        let probe = breaker.admit(now + WAIT).unwrap();
        assert!(breaker.admit(now + WAIT).is_none());
        probe.tell(now + WAIT, false);
        assert!(breaker.admit(now + WAIT + WAIT / 2).is_none());
        breaker.admit(now + WAIT * 2).unwrap().tell(now + WAIT * 2, true);
        assert!(breaker.admit(now + WAIT * 2).is_some());
    }

    #[test]
    fn a_try_that_is_given_up_leaves_the_next_one_to_another_call() {
        let now = Instant::now();
        let breaker = opened(now);
        drop(breaker.admit(now + WAIT).unwrap());
        assert!(breaker.admit(now + WAIT).is_some());
    }

    #[test]
    fn a_call_that_was_under_way_when_it_opened_neither_lengthens_the_wait_nor_is_lost() {
        let now = Instant::now();
        let breaker = Breaker::new("test".to_owned(), 1, WAIT);
        let (late, answered) = (breaker.admit(now).unwrap(), breaker.admit(now).unwrap());
        breaker.admit(now).unwrap().tell(now, false);
        late.tell(now + WAIT / 2, false);
        assert!(breaker.admit(now + WAIT).is_some());
        assert!(breaker.admit(now).is_none());
        answered.tell(now, true);
        assert!(breaker.admit(now).is_some());
    }

    #[test]
    fn without_a_bound_it_never_opens() {
        let now = Instant::now();
        let breaker = Breaker::new("test".to_owned(), 0, WAIT);
        for _ in 0..100 {
            breaker.admit(now).unwrap().tell(now, false);
        }
        assert!(breaker.admit(now).is_some());
    }
}
