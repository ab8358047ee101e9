//! The engine's tunables.

use std::time::Duration;

/// The engine's tunables; the configuration's section `[engine]` says what goes wrong either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineSettings {
    /// Settlements that are worked on at once.
    pub workers: usize,
    /// Of these at most so many of one enterprise, so that a venue that hangs holds no more workers; one at least.
    pub max_turns_per_enterprise: usize,
    /// How long a worker may be silent before another takes over; longer than the longest venue call.
    pub lease: Duration,
    /// The first wait after a step that failed.
    pub shortest_wait: Duration,
    /// The longest wait between two tries.
    pub longest_wait: Duration,
    /// The longest wait between two looks at a settlement that the venue has.
    pub poll_interval: Duration,
    /// How long the venue may take to show what it has: before that, "not found" proves nothing.
    pub visibility_window: Duration,
    /// How long the venue may take to carry out what it was silent about: before that, a refused repeat proves nothing.
    pub silence_window: Duration,
    /// How long the venue may take to show all of what it has settled: before that, a difference proves nothing.
    pub reconciliation_window: Duration,
    /// The longest wait between two looks at the details of a settlement that the venue has.
    pub details_interval: Duration,
    /// How often a body is sent before an operator is asked.
    pub max_attempts: u32,
    /// How often in a row a worker may stop inside a settlement before it is parked.
    pub max_lapses: u32,
    /// The shortest rest of a worker that found nothing to do.
    pub shortest_rest: Duration,
    /// The longest rest of a worker that found nothing to do: work of other replicas is seen within it.
    pub longest_rest: Duration,
    /// How often a watch reads the journal unasked: a change by another replica is seen within it.
    pub watch_reread: Duration,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            workers: 16,
            max_turns_per_enterprise: 8,
            lease: Duration::from_secs(90),
            shortest_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            poll_interval: Duration::from_secs(30),
            visibility_window: Duration::from_secs(10),
            silence_window: Duration::from_secs(300),
            reconciliation_window: Duration::from_secs(300),
            details_interval: Duration::from_secs(600),
            max_attempts: 500,
            max_lapses: 8,
            shortest_rest: Duration::from_millis(20),
            longest_rest: Duration::from_secs(1),
            watch_reread: Duration::from_secs(15),
        }
    }
}
