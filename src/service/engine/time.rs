//! The instant that the engine goes by: the journal's, which all replicas share.
//!
//! What one replica writes down of a settlement another one reckons with: when an answer came decides from when on a refusal
//! is believed. A replica whose clock is wrong would believe too soon, or have others do so. So each claim tells what the
//! journal's clock showed, which is asked for where there was none for a while, and an own clock that is off, or steps, counts
//! no more.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::domain::time::{Clock, later};

/// How far the own clock may be off before the journal's counts.
const MAX_OFF: SignedDuration = SignedDuration::from_secs(1);
/// The longest way of an answer from which the journal's clock is taken: the later the answer, the less it says.
const LONGEST_WAY: Duration = Duration::from_secs(1);
/// How long the journal's clock may go unheard.
const LONGEST_UNHEARD: Duration = Duration::from_secs(60);

/// The journal's clock, as far as it was heard; the own one before.
pub(super) struct JournalClock {
    own: Arc<dyn Clock>,
    heard: Mutex<Option<Heard>>,
}

/// What the journal's clock showed, and when that was.
#[derive(Debug, Clone, Copy)]
struct Heard {
    at: Timestamp,
    since: Instant,
}

impl JournalClock {
    /// A clock that has not heard the journal's yet.
    pub(super) fn new(own: Arc<dyn Clock>) -> Self {
        Self { own, heard: Mutex::default() }
    }

    /// Whether the journal's clock is to be asked for.
    pub(super) fn is_long_unheard(&self) -> bool {
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.is_none_or(|heard| heard.since.elapsed() > LONGEST_UNHEARD)
    }

    /// Takes what the journal's clock showed in an answer that was asked for at `asked` and is answered now.
    pub(super) fn hear(&self, at: Timestamp, asked: Instant) {
        // What is heard is one value, so a panic elsewhere leaves it whole.
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.is_none() || asked.elapsed() <= LONGEST_WAY {
            *heard = Some(Heard { at, since: Instant::now() });
        }
    }

    /// The present instant.
    pub(super) fn now(&self) -> Timestamp {
        let own = self.own.now();
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Heard { at, since }) = heard else { return own };
        let reckoned = later(at, since.elapsed());
        if own.duration_since(reckoned).abs() <= MAX_OFF { own } else { reckoned }
    }
}

impl Clock for JournalClock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that is told what to show.
    struct Told(Mutex<Timestamp>);

    impl Clock for Told {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_773_835_200 + seconds).unwrap()
    }

    fn clock(own: i64) -> (Arc<Told>, JournalClock) {
        let told = Arc::new(Told(Mutex::new(at(own))));
        (Arc::clone(&told), JournalClock::new(told))
    }

    #[tokio::test(start_paused = true)]
    async fn an_own_clock_that_agrees_with_the_journals_counts() {
        let (_, clock) = clock(7);
        assert_eq!(clock.now(), at(7));
        clock.hear(at(8), Instant::now());
        assert_eq!(clock.now(), at(7));
    }

    #[tokio::test(start_paused = true)]
    async fn an_own_clock_that_is_off_or_steps_counts_no_more() {
        let (own, clock) = clock(3_600);
        clock.hear(at(0), Instant::now());
        assert_eq!(clock.now(), at(0));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(clock.now(), at(5));
        *own.0.lock().unwrap() = at(-3_600);
        assert_eq!(clock.now(), at(5));
    }

    #[tokio::test(start_paused = true)]
    async fn the_journals_clock_is_asked_for_at_first_and_where_nothing_was_heard_for_a_while() {
        let (_, clock) = clock(0);
        assert!(clock.is_long_unheard());
        clock.hear(at(0), Instant::now());
        tokio::time::advance(LONGEST_UNHEARD).await;
        assert!(!clock.is_long_unheard());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(clock.is_long_unheard());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_took_long_moves_nothing_that_was_heard_before() {
        let (_, clock) = clock(3_600);
        clock.hear(at(0), Instant::now());
        let asked = Instant::now();
        tokio::time::advance(Duration::from_secs(600)).await;
        clock.hear(at(0), asked);
        assert_eq!(clock.now(), at(600));
    }
}
