//! When to look again: the longer it has lasted, the longer the wait, as with settlements.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::time::later;

/// The longest wait between two looks at a payout that is under way, unless the configuration asks for a longer one.
const LONGEST_POLL: Duration = Duration::from_secs(300);
/// The longest wait that a venue may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(15 * 60);
/// How long a quote rests whose venue is not configured.
const UNCONFIGURED: Duration = Duration::from_secs(60 * 60);

/// The tunables of confirming; the configuration's section `[engine]` says what goes wrong either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotePace {
    /// The first wait after a step that failed.
    pub shortest_wait: Duration,
    /// The longest wait between two tries.
    pub longest_wait: Duration,
    /// The first wait between two looks at a payout that is under way.
    pub poll_interval: Duration,
    /// How long the venue may take to carry out what it was silent about.
    pub silence_window: Duration,
    /// How often a confirmation is sent; after that the quote is only read.
    pub max_attempts: u32,
    /// How often in a row a worker may stop inside a confirmation before a person must look.
    pub max_lapses: u32,
}

impl QuotePace {
    /// The next try at something that began at `since`; not before the venue's wait, where it asked for one.
    pub(super) fn next_try(&self, since: Timestamp, now: Timestamp, asked_seconds: Option<u32>) -> Timestamp {
        let wait = half_of(since, now).min(self.longest_wait).max(self.shortest_wait);
        let asked = asked_seconds.map_or(Duration::ZERO, |seconds| Duration::from_secs(seconds.into()).min(LONGEST_ASKED));
        later(now, wait.max(asked))
    }

    /// The next look at a payout that is under way since then.
    pub(super) fn next_look(&self, since: Timestamp, now: Timestamp) -> Timestamp {
        later(now, half_of(since, now).min(LONGEST_POLL).max(self.poll_interval))
    }
}

/// The next look at a quote whose venue is not configured.
pub(super) fn much_later(now: Timestamp) -> Timestamp {
    later(now, UNCONFIGURED)
}

fn half_of(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default() / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: QuotePace = QuotePace {
        shortest_wait: Duration::from_millis(500),
        longest_wait: Duration::from_secs(60),
        poll_interval: Duration::from_secs(30),
        silence_window: Duration::from_secs(300),
        max_attempts: 5,
        max_lapses: 8,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_773_835_200 + seconds).unwrap()
    }

    #[test]
    fn tries_grow_rarer_and_wait_as_long_as_the_venue_asks() {
        assert_eq!(PACE.next_try(at(0), at(0), None), later(at(0), Duration::from_millis(500)));
        assert_eq!(PACE.next_try(at(0), at(20), None), at(30));
        assert_eq!(PACE.next_try(at(0), at(1_000), None), at(1_060));
        assert_eq!(PACE.next_try(at(0), at(0), Some(7)), at(7));
        assert_eq!(PACE.next_try(at(0), at(0), Some(1_000_000)), at(900), "no venue silences the gateway for a day");
    }

    #[test]
    fn a_payout_is_looked_at_ever_less_often() {
        assert_eq!(PACE.next_look(at(0), at(10)), at(40));
        assert_eq!(PACE.next_look(at(0), at(200)), at(300));
        assert_eq!(PACE.next_look(at(0), at(86_400)), at(86_700));
    }
}
